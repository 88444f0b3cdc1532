"""Files go by the names that the specs have for them, and a target is asked for those only where it has another one."""

import asyncio

from orchestrator.model.address import Kind
from orchestrator.model.conversation import Citation, Evidence, Message, Passage, Reply, ReplyStatus, Search
from orchestrator.providers.memory import MemoryProvider, StoredObject
from orchestrator.providers.scripted_conversation import ScriptedConversation
from orchestrator.scenario.labels import LabelledConversation, Labels

NEW, SAME = "docs/new.md", "docs/same.md"


def reply(*files: tuple[str, str | None]) -> Reply:
    """Give a reply that found and cites these, by id and name."""
    passages = tuple(Passage(id, name, 0.5, "text") for id, name in files if name)
    message = Message("see", tuple(Citation(id, name, "[1]") for id, name in files))
    return Reply(ReplyStatus.COMPLETED, (message,), (), Evidence((Search(passages),)))


def heard(provider: MemoryProvider, *replies: Reply) -> list[Reply]:
    store = provider.put(StoredObject(Kind.VECTOR_STORE, {}, files={NEW: {"sha256": "a"}, SAME: {"sha256": "b"}}))
    talk = LabelledConversation(ScriptedConversation(replies), Labels(provider, [store], [NEW, SAME]))

    async def converse() -> list[Reply]:
        return [await talk.send("?") for _ in replies]

    return asyncio.run(converse())


def test_a_name_that_is_declared_costs_nothing():
    provider = MemoryProvider()
    found = reply(("vs_1/docs/same.md", "same.md"), ("vs_1/docs/same.md", None))
    assert heard(provider, found) == [found]
    assert provider.requests.total == 0


def test_a_renamed_file_goes_by_its_new_name_and_the_store_is_asked_once():
    provider = MemoryProvider()
    first, second = heard(provider, *[reply(("vs_1/docs/new.md", "old.md"), ("file-theirs", "theirs.md"))] * 2)
    [search] = first.evidence.searches
    assert [passage.file for passage in search.passages] == [NEW, "theirs.md"]
    assert [citation.file for citation in first.messages[0].citations] == [NEW, "theirs.md"]
    assert (first.requests, second.requests) == (3, 1)
    assert provider.requests.total == 2
