"""Words and meaning together: two rankings of the same passages, fused by their ranks.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, with their k of 60) needs no scale that both share. A
score is that sum over what the best passage could have, so a passage that both put first has 1 and one that a single
ranking put first has 0.5.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator.server.knowledge.search import Hit, SearchRequest, ranked, search
from orchestrator.server.knowledge.search_index import ReadRows

K = 60
_CANDIDATES_PER_RESULT = 3
_MIN_CANDIDATES = 24

Nearest = Callable[[bytes, Sequence[tuple[int, bytes]], int], list[int]]
"""Gives the numbers of the vectors nearest to one, nearest first; see nearest.py."""

_FROM = (
    " FROM chunk_embeddings e JOIN chunks c ON c.id = e.chunk_id JOIN indexed_files f"
    " ON f.vector_store_id = c.vector_store_id AND f.file_id = c.file_id AND f.attempt = c.attempt"
)


def search_both(
    read: ReadRows, request: SearchRequest, vectors: Sequence[bytes], model: str, nearest: Nearest
) -> list[Hit]:
    """The best passages by words and by meaning, best first; `vectors` are those of the questions, in their order."""
    most = max(_MIN_CANDIDATES, request.max_num_results * _CANDIDATES_PER_RESULT)
    found: list[Hit] = []
    for query, vector in zip(request.queries, vectors, strict=True):
        wide = replace(request, queries=(query,), max_num_results=most, score_threshold=0.0)
        found += fuse(search(read, wide), _by_meaning(read, wide, vector, model, nearest))
    return ranked(found, request)


def fuse(*rankings: Sequence[Hit]) -> list[Hit]:
    """Give every passage once, its score by its ranks; best first."""
    scores: dict[tuple[str, str, int], float] = {}
    hits: dict[tuple[str, str, int], Hit] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, 1):
            hits.setdefault(hit.place, hit)
            scores[hit.place] = scores.get(hit.place, 0.0) + 1 / (K + rank)
    best = len(rankings) / (K + 1)
    fused = [hit._replace(score=round(scores[place] / best, 4)) for place, hit in hits.items()]
    return sorted(fused, key=lambda hit: (-hit.score, hit.filename, hit.position, hit.file_id))


def _by_meaning(read: ReadRows, request: SearchRequest, vector: bytes, model: str, nearest: Nearest) -> list[Hit]:
    stores = ", ".join("?" * len(request.vector_store_ids))
    where = f" WHERE e.model = ? AND c.vector_store_id IN ({stores})"
    parameters: tuple[object, ...] = (model, *request.vector_store_ids)
    if request.condition is not None:
        where += f" AND ({request.condition.sql})"
        parameters += request.condition.parameters
    kept = " JOIN embeddings v ON v.model = e.model AND v.hash = e.hash"
    rows = read(f"SELECT e.chunk_id, v.vector{_FROM}{kept}{where}", parameters)
    best = nearest(vector, [(id, kept) for id, kept in rows], request.max_num_results)
    marks = ", ".join("?" * len(best))
    columns = "c.id, c.vector_store_id, c.file_id, f.filename, f.attributes, c.position, c.start, c.text"
    passages = {row[0]: row[1:] for row in read(f"SELECT {columns}{_FROM} WHERE c.id IN ({marks})", tuple(best))}
    hits = []
    for id in (id for id in best if id in passages):  # what went meanwhile is not found
        store, file, filename, attributes, position, start, text = passages[id]
        text = text.rstrip()
        hits.append(Hit(store, file, filename, json.loads(attributes), 0.0, position, start, start + len(text), text))
    return hits
