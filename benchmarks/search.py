"""Searches of the embedded server over 10,000 chunks, held to what SQLite's own full-text query costs.

Both ask the same database in the same run, question by question: `search` as the server does it, and the bare FTS5
query for the words of the question, best ten by bm25 with their texts. Each is asked once to warm up and once on the
clock, by turns first. Questions are of common words, rare words and both, in English and Korean; with slips of the pen,
with a filter that few files meet, by words and meaning together (1,024 dimensions), and once more
beside a second store. Prints a line a kind, with the ratio of the 95th
percentiles; exits 1 where one passes its limit.

A question of misspelt words alone has no fair bare query: FTS5 looks up what is not there and is done. One of a single
word takes it so little that what else the machine does decides. Both kinds are printed for what they are, and held to
the limit within the mix of all kinds.
"""

import math
import random
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.chunking import Chunk
from orchestrator.server.knowledge.filters import Condition, parse_filter
from orchestrator.server.knowledge.hybrid import search_both
from orchestrator.server.knowledge.matrices import Matrices
from orchestrator.server.knowledge.nearest import Matrix
from orchestrator.server.knowledge.search import SearchRequest, search
from orchestrator.server.knowledge.terms import query_terms
from orchestrator.server.knowledge.vector_stores import VectorStoreDocuments
from orchestrator.server.knowledge.vectors import Vectors
from orchestrator.server.store import Store

CHUNKS, OTHERS, PER_FILE, WORDS = 10_000, 1_000, 10, 150
QUESTIONS = 100
LIMIT = 4.0
HYBRID_LIMIT, DIMENSIONS = 6.0, 1024
STORE, OTHER = "vs_bench", "vs_other"
RARE = {"type": "eq", "key": "shelf", "value": 7}
"""Met by one file of a hundred."""
BARE = (
    "SELECT c.text, w.rank FROM chunk_words w JOIN chunks c ON c.id = w.rowid"
    " WHERE w.chunk_words MATCH ? ORDER BY w.rank LIMIT 10"
)


class Language:
    """Words as a language has them: a few stand everywhere, most are rare."""

    def __init__(self, letters: str, longest: int, size: int, random: random.Random) -> None:
        words = {"".join(random.choices(letters, k=random.randint(2, longest))) for _ in range(size)}
        self.words = sorted(words)
        random.shuffle(self.words)
        self.weights = [1 / (rank + 10) for rank in range(len(self.words))]
        self._random = random

    def text(self, count: int) -> str:
        """Give a text of so many words."""
        return " ".join(self._random.choices(self.words, self.weights, k=count))

    def question(self, common: int, rare: int) -> str:
        """Give a question of common words (of the first hundred) and rare ones (beyond the first thousand)."""
        return " ".join(self._random.sample(self.words[:100], common) + self._random.sample(self.words[1000:], rare))


def misspelt(question: str, random: random.Random) -> str:
    """Give a question with a wrong letter in its first word."""
    word, blank, others = question.partition(" ")
    place = random.randrange(1, len(word))
    return word[:place] + random.choice("qzxj") + word[place + 1 :] + blank + others


