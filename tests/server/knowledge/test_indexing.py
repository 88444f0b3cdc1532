"""The background job: it survives kill -9, other processes and changes of mind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.chunking import ChunkingStrategy
from orchestrator.server.knowledge.documents import ParserLimits
from orchestrator.server.knowledge.files import UploadedFiles
from orchestrator.server.knowledge.indexing import Indexer
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.vector_stores import VectorStoreDocuments
from orchestrator.server.store import Store

PAPER = Path(__file__).parent / "data" / "paper.pdf"
LONG = "Language models are unsupervised multitask learners. 언어 모델은 학습기이다.\n\n" * 2000

CRASHING = """
import asyncio, sys
from pathlib import Path
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.store import Store

async def main():
    knowledge = Knowledge.open(Store.open(Path(sys.argv[1])))
    text = sys.stdin.buffer.read()
    files = [knowledge.files.add(f"{n}.md", text, "assistants") for n in range(3)]
    store = knowledge.create_store({}, [Attachment(file, None, None) for file in files])
    while not knowledge.documents.store.fetch_rows("SELECT 1 FROM chunks LIMIT 1"):
        await asyncio.sleep(0)
    print(store["id"], flush=True)
    await knowledge.wait_until_indexed([store["id"]])

asyncio.run(main())
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "server.db") as opened:
        yield opened


def add(knowledge: Knowledge, name: str = "a.md", data: bytes = b"language models") -> Attachment:
    return Attachment(knowledge.files.add(name, data, "assistants"), None, None)


def integrity(store: Store) -> None:
    with store.transaction() as connection:
        for table in ("chunk_words", "word_parts"):
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
    lost = "SELECT count(*) FROM chunks WHERE attempt NOT IN (SELECT attempt FROM indexed_files)"
    assert store.fetch_rows(lost) == [(0,)]


def test_what_was_in_progress_at_kill_9_is_indexed_after_the_next_start(tmp_path):
    path = tmp_path / "server.db"
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHING, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(LONG.encode())
        process.stdin.close()
        store_id = process.stdout.readline().decode().strip()
        os.kill(process.pid, signal.SIGKILL)

    async def next_start(knowledge: Knowledge) -> None:
        before = knowledge.documents.fetch_store(store_id)
        assert before["file_counts"]["in_progress"] > 0
        knowledge.resume()
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        after = knowledge.documents.fetch_store(store_id)
        assert (after["status"], after["file_counts"]["completed"]) == ("completed", 3)

    with Store.open(path) as store:
        asyncio.run(next_start(Knowledge.open(store)))
        integrity(store)


def test_a_stop_in_the_middle_is_no_loss(store):
    async def stopped() -> str:
        knowledge = Knowledge.open(store)
        created = knowledge.create_store({}, [add(knowledge, data=LONG.encode())])
        while not store.fetch_rows("SELECT 1 FROM chunks LIMIT 1"):
            await asyncio.sleep(0)
        await knowledge.close()
        store_id = str(created["id"])
        assert knowledge.documents.fetch_store(store_id)["status"] == "in_progress"
        return store_id

    async def resumed(store_id: str) -> None:
        knowledge = Knowledge.open(store)
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        assert knowledge.documents.fetch_store(store_id)["file_counts"]["completed"] == 1

    asyncio.run(resumed(asyncio.run(stopped())))
    integrity(store)


def test_two_servers_on_one_database_do_the_same_work_without_harm(store, tmp_path):
    async def both() -> None:
        with Store.open(tmp_path / "server.db") as other_store:
            one, other = Knowledge.open(store), Knowledge.open(other_store)
            attachments = [add(one, f"{n}.md", LONG.encode()) for n in range(2)]
            store_id = one.create_store({}, attachments)["id"]
            other.resume()
            await asyncio.gather(one.wait_until_indexed([store_id]), other.wait_until_indexed([store_id]))
            await one.close()
            await other.close()
            body = other.documents.fetch_store(store_id)
            assert body["file_counts"] == {"in_progress": 0, "completed": 2, "failed": 0, "cancelled": 0, "total": 2}

    asyncio.run(both())


def test_files_are_done_in_the_order_they_arrived(store):
    async def finished() -> list[str]:
        knowledge = Knowledge.open(store)
        attachments = [add(knowledge, f"{n}.md", LONG.encode() if n == 0 else b"short") for n in range(4)]
        store_id = knowledge.create_store({}, attachments)["id"]
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        return [
            name
            for (name,) in store.fetch_rows(
                "SELECT filename FROM indexed_files f ORDER BY"
                " (SELECT min(id) FROM chunks c WHERE c.file_id = f.file_id)"
            )
        ]

    assert asyncio.run(finished()) == ["0.md", "1.md", "2.md", "3.md"]


