"""Finding the passages that answer a question, in any language, over SQLite's full-text index.

The index proposes candidates by bm25; each is then scored by what a reader would look at: how much of what was
asked it holds (rare terms weigh more), how dense it is, and whether the words stand together as they were asked.
So a score means the same in every store, which a threshold needs, and rank follows score. A word no chunk of the
store holds is looked for as a part of words and as a misspelling before it is given up.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from orchestrator.server.knowledge.filters import Condition
from orchestrator.server.knowledge.search_index import Attributes, ReadRows, store_key
from orchestrator.server.knowledge.terms import QueryTerm, fold, is_near, query_terms

MAX_QUERY_TERMS = 64  # a pasted page asks for no more than its first terms
_CANDIDATES_PER_RESULT = 3
_MIN_CANDIDATES = 24
_NEAR_WORDS = 5
# Up to so many chunks it is quicker to look at each one's store than to have the index put the store's together.
_RARE = 200
# What counts for the score, adding up to one.
_COVERAGE, _PHRASE, _DENSITY = 0.55, 0.25, 0.2
# What a find is worth that is not the word itself.
_PART_OF_WORD, _NEAR_WORD = 0.8, 0.7
# A pair of characters that no chunk holds is often only where two words of the question meet.
_UNKNOWN_PAIR = 0.25


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for, and where."""

    queries: tuple[str, ...]
    vector_store_ids: tuple[str, ...]
    max_num_results: int = 10
    score_threshold: float = 0.0
    """0..1; weaker finds are left out."""
    condition: Condition | None = None
    """Which files are looked at, by their attributes; None looks at all."""


class Hit(NamedTuple):
    """One passage that was found; `score` is 0..1 and falls along the list."""

    vector_store_id: str
    file_id: str
    filename: str
    attributes: Attributes
    score: float
    position: int
    start: int
    end: int
    text: str

    @property
    def place(self) -> tuple[str, str, int]:
        """Which passage it is."""
        return self.vector_store_id, self.file_id, self.position


class _Wanted(NamedTuple):
    """One term of a question as it is looked for in this store: as these terms, or as part of a word."""

    forms: tuple[str, ...]
    part: str | None
    prefix: bool
    weight: float
    worth: float


class _Candidate(NamedTuple):
    bm25: float
    vector_store_id: str
    file_id: str
    filename: str
    attributes: str
    position: int
    start: int
    end: int
    text: str
    folded: str
    terms: str


_COLUMNS = (
    "c.vector_store_id, c.file_id, f.filename, f.attributes, c.position, c.start, c.end, c.text, c.folded, c.terms"
    " FROM {index} w JOIN chunks c ON c.id = w.rowid JOIN indexed_files f"
    " ON f.vector_store_id = c.vector_store_id AND f.file_id = c.file_id AND f.attempt = c.attempt"
)


def search(read: ReadRows, request: SearchRequest) -> list[Hit]:
    """The best passages of the named stores, best first; of several questions a passage answers, the best counts.

    `read` runs SQL, see ReadRows; it may be called from any thread if `read` may.
    Any text is a valid question. The order is the same for the same documents, whenever they were indexed.
    """
    return ranked((hit for query in request.queries for hit in _search_one(read, query, request)), request)


def ranked(hits: Iterable[Hit], request: SearchRequest) -> list[Hit]:
    """Each passage once, where its score is highest, best first: as many as are asked for and good enough."""
    best: dict[tuple[str, str, int], Hit] = {}
    for hit in hits:
        if hit.place not in best or best[hit.place].score < hit.score:
            best[hit.place] = hit
    in_order = sorted(best.values(), key=lambda hit: (-hit.score, hit.filename, hit.position, hit.file_id))
    return [hit for hit in in_order if hit.score >= request.score_threshold][: request.max_num_results]


