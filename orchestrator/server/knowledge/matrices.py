"""The vectors of stores, kept in memory from one question to the next, as long as they do not change."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple, Protocol

from orchestrator.server.knowledge.search import POOL
from orchestrator.server.knowledge.search_index import ReadRows

MOST_BYTES = 256 * 1024**2
"""What is kept at most; a store of more is read anew for every question, a portion at a time."""
_PORTION = 1024
_ROWS = (
    "SELECT e.chunk_id, v.vector FROM chunk_embeddings e CROSS JOIN chunks c ON c.id = e.chunk_id"
    " CROSS JOIN embeddings v ON v.model = e.model AND v.hash = e.hash"
    " WHERE e.chunk_id > ? AND e.model = ? AND c.vector_store_id = ? ORDER BY e.chunk_id LIMIT ?"
)
Row = tuple[int, bytes]


class Comparable(Protocol):
    """Vectors side by side; see nearest.py."""

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        ...

    def nearest(self, query: bytes, most: int, allowed: Collection[int] | None = None) -> list[tuple[int, float]]:
        """Give the chunks nearest to a question, nearest first, with their cosines; None allows all."""
        ...


MakeComparable = Callable[[Iterable[Row], int, int], Comparable]
"""Puts at most so many vectors of so many bytes side by side; see nearest.py."""


class _Kept(NamedTuple):
    changes: int
    width: int
    vectors: Comparable


class Matrices:
    """The vectors of one model, store by store; may be asked from any thread."""

    def __init__(self, read: ReadRows, model: str, make: MakeComparable, most_bytes: int = MOST_BYTES) -> None:
        self._read, self._model, self._make, self._most_bytes = read, model, make, most_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def nearest(
        self, vector_store_id: str, query: bytes, allowed: Collection[int] | None = None, most: int = 2 * POOL
    ) -> list[tuple[int, float]]:
        """Give the chunks of a store nearest to a question, with their cosines; vectors of another length are none.

        Twice as many as are ranked, for half of them may be of documents that are not finished.
        """
        rows = self._read("SELECT count FROM chunk_totals WHERE vector_store_id = ?", (vector_store_id,))
        count, width = (rows[0][0] if rows else 0), len(query)
        if count * width > self._most_bytes:
            found: list[tuple[int, float]] = []
            for portion in self._portions(vector_store_id):
                found += self._make(portion, len(portion), width).nearest(query, most, allowed)
                found = sorted(found, key=lambda each: (-each[1], each[0]))[:most]
            return found
        with self._lock:
            vectors = self._vectors(vector_store_id, count, width)
        return vectors.nearest(query, most, allowed)

    def _vectors(self, vector_store_id: str, count: int, width: int) -> Comparable:
        rows = self._read("SELECT changes FROM vector_changes WHERE vector_store_id = ?", (vector_store_id,))
        changes = rows[0][0] if rows else 0  # read first: what changes from here on is seen by the next question
        kept = self._kept.pop(vector_store_id, None)
        if kept is None or (kept.changes, kept.width) != (changes, width):
            rows_of = (row for portion in self._portions(vector_store_id) for row in portion)
            kept = _Kept(changes, width, self._make(rows_of, count, width))
        self._kept[vector_store_id] = kept
        while len(self._kept) > 1 and sum(each.vectors.size for each in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)
        return kept.vectors

    def _portions(self, vector_store_id: str) -> Iterator[list[Row]]:
        last = 0
        while rows := self._read(_ROWS, (last, self._model, vector_store_id, _PORTION)):
            yield [(row[0], row[1]) for row in rows]
            last = rows[-1][0]
