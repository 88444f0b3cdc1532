"""When repeated attempts have shown enough: bounds on the number of passes, looked at after every attempt.

Looking often finds by chance what is not there, so each single look has to be stricter than the confidence asked for.
The bounds here are Pocock's (Biometrika 64, 1977): every look uses one and the same level, here of an exact binomial
test. The level is the largest at which the chance of ever crossing a bound wrongly, counted exactly over all sequences
of attempts (the recursion of Schultz, Nichol, Elfring and Weed, Biometrics 29, 1973; Jennison and Turnbull, "Group
Sequential Methods", 2000, chapter 12), is at most 1 - confidence. So, for attempts that do not influence each other:

- an assistant that passes less often than `require` is called passed with a chance of at most 1 - confidence;
- one that passes as often or more often is called failed with a chance of at most 1 - confidence.

Both hold whatever the rate is: the chance to cross an upper bound rises with it, so `require` itself is the worst case.
Each bound is counted as if the other did not stop anything, which errs on the careful side.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log

from orchestrator.scenario.statistics import at_most, binomial_tails

_NEGLIGIBLE = 1e-16
"""Sequences less likely than this are dropped; all of them together stay far below what `at_most` takes as equal."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many passes decide, by the number of attempts that were judged; where nothing can be decided it is absent."""

    least: int
    """Judged attempts before the first look."""
    most: int
    """Attempts after which no more are made."""
    passing: Mapping[int, int]
    """At least so many passes show that the requirement is met."""
    failing: Mapping[int, int]
    """At most so many passes show that it is not."""


def get_fixed_bounds(attempts: int) -> Bounds:
    """Give the bounds of a fixed number of attempts that all have to pass: one look, at the end."""
    return Bounds(attempts, attempts, {attempts: attempts}, {attempts: attempts - 1})


@lru_cache(maxsize=256)
def get_bounds(least: int, most: int, require: float, confidence: float) -> Bounds:
    """Give the bounds that show a rate of `require` or its absence; 1 <= least <= most, 0 < require, confidence < 1."""
    failures = _crossings(least, most, 1 - require, 1 - confidence)
    passes = _crossings(least, most, require, 1 - confidence)
    return Bounds(least, most, {n: n - bound for n, bound in failures.items()}, passes)


def get_least_attempts(require: float, confidence: float) -> int:
    """Give how many attempts, all passing, show a rate of `require` at least; with fewer it cannot be shown."""
    found = max(1, ceil(log(1 - confidence) / log(require)))
    return found - 1 if found > 1 and at_most(require ** (found - 1), 1 - confidence) else found


def _crossings(least: int, most: int, chance: float, error: float) -> dict[int, int]:
    """Give for each look the number of events, each of this chance, that is too low to be taken for chance.

    The events are failures where passing is to be shown, and passes where failing is.
    """
    tails = {n: [tail for tail in binomial_tails(n, chance) if at_most(tail, error)] for n in range(least, most + 1)}
    levels = sorted({tail for each in tails.values() for tail in each})
    found: dict[int, int] = {}
    low, high = 0, len(levels)
    while low < high:
        middle = (low + high) // 2
        bounds = _bounds_at(tails, levels[middle])
        if at_most(_chance_to_cross(bounds, most, chance, error), error):
            found, low = bounds, middle + 1
        else:
            high = middle
    return found


def _bounds_at(tails: Mapping[int, list[float]], level: float) -> dict[int, int]:
    bounds = {n: bisect_right(each, level * (1 + 1e-9)) - 1 for n, each in tails.items()}
    return {n: bound for n, bound in bounds.items() if bound >= 0}


def _chance_to_cross(bounds: Mapping[int, int], most: int, chance: float, enough: float) -> float:
    """Count exactly how likely it is to be at or below the bound at any look; stops where it is more than `enough`."""
    crossed = 0.0
    open_: dict[int, float] = {0: 1.0}
    for n in range(1, most + 1):
        ahead: dict[int, float] = {}
        for events, weight in open_.items():
            ahead[events] = ahead.get(events, 0.0) + weight * (1 - chance)
            ahead[events + 1] = ahead.get(events + 1, 0.0) + weight * chance
        bound = bounds.get(n, -1)
        crossed += sum(weight for events, weight in ahead.items() if events <= bound)
        if crossed > enough * 1.01:
            break
        open_ = {events: weight for events, weight in ahead.items() if events > bound and weight > _NEGLIGIBLE}
    return crossed