@pytest.mark.parametrize("change", ["detach", "delete file", "delete store", "other chunking"])
def test_a_change_in_the_middle_of_indexing_holds(store, change):
    async def changed() -> None:
        knowledge = Knowledge.open(store)
        attachment = add(knowledge, data=LONG.encode())
        store_id = knowledge.create_store({}, [attachment])["id"]
        while not store.fetch_rows("SELECT 1 FROM chunks LIMIT 1"):
            await asyncio.sleep(0)
        smaller = attachment._replace(chunking=ChunkingStrategy(200, 0))
        {
            "detach": lambda: knowledge.detach(store_id, attachment.file_id),
            "delete file": lambda: knowledge.remove_file(attachment.file_id),
            "delete store": lambda: knowledge.remove_store(store_id),
            "other chunking": lambda: knowledge.attach_one(store_id, smaller),
        }[change]()
        late = add(knowledge, "late.md")
        other = knowledge.create_store({}, [late])["id"]
        await knowledge.wait_until_indexed([store_id, other])
        await knowledge.close()
        indexed = {file_id for (file_id,) in store.fetch_rows("SELECT file_id FROM indexed_files")}
        assert indexed == {late.file_id} | ({attachment.file_id} if change == "other chunking" else set())
        if change == "other chunking":
            entry = knowledge.documents.fetch_entry(store_id, attachment.file_id)
            assert entry["chunking_strategy"]["static"]["max_chunk_size_tokens"] == 200
            assert knowledge.documents.fetch_store(store_id)["usage_bytes"] == entry["usage_bytes"]

    asyncio.run(changed())
    integrity(store)


def test_a_document_that_keeps_its_parser_busy_fails_and_the_next_one_is_done(store):
    async def indexed() -> list[tuple[str, str | None]]:
        knowledge = Knowledge.open(store, limits=ParserLimits(seconds=0.01))
        attachments = [add(knowledge, "paper.pdf", PAPER.read_bytes()), add(knowledge)]
        store_id = knowledge.create_store({}, attachments)["id"]
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        entries = [knowledge.documents.fetch_entry(store_id, a.file_id) for a in attachments]
        return [(e["status"], e["last_error"] and e["last_error"]["code"]) for e in entries]

    assert asyncio.run(indexed()) == [("failed", "invalid_file"), ("completed", None)]


def test_a_document_is_searchable_while_the_next_one_is_still_read(store):
    async def seen() -> tuple[str, str]:
        knowledge = Knowledge.open(store)
        small, large = add(knowledge), add(knowledge, "paper.pdf", PAPER.read_bytes())
        store_id = knowledge.create_store({}, [small, large])["id"]
        while knowledge.documents.fetch_entry(store_id, small.file_id)["status"] == "in_progress":
            await asyncio.sleep(0)
        meanwhile = knowledge.documents.fetch_entry(store_id, large.file_id)["status"]
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        return meanwhile, knowledge.documents.fetch_entry(store_id, large.file_id)["status"]

    assert asyncio.run(seen()) == ("in_progress", "completed")


def test_what_cannot_be_stored_fails_alone(store):
    async def indexed() -> list[tuple[str, str | None]]:
        knowledge = Knowledge.open(store)
        store.connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON chunks WHEN new.text LIKE '%heavy%'"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        texts = [b"language models", b"heavy penguins", b"heavy whales " * 4000, b"two foxes"]
        attachments = [add(knowledge, f"{number}.md", text) for number, text in enumerate(texts)]
        store_id = knowledge.create_store({}, attachments)["id"]
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        entries = [knowledge.documents.fetch_entry(store_id, a.file_id) for a in attachments]
        return [(e["status"], e["last_error"] and e["last_error"]["message"]) for e in entries]

    reason = "could not be indexed: database or disk is full"
    failed = [("failed", f"1.md {reason}"), ("failed", f"2.md {reason}")]
    assert asyncio.run(indexed()) == [("completed", None), *failed, ("completed", None)]
    integrity(store)


def test_a_fault_of_ours_is_logged_and_ends_the_one_document_it_came_with(store, caplog):
    class Faulty(UploadedFiles):
        def read(self, file_id: str) -> Iterator[bytes]:
            if self.fetch(file_id)["filename"] == "odd.md":
                raise AssertionError("a fault of ours")
            return super().read(file_id)

    async def indexed() -> list[tuple[str, str | None]]:
        documents, files = VectorStoreDocuments(store), Faulty(store)
        knowledge = Knowledge(documents, files, Indexer(documents, files))
        attachments = [add(knowledge, name) for name in ("a.md", "odd.md", "b.md")]
        store_id = knowledge.create_store({}, attachments)["id"]
        await knowledge.wait_until_indexed([store_id])
        await knowledge.close()
        entries = [documents.fetch_entry(store_id, a.file_id) for a in attachments]
        return [(e["status"], e["last_error"] and e["last_error"]["code"]) for e in entries]

    assert asyncio.run(indexed()) == [("completed", None), ("failed", "server_error"), ("completed", None)]
    assert "indexing stopped by an unexpected error" in caplog.text