def _search_one(read: ReadRows, query: str, request: SearchRequest) -> Iterable[Hit]:
    scope = " OR ".join(f'"{store_key(store)}"' for store in request.vector_store_ids)
    terms = query_terms(query)[:MAX_QUERY_TERMS]
    if not terms or not scope:
        return
    index = _Index(read, f"store_key : ({scope})", request.vector_store_ids, terms)
    wanted = _look_up(index, terms)
    folded_query = fold(query)
    for candidate in _candidates(index, wanted, request):
        score = _score(candidate, wanted, folded_query)
        yield Hit(
            candidate.vector_store_id,
            candidate.file_id,
            candidate.filename,
            json.loads(candidate.attributes),
            score,
            candidate.position,
            candidate.start,
            candidate.start + len(candidate.text.rstrip()),
            candidate.text.rstrip(),
        )


class _Index:
    """The index as one question asks it: only what stands in its stores counts."""

    def __init__(self, read: ReadRows, scope: str, stores: tuple[str, ...], terms: Sequence[QueryTerm]) -> None:
        self.read, self._scope, self._stores = read, scope, stores
        self._marks = ", ".join("?" * len(stores))
        ours = f"coalesce(sum(CASE WHEN vector_store_id IN ({self._marks}) THEN count END), 0)"
        ((self.total, others),) = read(f"SELECT {ours}, coalesce(sum(count), 0) - {ours} FROM chunk_totals", stores * 2)
        self._alone = others == 0
        whole = [term.text for term in terms if not term.prefix]
        marks = ", ".join("?" * len(whole))
        rows = read(f"SELECT term, doc FROM chunk_vocabulary WHERE term IN ({marks})", tuple(whole))
        self._everywhere = dict.fromkeys(whole, 0) | dict(rows)

    def count(self, term: str, prefix: bool = False) -> int:
        """How many chunks hold a term, or one that begins with it."""
        match = f"terms : ({_quoted(term)}{'*' if prefix else ''})"
        everywhere = self._everywhere.get(term)
        if everywhere == 0 or (everywhere is not None and self._alone):
            return everywhere
        if everywhere is not None and everywhere <= _RARE:
            sql = "SELECT count(*) FROM chunk_words w CROSS JOIN chunks c ON c.id = w.rowid"  # in this order
            sql += f" WHERE w.chunk_words MATCH ? AND c.vector_store_id IN ({self._marks})"
            ((count,),) = self.read(sql, (match, *self._stores))
        else:
            sql = "SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?"
            ((count,),) = self.read(sql, (self.scoped(match),))
        return int(count)

    def scoped(self, match: str) -> str:
        """A MATCH that finds nothing of other stores, where there are others."""
        return match if self._alone else f"{self._scope} AND {match}"

    def scoped_unless_rare(self, match: str, forms: Iterable[str]) -> str:
        """The same, but left open where few chunks hold these terms: their stores have to be looked at anyway."""
        found = sum(self._everywhere.get(form, _RARE + 1) for form in forms)
        return match if found <= _RARE else self.scoped(match)

    def holds_part(self, part: str) -> bool:
        """Whether a word of these stores has this part."""
        sql = "SELECT 1 FROM chunk_trigrams w CROSS JOIN chunks c ON c.id = w.rowid WHERE w.chunk_trigrams MATCH ?"
        return bool(
            self.read(f"{sql} AND c.vector_store_id IN ({self._marks}) LIMIT 1", (_quoted(part), *self._stores))
        )


def _look_up(index: _Index, terms: Sequence[QueryTerm]) -> list[_Wanted]:
    """Decide for each term what stands for it in these stores, and how much it tells."""
    known: list[_Wanted] = []
    unknown: list[QueryTerm] = []
    for term in terms:
        count = index.count(term.text, term.prefix)
        if count:
            known.append(_Wanted((term.text,), None, term.prefix, math.log(1 + index.total / count), 1.0))
        else:
            unknown.append(term)
    typical = sum(w.weight for w in known) / len(known) if known else 1.0
    for term in unknown:
        if term.cjk:
            known.append(_Wanted((), None, False, typical * _UNKNOWN_PAIR, 0.0))
        else:
            known.append(_stand_in(index, term.text, typical))
    return known


