"""What counts say and what they do not: intervals, estimators and exact tests, pure and without a library.

Every test here is exact or says where it is not. Two-sided p-values are twice the smaller tail, at most 1, so that
each direction has half of the error (Fay, Biostatistics 11, 2010: "central" tests).
"""

import random
from collections.abc import Sequence
from itertools import compress
from math import comb, exp, isclose, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import NamedTuple

MOST_ENUMERATED = 16
"""Pairs that `permutation` takes in every one of their 2^n signs; of more it draws."""
_DRAWN, _FEWEST_DRAWN, _MOST_ADDITIONS = 9_999, 999, 5_000_000
_BITS = bytes.maketrans(b"01", b"\x00\x01")


class Interval(NamedTuple):
    """Where a rate may lie."""

    low: float
    high: float


def wilson(passed: int, judged: int, confidence: float) -> Interval:
    """Give Wilson's score interval of a pass rate; of nothing judged it is 0 to 1.

    It keeps its confidence on average down to a few attempts, where the normal interval does not (Wilson, JASA 22,
    1927; Newcombe, Statistics in Medicine 17, 1998, method 3; Brown, Cai and DasGupta, Statistical Science 16, 2001).
    """
    if not judged:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = passed / judged
    middle = (rate + z * z / (2 * judged)) / (1 + z * z / judged)
    half = z / (1 + z * z / judged) * sqrt(rate * (1 - rate) / judged + z * z / (4 * judged * judged))
    # At the ends the formula gives 0 and 1, but for rounding.
    return Interval(0.0 if not passed else middle - half, 1.0 if passed == judged else middle + half)


def binomial_tails(trials: int, chance: float) -> list[float]:
    """Give the exact chance of at most k successes for each k from 0 to `trials`; `chance` is between 0 and 1."""
    total, tails = 0.0, []
    for k in range(trials + 1):
        ways = lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1)
        total += exp(ways + k * log(chance) + (trials - k) * log1p(-chance))
        tails.append(min(total, 1.0))
    return tails


def pass_at_k(passed: int, judged: int, k: int) -> float:
    """Estimate pass@k without bias: the chance that of k attempts one or more passes; `k` is 1 to `judged`.

    Chen et al., "Evaluating Large Language Models Trained on Code", arXiv:2107.03374, equation 1.
    """
    return 1 - comb(judged - passed, k) / comb(judged, k)


def pass_hat_k(passed: int, judged: int, k: int) -> float:
    """Estimate pass^k without bias: the chance that k attempts all pass; `k` is 1 to `judged`.

    Yao et al., "tau-bench: A Benchmark for Tool-Agent-User Interaction in Real-World Domains", arXiv:2406.12045.
    """
    return comb(passed, k) / comb(judged, k)


def mcnemar(fell: int, rose: int) -> float:
    """Give the two-sided p-value of McNemar's exact test for pairs of which `fell` and `rose` changed.

    Under no change each of them fell with chance one half. The mid-p variant finds more (Fagerland, Lydersen and Laake,
    BMC Medical Research Methodology 13:91, 2013), but does not guarantee its level; a gate has to.
    """
    changed = fell + rose
    tail = sum(comb(changed, k) for k in range(min(fell, rose) + 1))
    return min(1.0, 2 * tail / (1 << changed))


class Counts(NamedTuple):
    """How often a scenario passed, of how many attempts that were judged."""

    passed: int
    judged: int


def fisher_fell(before: Counts, after: Counts) -> float:
    """Give the one-sided p-value of Fisher's exact test: how easily as few of the passes come to lie in `after`.

    It is the permutation test of which attempt belongs to which run. Exact where the numbers of attempts were fixed
    beforehand (Fisher, "The Design of Experiments", 1935, chapter II).
    """
    passes, all_ = before.passed + after.passed, before.judged + after.judged
    fewest = max(0, passes - before.judged)
    ways = sum(_ways(before, after, passes, k) for k in range(fewest, after.passed + 1))
    return ways / comb(all_, passes)


def fisher_fell_least(before: Counts, after: Counts) -> float:
    """Give the least p-value `fisher_fell` can have for as many passes, however they lie."""
    passes, all_ = before.passed + after.passed, before.judged + after.judged
    return _ways(before, after, passes, max(0, passes - before.judged)) / comb(all_, passes)


def _ways(before: Counts, after: Counts, passes: int, k: int) -> int:
    return comb(after.judged, k) * comb(before.judged, passes - k)


def permutation(differences: Sequence[float], seed: int = 0) -> float:
    """Give the two-sided p-value of the paired permutation test: under no change each difference may have either sign.

    The statistic is their sum (Fisher 1935, chapter III). Up to `MOST_ENUMERATED` differences that are not 0 every
    assignment of signs is counted; of more, signs are drawn, and the p-value counts what was seen as one of the draws,
    so that it is never too small (Phipson and Smyth, Statistical Applications in Genetics 9:39, 2010). The same
    differences always give the same p-value.
    """
    moved = [difference for difference in differences if difference]
    # Sums that are equal but for rounding count as equal; rounding goes with what is added, not with what is left.
    seen = abs(sum(moved)) - 1e-12 * sum(map(abs, moved))
    if len(moved) <= MOST_ENUMERATED:
        sums = [0.0]
        for difference in moved:
            sums = [total + signed for total in sums for signed in (difference, -difference)]
        return sum(abs(total) >= seen for total in sums) / len(sums)
    total, draw = sum(moved), random.Random(seed)
    drawn = max(_FEWEST_DRAWN, min(_DRAWN, _MOST_ADDITIONS // len(moved)))
    extreme = 0
    for _ in range(drawn):
        bits = f"{draw.getrandbits(len(moved)):0{len(moved)}b}".encode().translate(_BITS)
        extreme += abs(total - 2 * sum(compress(moved, bits))) >= seen
    return (extreme + 1) / (drawn + 1)


def false_discovery(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number: below q, at most a share of q is expected to be found by chance.

    Benjamini and Hochberg, Journal of the Royal Statistical Society B 57, 1995. Where nothing changed at all, the
    chance of finding anything is at most q.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place], reverse=True)
    adjusted, least = [1.0] * len(p_values), 1.0
    for rank, place in zip(range(len(p_values), 0, -1), order, strict=True):
        least = min(least, p_values[place] * len(p_values) / rank)
        adjusted[place] = least
    return adjusted


def at_most(value: float, limit: float) -> bool:
    """Compare two probabilities, taking those that differ by rounding only as equal."""
    return value <= limit or isclose(value, limit, rel_tol=1e-9)
