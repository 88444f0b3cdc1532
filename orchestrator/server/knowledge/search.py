"""Finding the passages that answer a question, in any language, over SQLite's full-text index.

The index tells where each word stands; a passage is scored by what a reader would look at: how much of what was asked
it holds (rare terms weigh more), how dense it is (by bm25), and whether the words stand together as they were asked.
All of it is counted within the passage's own store, and not by FTS5's own bm25, which counts the whole database: so a
score means the same in every store, which a threshold needs, and rank follows score. A word that no passage of the
store holds is looked for as a part of words and as a misspelling before it is given up; of one that very few hold,
like-looking words stand in at a lower worth.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orchestrator.server.knowledge.filters import Condition
from orchestrator.server.knowledge.search_index import LENGTHS, Attributes, ReadRows, length_of
from orchestrator.server.knowledge.store_index import VISIBLE, StoreIndex
from orchestrator.server.knowledge.terms import QueryTerm, neighbours, query_terms

MAX_QUERY_TERMS = 64  # a pasted page asks for no more than its first terms
POOL = 200
"""Of how many passages of a store, the best by their words, it is asked whether the words stand together."""
# A word in so few passages may itself be a slip of the pen.
_FEW = 3
# What counts for the score, adding up to one.
_COVERAGE, _PHRASE, _DENSITY = 0.55, 0.25, 0.2
# What a find is worth that is not the word itself.
_PART_OF_WORD, _NEAR_WORD = 0.8, 0.7
# That a joint is nowhere says so much less than that a word is.
_UNKNOWN_JOINT = 0.25
# How bm25 weighs repetition and length, as FTS5 does.
_K1, _B = 1.2, 0.75


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


class Found(NamedTuple):
    """A passage by the number of its chunk, with what orders it among others of its score."""

    id: int
    score: float
    filename: str
    position: int
    file_id: str

    @property
    def order(self) -> tuple[float, str, int, str]:
        """What a list is sorted by: the best first, then by where it stands."""
        return -self.score, self.filename, self.position, self.file_id


class _Wanted(NamedTuple):
    """One term of a question as it is looked for in this store: as these terms, each with what it is worth."""

    forms: tuple[tuple[str, float], ...]
    prefix: bool
    weight: float


def search(read: ReadRows, request: SearchRequest) -> list[Hit]:
    """The best passages of the named stores, best first; of several questions a passage answers, the best counts.

    `read` runs SQL, see ReadRows; it may be called from any thread if `read` may.
    Any text is a valid question. Order and scores are the same for the same documents, in whatever order they were
    indexed, however many results are asked for and whatever other stores hold.
    """
    found = [each for query in request.queries for each in by_words(read, query, request)]
    return read_hits(read, ranked(found, request))


def by_words(read: ReadRows, query: str, request: SearchRequest) -> list[Found]:
    """The passages that hold words of one question, best first."""
    terms, pairs = query_terms(query)[:MAX_QUERY_TERMS], neighbours(query)[:MAX_QUERY_TERMS]
    found: list[Found] = []
    for store in dict.fromkeys(request.vector_store_ids):
        index = StoreIndex.open(read, store)
        if index is not None and terms:
            asked = _ask(index, _look_up(index, terms), request.condition)
            found += _scored(index, asked, pairs)
    return sorted(found, key=lambda each: each.order)


def ranked(found: Iterable[Found], request: SearchRequest) -> list[Found]:
    """Each passage once, where its score is highest, best first: as many as are asked for and good enough."""
    best: dict[int, Found] = {}
    for each in found:
        if each.id not in best or best[each.id].score < each.score:
            best[each.id] = each
    in_order = sorted(best.values(), key=lambda each: each.order)
    return [each for each in in_order if each.score >= request.score_threshold][: request.max_num_results]


def read_hits(read: ReadRows, found: Sequence[Found]) -> list[Hit]:
    """The passages with their texts; what went meanwhile is not found."""
    columns = "c.id, c.vector_store_id, c.file_id, f.filename, f.attributes, c.position, c.start, c.text"
    sql = f"SELECT {columns} FROM {VISIBLE} WHERE c.id IN (SELECT value FROM json_each(?))"
    rows = {row[0]: row[1:] for row in read(sql, (json.dumps([each.id for each in found]),))}
    hits = []
    for each in found:
        if each.id in rows:
            store, file, filename, attributes, position, start, text = rows[each.id]
            text, attributes = text.rstrip(), json.loads(attributes)
            hits.append(Hit(store, file, filename, attributes, each.score, position, start, start + len(text), text))
    return hits


class _Asked(NamedTuple):
    """What one question wants of one store, and where it stands there."""

    wanted: Sequence[_Wanted]
    places: Mapping[str, Mapping[int, int]]
    """How often each form stands in each chunk that may be found."""
    total: float
    """What all that is wanted weighs."""


def _look_up(index: StoreIndex, terms: Sequence[QueryTerm]) -> list[_Wanted]:
    """Decide for each term what stands for it in this store, and how much it tells."""
    counts = index.counts([term.text for term in terms if not term.prefix])
    counts |= {term.text: len(index.places(term.text, prefix=True)) for term in terms if term.prefix}
    wanted: list[_Wanted] = []
    unknown: list[QueryTerm] = []
    for term in terms:
        count = counts.get(term.text, 0)
        if not count:
            unknown.append(term)
            continue
        weight, forms = math.log(1 + index.total / count), [(term.text, 1.0)]
        if count <= _FEW and len(term.text) > 4 and not (term.cjk or term.joint):
            forms += [(near, _NEAR_WORD) for near in index.words_near(term.text, count + 1)]
        wanted.append(_Wanted(tuple(forms), term.prefix, weight))
    typical = sum(w.weight for w in wanted) / len(wanted) if wanted else 1.0
    for term in unknown:
        if term.cjk or term.joint:
            wanted.append(_Wanted((), False, typical * _UNKNOWN_JOINT))
        else:
            wanted.append(_Wanted(_stand_ins(index, term.text), False, typical))
    return wanted


def _stand_ins(index: StoreIndex, word: str) -> tuple[tuple[str, float], ...]:
    """What stands for a word no chunk holds: longer words it is a part of, else words it may be a slip of."""
    if len(word) >= 3 and (longer := index.words_with(word)):
        return tuple((term, _PART_OF_WORD) for term in longer)
    if len(word) >= 4:
        return tuple((term, _NEAR_WORD) for term in index.words_near(word, 1))
    return ()


def _ask(index: StoreIndex, wanted: Sequence[_Wanted], condition: Condition | None) -> _Asked:
    """Look up where everything stands, in chunks whose files meet the condition."""
    total, forms = sum(w.weight for w in wanted), {form: w.prefix for w in wanted for form, _ in w.forms}
    if condition is None:
        return _Asked(wanted, {form: index.places(form, prefix) for form, prefix in forms.items()}, total)
    allowed = index.allowed(condition)
    if not allowed:
        return _Asked(wanted, {}, total)
    places = {form: index.places(form, prefix).items() for form, prefix in forms.items()}
    return _Asked(wanted, {f: {id: n for id, n in found if id in allowed} for f, found in places.items()}, total)


def _by_words(index: StoreIndex, asked: _Asked) -> list[tuple[float, int]]:
    """The chunks that hold what is wanted, best first: how well by coverage and density alone, and their numbers."""
    longer = [_K1 * (1 - _B + _B * length_of(length) / index.length) for length in range(LENGTHS)]
    held: defaultdict[int, float] = defaultdict(float)
    frequent: defaultdict[int, float] = defaultdict(float)
    for w in asked.wanted:
        counted: set[int] = set()
        for form, worth in w.forms:  # the best comes first, and the others of a term do not count besides
            weight, places = w.weight * worth, asked.places.get(form, {})
            most = weight * (_K1 + 1)
            once = [most / (1 + more) for more in longer]
            for id, times in places.items():
                if not counted or id not in counted:
                    held[id] += weight
                    length = id % LENGTHS
                    frequent[id] += once[length] if times == 1 else most * times / (times + longer[length])
            if len(w.forms) > 1:
                counted |= places.keys()
    coverage, total = _COVERAGE / asked.total if asked.total else 0.0, asked.total
    scores = [(coverage * held[id] + _DENSITY * often / (often + total), id) for id, often in frequent.items()]
    return sorted(((round(score, 6), id) for score, id in scores), reverse=True)


def _pool(index: StoreIndex, scored: Sequence[tuple[float, int]]) -> list[Found]:
    """The best of what a search may see, in their order; of equal ones, those that come first by where they stand."""
    pool: list[Found] = []
    start = 0
    while start < len(scored) and len(pool) < POOL:
        end = min(start + POOL, len(scored))
        while end < len(scored) and scored[end][0] == scored[end - 1][0]:
            end += 1
        places = index.visible([id for _, id in scored[start:end]])
        pool += sorted(
            (Found(id, score, *places[id]) for score, id in scored[start:end] if id in places),
            key=lambda each: each.order,
        )
        start = end
    return pool[:POOL]


def _scored(index: StoreIndex, asked: _Asked, pairs: Sequence[str]) -> Iterable[Found]:
    """The best passages of a store, with their scores."""
    pool = _pool(index, _by_words(index, asked))
    possible = {each.id: _possible(each.id, pairs, asked.places) for each in pool}
    terms = index.terms([id for id, some in possible.items() if some])
    for each in pool:
        if pairs:
            whole = f" {terms.get(each.id, '')} "
            together = sum(f" {pair} " in whole for pair in possible[each.id]) / len(pairs)
        else:
            together = sum(
                w.weight * worth
                for w in asked.wanted
                for worth in [worth for form, worth in w.forms if each.id in asked.places.get(form, {})][:1]
            ) / (asked.total or 1.0)
        yield each._replace(score=round(min(1.0, each.score + _PHRASE * together), 4))


def _possible(id: int, pairs: Sequence[str], places: Mapping[str, Mapping[int, int]]) -> list[str]:
    """The pairs of neighbours that a chunk may have: those of which no half is known to be missing."""
    return [pair for pair in pairs if all(half not in places or id in places[half] for half in pair.split(" "))]