def _stand_in(index: _Index, word: str, weight: float) -> _Wanted:
    """A word no chunk holds: part of a longer word, else a misspelling of words that are there, else missing."""
    if len(word) >= 3 and index.holds_part(word):
        return _Wanted((), word, False, weight, _PART_OF_WORD)
    if len(word) >= 4:
        # Slips at the first letter are rare, and the letter makes this a short stretch of the vocabulary.
        vocabulary = index.read(
            "SELECT term FROM chunk_vocabulary WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?",
            (word[0], chr(ord(word[0]) + 1), len(word) - 2, len(word) + 2),
        )
        near = [term for (term,) in vocabulary if is_near(word, term)]
        counted = sorted((-index.count(term), term) for term in near[:_MIN_CANDIDATES])
        forms = tuple(term for count, term in counted[:_NEAR_WORDS] if count)
        if forms:
            return _Wanted(forms, None, False, weight, _NEAR_WORD)
    return _Wanted((), None, False, weight, 0.0)


def _candidates(index: _Index, wanted: Sequence[_Wanted], request: SearchRequest) -> Iterable[_Candidate]:
    """The chunks worth scoring, the best of each index."""
    marks = ", ".join("?" * len(request.vector_store_ids))
    where = f" AND c.vector_store_id IN ({marks})"
    parameters: tuple[object, ...] = request.vector_store_ids
    if request.condition is not None:
        where += f" AND ({request.condition.sql})"
        parameters += request.condition.parameters
    limit = max(_MIN_CANDIDATES, request.max_num_results * _CANDIDATES_PER_RESULT)
    forms = [_quoted(form) + ("*" if w.prefix else "") for w in wanted for form in w.forms]
    if forms:
        sql = "SELECT -w.rank, " + _COLUMNS.format(index="chunk_words")
        sql += f" WHERE w.chunk_words MATCH ?{where} ORDER BY w.rank LIMIT ?"
        plain = [form for w in wanted for form in w.forms]
        match = index.scoped_unless_rare(f"terms : ({' OR '.join(forms)})", plain)
        for row in index.read(sql, (match, *parameters, limit)):
            yield _Candidate(*row)
    parts = [_quoted(w.part) for w in wanted if w.part]
    if parts:
        sql = "SELECT 0.0, " + _COLUMNS.format(index="chunk_trigrams")
        sql += f" WHERE w.chunk_trigrams MATCH ?{where} ORDER BY w.rank LIMIT ?"
        for row in index.read(sql, (" OR ".join(parts), *parameters, limit)):
            yield _Candidate(*row)


def _score(candidate: _Candidate, wanted: Sequence[_Wanted], folded_query: str) -> float:
    terms = f" {candidate.terms} "  # looking for " term " in a string is quicker than building a set of its terms
    total = sum(w.weight for w in wanted)
    held = sum(w.weight * w.worth for w in wanted if _holds(terms, candidate.folded, w))
    density = candidate.bm25 / (candidate.bm25 + total) if candidate.bm25 > 0 else 0.0
    score = _COVERAGE * held / total + _PHRASE * _together(candidate.folded, folded_query) + _DENSITY * density
    return round(min(1.0, score), 4)


def _holds(terms: str, folded: str, wanted: _Wanted) -> bool:
    if wanted.part is not None:
        return wanted.part in folded
    end = "" if wanted.prefix else " "
    return any(f" {form}{end}" in terms for form in wanted.forms)


def _together(folded: str, folded_query: str) -> float:
    """How much of the question stands in the text as it was asked: the share of its pairs of neighbouring words."""
    words = folded_query.strip(" .,!?。！？\"'").split(" ")
    if len(words) == 1:
        return float(words[0] in folded)
    pairs = [f"{left} {right}" for left, right in pairwise(words)]
    return sum(pair in folded for pair in pairs) / len(pairs)


def _quoted(term: str) -> str:
    """A term as an FTS5 string: nothing in it is syntax."""
    return '"' + term.replace('"', '""') + '"'