def fill(store: Store, name: str, chunks: int, languages: list[Language]) -> None:
    """Index the chunks of one store; files take turns with the languages."""
    with store.transaction() as connection:
        for number in range(chunks // PER_FILE):
            language = languages[number % len(languages)]
            texts = [language.text(WORDS) for _ in range(PER_FILE)]
            entries = search_index.prepare(Chunk(place, 0, len(text), text) for place, text in enumerate(texts))
            file, attempt = f"file-{number}", search_index.new_attempt()
            search_index.add_chunks(connection, name, file, attempt, entries)
            search_index.finish_file(connection, name, file, attempt, f"{number}.md", {"shelf": number % 100})


def milliseconds(work: Callable[[], object]) -> float:
    """Give how long something takes, once."""
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000


def p95(times: list[float]) -> float:
    """Give the 95th percentile."""
    return sorted(times)[int(len(times) * 0.95)]


class Random:
    """An embedder whose vectors stand there already."""

    name = "random"

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Is never asked."""
        raise NotImplementedError


def vector(chance: random.Random) -> bytes:
    """Give a vector of length 1 that points anywhere."""
    values = [chance.gauss(0, 1) for _ in range(DIMENSIONS)]
    length = math.hypot(*values)
    return array("f", (value / length for value in values)).tobytes()


def embed(store: Store, chance: random.Random) -> None:
    """Give every chunk of the store a vector of its own."""
    Vectors(store, Random())  # makes the tables
    stock = [vector(chance) for _ in range(100)]
    with store.transaction() as connection:
        for (id,) in connection.execute("SELECT id FROM chunks WHERE vector_store_id = ?", (STORE,)).fetchall():
            hash = id.to_bytes(32, "big")
            connection.execute("INSERT INTO embeddings VALUES (?, ?, ?)", (Random.name, hash, chance.choice(stock)))
            connection.execute("INSERT INTO chunk_embeddings VALUES (?, ?, ?)", (id, Random.name, hash))


class Bench:
    """A filled database, and the ways to ask it."""

    def __init__(self, store: Store) -> None:
        self._read, self._chance = store.fetch_rows, random.Random(8)
        self._matrices = Matrices(self._read, Random().name, Matrix.of)
        [(number,)] = self._read("SELECT number FROM chunk_totals WHERE vector_store_id = ?", (STORE,))
        self._tag = search_index.tag(number)

    def bare(self, question: str) -> None:
        """Ask FTS5 itself."""
        words = " OR ".join(f'"{self._tag}{term.text}"' + "*" * term.prefix for term in query_terms(question))
        self._read(BARE, (words,))

    def ours(self, question: str, condition: Condition | None = None) -> None:
        """Ask as the server does."""
        search(self._read, SearchRequest((question,), (STORE,), condition=condition))

    def both(self, question: str) -> None:
        """Ask as the server does where there are embeddings, once the question has its own."""
        request = SearchRequest((question,), (STORE,))
        search_both(self._read, request, [vector(self._chance)], self._matrices.nearest)

    def compare(
        self,
        name: str,
        questions: list[str],
        condition: Condition | None = None,
        limit: float | None = LIMIT,
        both: bool = False,
    ) -> bool:
        """Print one kind of questions; tell whether it is within the limit."""
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        for number, question in enumerate(questions):
            ask_us = partial(self.both, question) if both else partial(self.ours, question, condition)
            ways = {"ours": ask_us, "bare": partial(self.bare, question)}
            for ask in ways.values():
                ask()
            for name_of_way in sorted(ways, reverse=bool(number % 2)):
                times[name_of_way].append(milliseconds(ways[name_of_way]))
        ours, bare = p95(times["ours"]), p95(times["bare"])
        held = f"at most {limit}" if limit else "within the mix"
        print(f"search {name:<42} p95 {ours:6.2f} ms   bare FTS5 {bare:6.2f} ms   ratio {ours / bare:5.2f} ({held})")
        return limit is None or ours / bare <= limit


def compare_all(bench: Bench, beside: str, languages: dict[str, Language], chance: random.Random) -> list[bool]:
    """Print every kind; tell of each whether it is within its limit."""
    kinds = {"common words": (4, 0), "rare words": (0, 4), "common and rare words": (3, 2), "one word": (0, 1)}
    within, every = [], []
    for tongue, language in languages.items():
        for kind, mix in kinds.items():
            questions = [language.question(*mix) for _ in range(QUESTIONS)]
            limit = None if mix == (0, 1) else LIMIT
            within.append(bench.compare(f"{tongue}, {kind}{beside}", questions, limit=limit))
            every += questions[: QUESTIONS // 4]
    english = languages["English"]
    slips = {"a slip among other words": ((2, 2), LIMIT), "a slip alone": ((0, 1), None)}
    for kind, (mix, limit) in slips.items():
        questions = [misspelt(english.question(*mix), chance) for _ in range(QUESTIONS)]
        within.append(bench.compare(f"English, {kind}{beside}", questions, limit=limit))
        every += questions[: QUESTIONS // 4]
    questions = [english.question(3, 2) for _ in range(QUESTIONS)]
    within.append(bench.compare(f"English, a filter few files meet{beside}", questions, parse_filter(RARE)))
    within.append(bench.compare(f"of all kinds{beside}", every))
    return [*within, bench.compare(f"of all kinds, words and meaning{beside}", every, limit=HYBRID_LIMIT, both=True)]


def main() -> int:
    """Run every kind, alone and beside a second store."""
    chance = random.Random(7)
    english = Language("etaoinshrdlucmfwypvbgk", 9, 20_000, chance)
    hangul = "".join(chr(code) for code in range(0xAC00, 0xAC00 + 11_172, 37))
    korean = Language(hangul, 4, 20_000, chance)
    languages = {"English": english, "Korean": korean}
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "server.db") as store:
        VectorStoreDocuments(store)  # makes the tables
        fill(store, STORE, CHUNKS, list(languages.values()))
        embed(store, chance)
        bench = Bench(store)
        within = compare_all(bench, "", languages, chance)
        fill(store, OTHER, OTHERS, list(languages.values()))
        within += compare_all(bench, ", of two stores", languages, chance)
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
