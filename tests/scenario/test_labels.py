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


def heard(provider: MemoryProvider, *replies: Reply, exactly: bool = False, paths: tuple[str, ...] = (NEW, SAME)):
    store = provider.put(StoredObject(Kind.VECTOR_STORE, {}, files={path: {"sha256": path} for path in paths}))
    talk = LabelledConversation(ScriptedConversation(replies), Labels(provider, [store], paths), exactly)

    async def converse() -> list[Reply]:
        return [await talk.send("?") for _ in replies]

    return asyncio.run(converse())


def named(given: Reply) -> tuple[list[str], list[str | None]]:
    [search] = given.evidence.searches
    return [passage.file for passage in search.passages], [each.file for each in given.messages[0].citations]


def test_a_name_that_is_declared_costs_nothing():
    provider = MemoryProvider()
    found = reply(("vs_1/docs/same.md", "same.md"), ("vs_1/docs/same.md", None))
    assert heard(provider, found) == [found]
    assert provider.requests.total == 0


def test_a_renamed_file_goes_by_its_new_name_and_the_store_is_asked_once():
    provider = MemoryProvider()
    first, second = heard(provider, *[reply(("vs_1/docs/new.md", "old.md"), ("file-theirs", "theirs.md"))] * 2)
    assert named(first) == ([NEW, "theirs.md"], [NEW, "theirs.md"])
    assert (first.requests, second.requests) == (2, 1)
    assert provider.requests.counts == {"GET /vector_stores/{id}/files": 1}


def test_where_files_are_checked_ids_tell_them_and_the_store_is_asked_once():
    provider = MemoryProvider()
    paths = ("docs/en/a.md", "docs/ko/a.md", "docs/b.md", "docs/old-b.md")
    found = reply(("vs_1/docs/ko/a.md", "a.md"), ("vs_1/docs/old-b.md", "b.md"), ("vs_1/docs/b.md", None))
    first, second = heard(provider, found, found, exactly=True, paths=paths)
    assert named(first) == (["docs/ko/a.md", "docs/old-b.md"], ["docs/ko/a.md", "docs/old-b.md", "docs/b.md"])
    assert named(second) == named(first)
    assert (first.requests, second.requests) == (2, 1)
    assert provider.requests.total == 1


def test_where_nothing_was_found_nothing_is_asked():
    provider = MemoryProvider()
    assert heard(provider, reply(), Reply(ReplyStatus.COMPLETED), exactly=True) == [
        reply(),
        Reply(ReplyStatus.COMPLETED),
    ]
    assert provider.requests.total == 0
