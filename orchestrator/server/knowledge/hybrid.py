"""Words and meaning together: two rankings of the same passages, fused by their ranks.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, with their k of 60) needs no scale that both share.
Ranks alone do not tell an answer from nonsense, for something always comes first. So a score is that sum over what the
best passage could have, times how well the passage fits: the better of its score by words and its cosine. Where no
passage has a vector yet, the words alone decide.
"""

from collections.abc import Callable, Collection, Sequence

from orchestrator.server.knowledge.search import POOL, Found, Hit, SearchRequest, by_words, ranked, read_hits
from orchestrator.server.knowledge.search_index import ReadRows
from orchestrator.server.knowledge.store_index import StoreIndex

K = 60

Nearest = Callable[[str, bytes, Collection[int] | None], list[tuple[int, float]]]
"""Gives the chunks of a store nearest to a vector, of those allowed (None allows all), nearest first, with cosines."""


def search_both(read: ReadRows, request: SearchRequest, vectors: Sequence[bytes], nearest: Nearest) -> list[Hit]:
    """The best passages by words and by meaning, best first; `vectors` are those of the questions, in their order."""
    found: list[Found] = []
    for query, vector in zip(request.queries, vectors, strict=True):
        words, meanings = by_words(read, query, request), _by_meaning(read, request, vector, nearest)
        found += fuse(words[:POOL], meanings) if meanings else words
    return read_hits(read, ranked(found, request))


def fuse(*rankings: Sequence[Found]) -> list[Found]:
    """Give every passage once, its score by its ranks and its best score; best first."""
    ranks: dict[int, float] = {}
    fits: dict[int, Found] = {}
    for ranking in rankings:
        for rank, found in enumerate(ranking, 1):
            ranks[found.id] = ranks.get(found.id, 0.0) + 1 / (K + rank)
            if found.id not in fits or fits[found.id].score < found.score:
                fits[found.id] = found
    best = len(rankings) / (K + 1)
    fused = [found._replace(score=round(found.score * ranks[id] / best, 4)) for id, found in fits.items()]
    return sorted(fused, key=lambda found: found.order)


def _by_meaning(read: ReadRows, request: SearchRequest, vector: bytes, nearest: Nearest) -> list[Found]:
    found: list[Found] = []
    for store in dict.fromkeys(request.vector_store_ids):
        index = StoreIndex.open(read, store)
        if index is None:
            continue
        allowed = None if request.condition is None else index.allowed(request.condition)
        near = nearest(store, vector, allowed)
        places = index.visible([id for id, _ in near])
        found += [Found(id, max(0.0, cosine), *places[id]) for id, cosine in near if id in places]
    return sorted(found, key=lambda each: each.order)[:POOL]
