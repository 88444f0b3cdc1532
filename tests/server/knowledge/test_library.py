"""What happens to stores and entries, without a port."""

import asyncio
from collections.abc import Callable

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.chunking import ChunkingStrategy
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import WireError


def add(knowledge: Knowledge, name: str = "a.md", data: bytes = b"language models") -> Attachment:
    return Attachment(knowledge.files.add(name, data, "assistants"), None, None)


def run(store: Store, steps: Callable[[Knowledge], list[Body]]) -> list[Body]:
    """Do the steps on a loop, wait until every store they gave is indexed, and read those stores again."""

    async def done() -> list[Body]:
        knowledge = Knowledge.open(store)
        made = steps(knowledge)
        await knowledge.wait_until_indexed([body["id"] for body in made])
        await knowledge.close()
        return [knowledge.documents.fetch_store(body["id"]) for body in made]

    return asyncio.run(done())


def test_a_batch_cancelled_before_its_turn_is_cancelled_whole(store):
    def steps(knowledge: Knowledge) -> list[Body]:
        body = knowledge.create_store({}, [])
        attachments = [add(knowledge, f"{n}.md") for n in range(3)]
        batch = knowledge.create_batch(body["id"], attachments)
        assert (batch["status"], batch["file_counts"]["in_progress"]) == ("in_progress", 3)
        cancelled = knowledge.cancel_batch(body["id"], batch["id"])
        assert (cancelled["status"], cancelled["file_counts"]["cancelled"]) == ("cancelled", 3)
        return [body]

    (body,) = run(store, steps)
    assert (body["status"], body["file_counts"]["cancelled"], body["file_counts"]["total"]) == ("completed", 3, 3)


def test_a_file_that_leaves_does_not_keep_its_batch_waiting(store):
    async def left() -> Body:
        knowledge = Knowledge.open(store)
        body = knowledge.create_store({}, [])
        stays, leaves = add(knowledge), add(knowledge)
        batch = knowledge.create_batch(body["id"], [stays, leaves])
        knowledge.detach(body["id"], leaves.file_id)
        await knowledge.wait_until_indexed([body["id"]])
        await knowledge.close()
        return knowledge.documents.fetch_batch(body["id"], batch["id"])

    batch = asyncio.run(left())
    counts = batch["file_counts"]
    assert (batch["status"], counts["completed"], counts["cancelled"], counts["total"]) == ("completed", 1, 1, 2)


def test_attaching_a_failed_file_again_tries_again(store):
    async def twice() -> list[str]:
        knowledge = Knowledge.open(store)
        attachment = add(knowledge, "a.csv")
        store_id = knowledge.create_store({}, [attachment])["id"]
        await knowledge.wait_until_indexed([store_id])
        statuses = [knowledge.documents.fetch_entry(store_id, attachment.file_id)["status"]]
        again = knowledge.attach_one(store_id, attachment)
        statuses += [again["status"]]
        assert again["last_error"] is None
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        return [*statuses, knowledge.documents.fetch_entry(store_id, attachment.file_id)["status"]]

    assert asyncio.run(twice()) == ["failed", "in_progress", "failed"]


def test_counts_and_bytes_follow_what_leaves_and_arrives(store):
    def steps(knowledge: Knowledge) -> list[Body]:
        first, second, bad = add(knowledge), add(knowledge, data=b"other words"), add(knowledge, "x.csv")
        both = knowledge.create_store({}, [first, second, bad])
        one = knowledge.create_store({}, [second])
        return [both, one]

    both, one = run(store, steps)
    assert both["file_counts"] == {"in_progress": 0, "completed": 2, "failed": 1, "cancelled": 0, "total": 3}
    removed = store.fetch_rows("SELECT file_id FROM indexed_files WHERE vector_store_id = ?", (one["id"],))[0][0]
    knowledge = Knowledge.open(store)
    knowledge.remove_file(removed)
    left = knowledge.documents.fetch_store(both["id"])
    assert left["usage_bytes"] == both["usage_bytes"] - one["usage_bytes"] > 0
    assert left["file_counts"] == {"in_progress": 0, "completed": 1, "failed": 1, "cancelled": 0, "total": 2}
    assert knowledge.documents.fetch_store(one["id"])["usage_bytes"] == 0


def test_another_chunking_is_searched_only_when_it_is_ready(store):
    async def swapped() -> list[int]:
        knowledge = Knowledge.open(store)
        attachment = add(knowledge, data=b"word " * 500)
        store_id = knowledge.create_store({}, [attachment])["id"]
        await knowledge.wait_until_indexed([store_id])
        sql = "SELECT count(*) FROM chunks JOIN indexed_files USING (vector_store_id, file_id, attempt)"
        counts = [store.fetch_rows(sql)[0][0]]
        knowledge.attach_one(store_id, attachment._replace(chunking=ChunkingStrategy(100, 0)))
        counts.append(store.fetch_rows(sql)[0][0])
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        return [*counts, store.fetch_rows(sql)[0][0]]

    assert asyncio.run(swapped()) == [1, 1, 5]


def test_a_deleted_store_leaves_files_and_nothing_else(store):
    (body,) = run(store, lambda knowledge: [knowledge.create_store({}, [add(knowledge)])])
    knowledge = Knowledge.open(store)
    knowledge.remove_store(body["id"])
    assert store.fetch_rows("SELECT kind FROM documents") == [("file",)]
    for table in ("chunks", "indexed_files", "batch_members"):
        assert store.fetch_rows(f"SELECT count(*) FROM {table}") == [(0,)]
    with pytest.raises(WireError, match="No vector store found"):
        knowledge.remove_store(body["id"])
