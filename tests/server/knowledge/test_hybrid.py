"""Searches by words and by meaning together, and what is kept of the vectors."""

import asyncio
from array import array
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.hybrid import fuse
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.nearest import nearest
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.knowledge.search import Hit
from orchestrator.server.knowledge.vectors import PORTION
from orchestrator.server.store import Store
from orchestrator.server.wire import WireError
from tests.providers.meanings import Meanings

CAR, DOG = b"The car costs nine thousand.", b"A dog needs a walk."


def hit(name: str, score: float = 0.9) -> Hit:
    return Hit("vs", name, name, {}, score, 0, 0, 1, "text")


def test_ranks_are_fused_whatever_the_scores_were():
    first, second, third = fuse([hit("a", 0.2), hit("b", 0.1)], [hit("a", 0.9), hit("c", 0.8)])
    assert [(each.filename, each.score) for each in (first, second, third)] == [
        ("a", 1.0),
        ("b", round(61 / 62 / 2, 4)),
        ("c", round(61 / 62 / 2, 4)),
    ]
    assert fuse([hit("a")], [])[0].score == 0.5
    assert fuse([], []) == []


def test_the_nearest_come_first_and_equal_ones_in_the_order_of_their_numbers():
    def vector(*values: float) -> bytes:
        return array("f", values).tobytes()

    vectors = [(3, vector(0, 1)), (2, vector(1, 0)), (1, vector(1, 0)), (4, vector(-1, 0))]
    assert nearest(vector(1, 0), vectors, 3) == [1, 2, 3]
    assert nearest(vector(1, 0), vectors, 50) == [1, 2, 3, 4]
    assert nearest(vector(1, 0), [], 5) == []
    with pytest.raises(ValueError, match="do not have the 2 dimensions"):
        nearest(vector(1, 0), [(1, vector(1, 0, 0))], 1)


def run(store: Store, embedder: Meanings, work: Callable[[Knowledge, StoreSearcher], Awaitable[Any]]) -> Any:
    """Do something with the knowledge of a database."""

    async def done() -> Any:
        knowledge = Knowledge.open(store, embedder=embedder)
        knowledge.resume()
        try:
            return await work(knowledge, StoreSearcher(knowledge.documents, knowledge.vectors, nearest))
        finally:
            await knowledge.close()

    return asyncio.run(done())


def attach(knowledge: Knowledge, **documents: bytes) -> dict[str, Any]:
    files = {name: knowledge.files.add(f"{name}.md", data, "assistants") for name, data in documents.items()}
    attached = [Attachment(id, {"name": name}, None) for name, id in files.items()]
    return knowledge.create_store({}, attached)


async def indexed(knowledge: Knowledge, **documents: bytes) -> str:
    made = attach(knowledge, **documents)
    await knowledge.wait_until_indexed([made["id"]])
    return str(made["id"])


def kept(store: Store) -> list[int]:
    [(vectors,)] = store.fetch_rows("SELECT count(*) FROM embeddings")
    [(chunks,)] = store.fetch_rows("SELECT count(*) FROM chunk_embeddings")
    return [vectors, chunks]


def test_what_means_the_same_is_found_though_no_word_of_it_is_there(store):
    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        id = await indexed(knowledge, car=CAR, dog=DOG)
        for question in ("what is the automobile's price", "automobile", "자동차 가격"):
            found = await searcher.search([id], question, 5)
            assert found[0].filename == "car.md", question
            assert found[0].score == 0.5
        both = await searcher.search([id], "the car", 5)
        assert (both[0].filename, both[0].score) == ("car.md", 1.0)
        assert len(await searcher.search([id], "automobile", 1)) == 1
        strong = {"score_threshold": 0.6}
        assert await searcher.search([id], "automobile", 5, strong) == []
        dogs = {"type": "eq", "key": "name", "value": "dog"}
        assert {each.filename for each in await searcher.search([id], "automobile", 5, None, dogs)} == {"dog.md"}

    run(store, Meanings(), work)


def test_a_text_is_embedded_once_and_its_vector_goes_with_the_last_that_has_it(store):
    embedder = Meanings()

    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        first = await indexed(knowledge, car=CAR, same=CAR)
        second = await indexed(knowledge, again=CAR, dog=DOG)
        assert sorted(embedder.seen) == sorted([CAR.decode(), DOG.decode()])
        assert kept(store) == [2, 4]
        knowledge.remove_store(second)
        assert kept(store) == [1, 2]
        knowledge.remove_store(first)
        assert kept(store) == [0, 0]

    run(store, embedder, work)


def test_what_was_indexed_before_gets_its_vectors_when_there_is_an_endpoint(store):
    async def before() -> str:
        knowledge = Knowledge.open(store)
        documents = {f"d{n}": f"car number {n}".encode() for n in range(PORTION + 3)}
        id = await indexed(knowledge, **documents)
        await knowledge.close()
        return id

    id = asyncio.run(before())

    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        while kept(store)[1] < PORTION + 3:
            await asyncio.sleep(0.01)
        assert len(await searcher.search([id], "automobile", 50)) == 50

    embedder = Meanings()
    run(store, embedder, work)
    run(store, embedder, lambda knowledge, searcher: asyncio.sleep(0.05))
    assert len(embedder.seen) == PORTION + 4, "all texts and the one question, and nothing twice"


def test_a_document_that_cannot_be_embedded_has_failed_and_a_question_says_so(store):
    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        made = attach(knowledge, car=CAR)
        await knowledge.wait_until_indexed([made["id"]])
        [(body,)] = store.fetch_rows("SELECT body FROM documents WHERE kind = 'vector_store.file'")
        assert "car.md could not be indexed: the endpoint is down" in body
        assert '"server_error"' in body
        with pytest.raises(WireError, match="the endpoint is down") as caught:
            await searcher.search([made["id"]], "car", 5)
        assert caught.value.status == 500

    run(store, Meanings(broken=True), work)


def test_vectors_of_another_model_are_not_compared(store):
    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> str:
        return await indexed(knowledge, car=CAR)

    id = run(store, Meanings("old"), work)

    async def later(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        while not store.fetch_rows("SELECT 1 FROM chunk_embeddings WHERE model = 'new'"):
            await asyncio.sleep(0.01)
        assert [each.filename for each in await searcher.search([id], "automobile", 5)] == ["car.md"]

    run(store, Meanings("new"), later)
