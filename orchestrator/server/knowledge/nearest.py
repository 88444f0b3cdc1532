"""The vectors that point where a question points. The only home of numpy: it comes with the extra `embeddings`."""

import itertools
from collections.abc import Collection, Iterable
from typing import Self

import numpy
import numpy.typing

_PORTION = 1024


class Matrix:
    """The vectors of some chunks, all of length 1, side by side."""

    def __init__(
        self, ids: "numpy.typing.NDArray[numpy.int64]", vectors: "numpy.typing.NDArray[numpy.float32]"
    ) -> None:
        self._ids, self._vectors = ids, vectors

    @classmethod
    def of(cls, rows: Iterable[tuple[int, bytes]], count: int, width: int) -> Self:
        """Of at most so many chunks and their vectors; those that have not `width` bytes are left out."""
        ids = numpy.empty(count, dtype=numpy.int64)
        vectors = numpy.empty((count, width // 4), dtype=numpy.float32)
        filled, fitting = 0, ((id, vector) for id, vector in rows if len(vector) == width)
        while portion := list(itertools.islice(fitting, min(_PORTION, count - filled))):
            end = filled + len(portion)
            ids[filled:end] = [id for id, _ in portion]
            data = numpy.frombuffer(b"".join(vector for _, vector in portion), dtype=numpy.float32)
            vectors[filled:end] = data.reshape(len(portion), -1)
            filled = end
        return cls(ids[:filled], vectors[:filled])

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return int(self._vectors.nbytes + self._ids.nbytes)

    def nearest(self, query: bytes, most: int, allowed: Collection[int] | None = None) -> list[tuple[int, float]]:
        """Give the chunks nearest to a question, nearest first, equal ones by number, with their cosines.

        `allowed` are those that may be given; None allows all. None is near to a question of another length.
        """
        ids, vectors = self._ids, self._vectors
        wanted = numpy.frombuffer(query, dtype=numpy.float32)
        if not len(ids) or vectors.shape[1] != wanted.size or most < 1:
            return []
        scores = vectors @ wanted
        if allowed is not None:
            fits = numpy.isin(ids, numpy.fromiter(allowed, dtype=numpy.int64, count=len(allowed)))
            ids, scores = ids[fits], scores[fits]
        if len(ids) > most:
            least = numpy.partition(scores, len(ids) - most)[len(ids) - most]
            ids, scores = ids[scores >= least], scores[scores >= least]
        places = numpy.lexsort((ids, -scores))[:most]
        return [(int(ids[place]), round(float(scores[place]), 4)) for place in places]
