"""The vectors that point where a question points. The only home of numpy: it comes with the extra `embeddings`."""

from collections.abc import Sequence

import numpy


def nearest(query: bytes, vectors: Sequence[tuple[int, bytes]], most: int) -> list[int]:
    """Give the numbers of the vectors nearest to a question, nearest first; all have length 1.

    Raises `ValueError` where they have not as many dimensions as the question.
    """
    if not vectors:
        return []
    wanted = numpy.frombuffer(query, dtype=numpy.float32)
    if {len(vector) for _, vector in vectors} != {len(query)}:
        raise ValueError(f"the vectors that are kept do not have the {wanted.size} dimensions of the question's")
    matrix = numpy.frombuffer(b"".join(vector for _, vector in vectors), dtype=numpy.float32).reshape(len(vectors), -1)
    scores = matrix @ wanted
    best = numpy.argpartition(-scores, min(most, len(scores)) - 1)[:most]
    numbers = [(-float(scores[place]), vectors[place][0]) for place in best]
    return [number for _, number in sorted(numbers)]
