"""Searches by words and by meaning together, and what is kept of the vectors."""

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.embedder import EmbeddingError
from orchestrator.server.knowledge.hybrid import fuse
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.matrices import Matrices
from orchestrator.server.knowledge.nearest import Matrix
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.knowledge.search import Found
from orchestrator.server.knowledge.vectors import PAUSE_SECONDS, PORTION, Vectors
from orchestrator.server.store import Store
from orchestrator.server.wire import now
from tests.providers.meanings import Meanings, meaning

CAR, DOG = b"The car costs nine thousand.", b"A dog needs a walk."


def found(id: int, score: float = 0.9) -> Found:
    return Found(id, score, f"{id}.md", 0, "file")


def vector(*values: float) -> bytes:
    return array("f", values).tobytes()


def test_ranks_are_fused_and_a_score_tells_how_well_the_best_of_both_fits():
    first, second, third = fuse([found(1, 0.2), found(2, 0.1)], [found(1, 0.9), found(3, 0.8)])
    assert [(each.id, each.score) for each in (first, second, third)] == [
        (1, 0.9),
        (3, round(0.8 * 61 / 62 / 2, 4)),
        (2, round(0.1 * 61 / 62 / 2, 4)),
    ]
    assert fuse([found(1)], [])[0].score == 0.45
    assert fuse([], []) == []


def test_the_nearest_come_first_and_equal_ones_in_the_order_of_their_numbers():
    vectors = [(3, vector(0, 1)), (2, vector(1, 0)), (1, vector(1, 0)), (4, vector(-1, 0)), (5, vector(1, 0, 0))]
    matrix = Matrix.of(vectors, 9, 8)
    assert matrix.nearest(vector(1, 0), 3) == [(1, 1.0), (2, 1.0), (3, 0.0)]
    assert matrix.nearest(vector(1, 0), 1) == [(1, 1.0)]
    assert [id for id, _ in matrix.nearest(vector(1, 0), 50)] == [1, 2, 3, 4]
    assert matrix.nearest(vector(1, 0), 50, {4, 3, 5}) == [(3, 0.0), (4, -1.0)]
    assert matrix.nearest(vector(1, 0, 0), 5) == [], "of another length"
    assert Matrix.of([], 0, 8).nearest(vector(1, 0), 5) == []


@pytest.mark.parametrize("most_bytes", [1, 1024**2], ids=["anew for each question", "kept"])
def test_vectors_are_kept_in_memory_until_the_store_changes_also_by_another_process(store, tmp_path, most_bytes):
    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        id, made = await indexed(knowledge, car=CAR, dog=DOG), []

        def make(rows: Any, count: int, width: int) -> Matrix:
            made.append(count)
            return Matrix.of(rows, count, width)

        matrices = Matrices(store.fetch_apart, "meanings", make, most_bytes)
        question = array("f", meaning("automobile")).tobytes()
        for _ in range(3):
            assert len(matrices.nearest(id, question)) == 2
        assert len(made) == (3 if most_bytes == 1 else 1)
        with Store.open(tmp_path / "server.db") as other:
            file = other.fetch_rows("SELECT file_id FROM indexed_files WHERE filename = 'dog.md'")[0][0]
            Knowledge.open(other).detach(id, file)
        assert len(matrices.nearest(id, question)) == 1
        assert matrices.nearest("vs_other", question) == []

    run(store, Meanings(), work)


def run(
    store: Store,
    embedder: Meanings,
    work: Callable[[Knowledge, StoreSearcher], Awaitable[Any]],
    clock: Callable[[], int] = now,
) -> Any:
    """Do something with the knowledge of a database."""

    async def done() -> Any:
        knowledge = Knowledge.open(store, clock, embedder=embedder)
        knowledge.resume()
        try:
            return await work(knowledge, StoreSearcher(knowledge.documents, knowledge.vectors, Matrix.of))
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
            assert 0.3 < found[0].score <= 0.5, "one ranking of two, at a cosine below 1"
        both = await searcher.search([id], "the car", 5)
        assert (both[0].filename, both[0].score > 0.6) == ("car.md", True)
        assert len(await searcher.search([id], "automobile", 1)) == 1
        strong = {"score_threshold": 0.6}
        assert await searcher.search([id], "automobile", 5, strong) == []
        weak = {"score_threshold": 0.2}
        assert [each.filename for each in await searcher.search([id], "automobile", 5, weak)] == ["car.md"]
        assert await searcher.search([id], "puppies and returns", 5, weak) == []
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


