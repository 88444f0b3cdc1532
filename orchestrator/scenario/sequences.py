"""What was done compared with a list, in each mode of the language: what fits, what is missing, what is too much.

Knows nothing of calls: `fits(w, m)` tells whether entry `w` of the list is what was done as number `m`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestrator.model.check_calls import Mode

Fits = Callable[[int, int], bool]

MEANING: dict[Mode, str] = {
    "exact": "in this order, and nothing else",
    "in_order": "in this order; others may come between",
    "any_order": "in any order; others are allowed",
    "subset": "and nothing else, each any number of times",
    "superset": "each once or more; others are allowed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison; one of the two is None where nothing fits."""

    wanted: int | None
    made: int | None
    wrong: bool = False
    """Whether it is missing, or too much."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How what was done compares with the list."""

    rows: tuple[Row, ...]
    score: float
    """1.0 where nothing is wrong."""

    @property
    def holds(self) -> bool:
        """Tell whether it is as the mode says."""
        return not any(row.wrong for row in self.rows)


def compare(mode: Mode, wanted: int, made: int, fits: Fits) -> Comparison:
    """Compare a list of `wanted` entries with `made` things done."""
    match mode:
        case "exact" | "in_order":
            pairs = _aligned(wanted, made, fits)
        case "any_order":
            pairs = _matched(wanted, made, fits)
        case "superset" | "subset":
            pairs = [(w, m) for m in range(made) for w in range(wanted) if fits(w, m)]
    missing = set(range(wanted)) - {w for w, _ in pairs} if mode != "subset" else set[int]()
    extra = set(range(made)) - {m for _, m in pairs} if mode in ("exact", "subset") else set[int]()
    rows = tuple(_rows(pairs, missing, extra, made))
    asked = made if mode == "subset" else wanted + made if mode == "exact" else wanted
    wrong = len(missing) + len(extra)
    return Comparison(rows, 1 - wrong / asked if asked else 1.0)


def _rows(pairs: list[tuple[int, int]], missing: set[int], extra: set[int], made: int) -> Iterator[Row]:
    """Give what was done in its order, and what is missing before what the list has after it."""
    left = sorted(missing)
    fitting = {m: w for w, m in reversed(pairs)}
    for m in range(made):
        while left and m in fitting and left[0] < fitting[m]:
            yield Row(left.pop(0), None, wrong=True)
        yield Row(fitting.get(m), m, wrong=m in extra)
    yield from (Row(w, None, wrong=True) for w in left)


def _aligned(wanted: int, made: int, fits: Fits) -> list[tuple[int, int]]:
    """Pair as many entries as can be paired in order (a longest common subsequence)."""
    best = [[0] * (made + 1) for _ in range(wanted + 1)]
    for w in reversed(range(wanted)):
        for m in reversed(range(made)):
            best[w][m] = best[w + 1][m + 1] + 1 if fits(w, m) else max(best[w + 1][m], best[w][m + 1])
    pairs, w, m = list[tuple[int, int]](), 0, 0
    while w < wanted and m < made:
        if fits(w, m):
            pairs.append((w, m))
            w, m = w + 1, m + 1
        elif best[w + 1][m] >= best[w][m + 1]:
            w += 1
        else:
            m += 1
    return pairs


def _matched(wanted: int, made: int, fits: Fits) -> list[tuple[int, int]]:
    """Pair as many entries as can be paired at all (a maximum matching, by augmenting paths)."""
    taken: dict[int, int] = {}

    def place(w: int, seen: set[int]) -> bool:
        for m in range(made):
            if m not in seen and fits(w, m):
                seen.add(m)
                if m not in taken or place(taken[m], seen):
                    taken[m] = w
                    return True
        return False

    for w in range(wanted):
        place(w, set())
    return [(w, m) for m, w in taken.items()]
