"""Searching as the run engine does: make a store, attach, wait, search."""

import asyncio
from pathlib import Path

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.wire import WireError

PAPER = Path(__file__).parent / "data" / "paper.pdf"


def add(knowledge: Knowledge, name: str = "a.md", data: bytes = b"language models") -> Attachment:
    return Attachment(knowledge.files.add(name, data, "assistants"), None, None)


def test_the_engine_makes_attaches_waits_and_searches(store):
    async def searched() -> list[tuple[str, float]]:
        knowledge = Knowledge.open(store)
        searcher = StoreSearcher(knowledge.documents)
        pdf, note, late = add(knowledge, "paper.pdf", PAPER.read_bytes()), add(knowledge, "note.txt"), add(knowledge)
        store_id = await knowledge.create([pdf.file_id, note.file_id], None, {"by": "thread"})
        await knowledge.attach(store_id, [late.file_id])
        await knowledge.wait_until_indexed([store_id, "vs_gone"])
        hits = await searcher.search([store_id, "vs_gone"], "언어 모델", 5, {"score_threshold": 0.1}, None)
        assert await searcher.search(["vs_gone"], "언어 모델", 5) == []
        await knowledge.close()
        assert knowledge.documents.fetch_store(store_id)["metadata"] == {"by": "thread"}
        return [(hit.filename, hit.score) for hit in hits]

    ((filename, score),) = asyncio.run(searched())
    assert (filename, score > 0.5) == ("paper.pdf", True)


def test_a_store_is_not_searched_after_its_time_even_if_nobody_looked_at_it(store):
    time = [1_800_000_000]

    async def hits() -> int:
        return len(await StoreSearcher(knowledge.documents).search([store_id], "language", 5))

    async def made() -> str:
        fields = {"expires_after": {"anchor": "last_active_at", "days": 1}}
        created = knowledge.create_store(fields, [add(knowledge)])
        await knowledge.wait_until_indexed([created["id"]])
        await knowledge.close()
        return str(created["id"])

    knowledge = Knowledge.open(store, lambda: time[0])
    store_id = asyncio.run(made())
    time[0] += 80_000
    assert asyncio.run(hits()) == 1
    time[0] += 80_000
    assert asyncio.run(hits()) == 1
    time[0] += 86_400
    assert asyncio.run(hits()) == 0


def test_a_wrong_filter_is_refused(store):
    searcher = StoreSearcher(Knowledge.open(store).documents)
    with pytest.raises(WireError, match=r"filters\.key"):
        asyncio.run(searcher.search(["vs_A"], "language", 5, None, {"type": "eq", "value": 1}))
