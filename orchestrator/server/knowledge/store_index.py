"""The index of one store, as a search reads it."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from orchestrator.server.knowledge.filters import Condition
from orchestrator.server.knowledge.search_index import ReadRows, tag
from orchestrator.server.knowledge.terms import near_words

VISIBLE = (
    "chunks c JOIN indexed_files f"
    " ON f.vector_store_id = c.vector_store_id AND f.file_id = c.file_id AND f.attempt = c.attempt"
)
"""The chunks that a search may see, with their files: FROM of a statement."""
_OF_THESE = "IN (SELECT value FROM json_each(?))"
_STAND_INS = 5


class StoreIndex(NamedTuple):
    """The index of one store."""

    read: ReadRows
    store: str
    number: int
    total: int
    length: float
    """The average of its chunks, in terms."""

    @classmethod
    def open(cls, read: ReadRows, store: str) -> "StoreIndex | None":
        """The index of a store; None where it holds nothing."""
        rows = read("SELECT number, count, terms FROM chunk_totals WHERE vector_store_id = ?", (store,))
        return cls(read, store, rows[0][0], rows[0][1], max(1.0, rows[0][2] / rows[0][1])) if rows else None

    def counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many chunks terms stand; those that are nowhere are left out."""
        sql = "SELECT term, chunks FROM words WHERE store = ? AND term IN (SELECT value FROM json_each(?))"
        return dict(self.read(sql, (self.number, json.dumps(terms))))

    def places(self, term: str, prefix: bool = False) -> Counter[int]:
        """How often a term, or what begins so, stands in each chunk."""
        first = tag(self.number) + term
        condition, bounds = ("term >= ? AND term < ?", (first, _after(first))) if prefix else ("term = ?", (first,))
        return Counter(chain.from_iterable(self.read(f"SELECT doc FROM chunk_places WHERE {condition}", bounds)))

    def words_with(self, part: str) -> list[str]:
        """The words that have a part, those in most chunks first."""
        sql = (
            "SELECT w.term FROM word_parts p CROSS JOIN words w ON w.id = p.rowid"
            " WHERE p.word_parts MATCH ? AND w.store = ? ORDER BY w.chunks DESC, w.term LIMIT ?"
        )
        return [term for (term,) in self.read(sql, (_quoted(part), self.number, _STAND_INS))]

    def words_near(self, word: str, least: int) -> list[str]:
        """The words in at least so many chunks that a word may be a slip of, those in most chunks first."""
        # Slips at the first letter are rare, and the letter makes this a short stretch of the words.
        sql = "SELECT term FROM words WHERE store = ? AND term >= ? AND term < ? AND length(term) BETWEEN ? AND ?"
        bounds = (word[0], _after(word[0]), len(word) - 2, len(word) + 2)
        near = near_words(word, (term for (term,) in self.read(sql, (self.number, *bounds))))
        counts = self.counts(near) if near else {}
        frequent = sorted((-count, term) for term, count in counts.items() if count >= least)
        return [term for _, term in frequent[:_STAND_INS]]

    def allowed(self, condition: Condition) -> set[int]:
        """The chunks whose files meet a condition."""
        sql = (
            "SELECT c.id FROM indexed_files f CROSS JOIN chunks c"
            " ON c.vector_store_id = f.vector_store_id AND c.file_id = f.file_id AND c.attempt = f.attempt"
            f" WHERE f.vector_store_id = ? AND ({condition.sql})"
        )
        return {id for (id,) in self.read(sql, (self.store, *condition.parameters))}

    def visible(self, ids: Sequence[int]) -> dict[int, tuple[str, int, str]]:
        """Of these chunks those that a search may see: filename, position and file."""
        sql = f"SELECT c.id, f.filename, c.position, c.file_id FROM {VISIBLE} WHERE c.id {_OF_THESE}"
        return {row[0]: row[1:] for row in self.read(sql, (json.dumps(ids),))} if ids else {}

    def terms(self, ids: Sequence[int]) -> dict[int, str]:
        """The terms of chunks, in the order of their texts."""
        return dict(self.read(f"SELECT id, terms FROM chunks WHERE id {_OF_THESE}", (json.dumps(ids),))) if ids else {}


def _after(beginning: str) -> str:
    """What comes after everything that begins so."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)


def _quoted(term: str) -> str:
    """A term as an FTS5 string: nothing in it is syntax."""
    return '"' + term.replace('"', '""') + '"'