def test_while_the_endpoint_is_down_words_do_and_vectors_come_later(store, caplog):
    embedder, time = Meanings(broken=True), [1_800_000_000]

    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        id = await indexed(knowledge, car=CAR, dog=DOG)
        assert knowledge.documents.fetch_store(id)["file_counts"]["completed"] == 2
        assert [each.filename for each in await searcher.search([id], "the car", 5)] == ["car.md"]
        assert await searcher.search([id], "automobile", 5) == []
        messages = [record.getMessage() for record in caplog.records]
        assert sum("searching by words only" in message for message in messages) == 1
        assert any("vectors are added later: the endpoint is down" in message for message in messages)
        embedder.broken = False
        time[0] += PAUSE_SECONDS
        await searcher.search([id], "automobile", 5)  # which shows that it is back
        while kept(store) != [2, 2]:
            await asyncio.sleep(0.01)
        assert (await searcher.search([id], "automobile", 5))[0].filename == "car.md"

    run(store, embedder, work, lambda: time[0])


def test_a_question_does_not_wait_for_an_endpoint_that_hangs(store, caplog):
    class Hanging(Meanings):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            await asyncio.sleep(3600)
            return []

    async def asked() -> list[object]:
        vectors, moment = Vectors(store, Hanging(), lambda: time[0], patience=0.01), time
        answers: list[object] = [await vectors.embed_queries(["car"]), await vectors.embed_queries(["car"])]
        moment[0] += PAUSE_SECONDS + 1
        return [*answers, await vectors.embed_queries(["car"])]

    time = [0.0]
    Knowledge.open(store)
    assert asyncio.run(asked()) == [None, None, None]
    assert [record.getMessage() for record in caplog.records].count(
        "searching by words only for 30 s: embeddings of meanings did not come within 0.01 s"
    ) == 2, "the second question did not ask"


@pytest.mark.parametrize("noticed_by", ["a question", "a document"])
def test_when_the_dimensions_change_everything_is_embedded_anew(store, noticed_by):
    class Longer(Meanings):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            return [[*each, 0.0, 0.0] for each in await super().embed(texts)]

    id = run(store, Meanings(), lambda knowledge, searcher: indexed(knowledge, car=CAR, dog=DOG))

    async def later(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        if noticed_by == "a question":
            assert (await searcher.search([id], "the car", 5))[0].filename == "car.md"
        else:
            await indexed(knowledge, other=b"A walk in the park.")
        while store.fetch_rows("SELECT count(*) FROM chunk_embeddings") != store.fetch_rows(
            "SELECT count(*) FROM chunks"
        ):
            await asyncio.sleep(0.01)
        assert store.fetch_rows("SELECT DISTINCT length(vector) FROM embeddings") == [(28,)]
        assert (await searcher.search([id], "automobile", 5))[0].filename == "car.md"

    run(store, Longer(), later)


def test_an_endpoint_that_changes_its_mind_with_every_reply_is_given_up(store):
    class Odd(Meanings):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            lengths.append(2 + len(lengths) % 2)
            return [[1.0] * lengths[-1] for _ in texts]

    lengths: list[int] = []

    async def asked() -> None:
        knowledge = Knowledge.open(store)
        await indexed(knowledge, **{f"d{n}": f"car number {n}".encode() for n in range(PORTION * 4 + 1)})
        await knowledge.close()
        with pytest.raises(EmbeddingError, match="ever other dimensions"):
            await Vectors(store, Odd()).add_everything()

    asyncio.run(asked())


def test_nothing_is_kept_for_a_chunk_that_went_while_it_was_embedded(store):
    class Slow(Meanings):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            knowledge.remove_store(id)
            return await super().embed(texts)

    async def before() -> str:
        made = await indexed(knowledge, car=CAR)
        await knowledge.close()
        return made

    knowledge = Knowledge.open(store)
    id = asyncio.run(before())
    asyncio.run(Vectors(store, Slow()).add_everything())
    assert kept(store) == [0, 0]


def test_vectors_of_another_model_are_not_compared(store):
    async def work(knowledge: Knowledge, searcher: StoreSearcher) -> str:
        return await indexed(knowledge, car=CAR)

    id = run(store, Meanings("old"), work)

    async def later(knowledge: Knowledge, searcher: StoreSearcher) -> None:
        while not store.fetch_rows("SELECT 1 FROM chunk_embeddings WHERE model = 'new'"):
            await asyncio.sleep(0.01)
        assert [each.filename for each in await searcher.search([id], "automobile", 5)] == ["car.md"]

    run(store, Meanings("new"), later)
