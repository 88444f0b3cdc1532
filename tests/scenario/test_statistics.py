"""Estimators and tests: what the literature computed, and what brute force counts."""

import math
import random
from collections import Counter
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.scenario.statistics import (
    MOST_ENUMERATED,
    Counts,
    at_most,
    binomial_tails,
    false_discovery,
    fisher_fell,
    fisher_fell_least,
    mcnemar,
    pass_at_k,
    pass_hat_k,
    permutation,
    wilson,
)

# Fisher, The Design of Experiments (1935), chapter III: Darwin's pairs of crossed and self-fertilised plants, in
# eighths of an inch. He counts 1,726 of the 32,768 assignments of signs as extreme.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


@pytest.mark.parametrize(
    ("passed", "judged", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_1998_has_it(passed, judged, low, high):
    assert tuple(round(end, 4) for end in wilson(passed, judged, 0.95)) == (low, high)


def test_the_ends_of_wilson_are_the_ends():
    assert wilson(0, 0, 0.95) == (0, 1)
    assert wilson(7, 7, 0.95).high == 1
    assert wilson(0, 7, 0.95).low == 0


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_is_where_the_score_test_turns(counts, confidence):
    passed, judged = counts
    low, high = wilson(passed, judged, confidence)
    assert 0 <= low <= passed / judged <= high <= 1
    for end in (low, high):
        if 1e-9 < end < 1 - 1e-9:
            score = abs(passed / judged - end) / math.sqrt(end * (1 - end) / judged)
            assert math.isclose(math.erf(score / math.sqrt(2)), confidence, rel_tol=1e-6)
    assert wilson(judged - passed, judged, confidence).low == pytest.approx(1 - high, abs=1e-9)


@given(st.integers(0, 12), st.floats(0.01, 0.99))
def test_binomial_tails_count_every_sequence(trials, chance):
    expected = [0.0] * (trials + 1)
    for outcome in product((0, 1), repeat=trials):
        expected[sum(outcome)] += math.prod(chance if one else 1 - chance for one in outcome)
    assert binomial_tails(trials, chance) == pytest.approx([sum(expected[: k + 1]) for k in range(trials + 1)])


def test_binomial_tails_as_tabled():
    # SciPy 1.17, scipy.stats.binom.cdf
    assert binomial_tails(30, 0.8)[19] == pytest.approx(0.025616255335326514)
    assert 1 - binomial_tails(30, 0.8)[27] == pytest.approx(0.04417898515199706)


def test_binomial_tails_of_many_trials_neither_vanish_nor_pass_1():
    tails = binomial_tails(1000, 0.01)
    assert tails[0] == pytest.approx(0.99**1000)
    assert tails[-1] == pytest.approx(1)
    assert max(tails) <= 1


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_pass_at_k_and_pass_hat_k_look_at_every_choice(drawn):
    passed, judged, k = drawn
    choices = list(combinations([True] * passed + [False] * (judged - passed), k))
    assert pass_at_k(passed, judged, k) == pytest.approx(sum(map(any, choices)) / len(choices))
    assert pass_hat_k(passed, judged, k) == pytest.approx(sum(map(all, choices)) / len(choices))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_pass_at_k_and_pass_hat_k_are_unbiased(k):
    judged, rate = 5, Fraction(3, 10)
    weights = [math.comb(judged, c) * rate**c * (1 - rate) ** (judged - c) for c in range(judged + 1)]
    mean_at = sum(float(weight) * pass_at_k(c, judged, k) for c, weight in enumerate(weights))
    mean_hat = sum(float(weight) * pass_hat_k(c, judged, k) for c, weight in enumerate(weights))
    assert mean_at == pytest.approx(float(1 - (1 - rate) ** k))
    assert mean_hat == pytest.approx(float(rate**k))


@pytest.mark.parametrize(
    ("fell", "rose", "p"),
    [(1, 7, 0.070), (6, 16, 0.052)],  # the two examples of Fagerland, Lydersen and Laake 2013
)
def test_mcnemar_as_the_literature_has_it(fell, rose, p):
    assert round(mcnemar(fell, rose), 3) == round(mcnemar(rose, fell), 3) == p


@given(st.integers(0, 12), st.integers(0, 12))
def test_mcnemar_counts_every_sequence(fell, rose):
    n = fell + rose
    tail = sum(math.comb(n, k) for k in range(n + 1) if k <= min(fell, rose))
    assert mcnemar(fell, rose) == pytest.approx(min(1, 2 * tail / 2**n))
    assert mcnemar(0, 0) == 1


def test_fisher_on_the_lady_tasting_tea():
    # Fisher, The Design of Experiments (1935), chapter II: all four cups found, 1 in 70; three found, 17 in 70.
    assert fisher_fell(Counts(4, 4), Counts(0, 4)) == pytest.approx(1 / 70)
    assert fisher_fell(Counts(3, 4), Counts(1, 4)) == pytest.approx(17 / 70)
    assert fisher_fell(Counts(10, 10), Counts(3, 10)) == pytest.approx(0.001547987616099071)  # SciPy 1.17


COUNTS = st.integers(1, 5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))).map(lambda drawn: Counts(*drawn))


@given(COUNTS, COUNTS)
def test_fisher_is_the_permutation_test_of_the_labels(before, after):
    pooled = [1] * (before.passed + after.passed)
    pooled += [0] * (before.judged + after.judged - len(pooled))
    chosen = [sum(choice) for choice in combinations(pooled, after.judged)]
    assert fisher_fell(before, after) == pytest.approx(sum(n <= after.passed for n in chosen) / len(chosen))
    assert fisher_fell_least(before, after) == pytest.approx(chosen.count(min(chosen)) / len(chosen))


def test_permutation_on_darwins_plants():
    assert permutation(DARWIN) == 1726 / 32768


@given(st.lists(st.integers(-9, 9), max_size=9))
@example([1, 5, 7, -1, -3, -9])  # tenths that add up to nothing, and in floats to almost nothing
def test_permutation_counts_every_assignment_of_signs(differences):
    sums = [sum(signed) for signed in product(*((d, -d) for d in differences))]
    expected = sum(abs(total) >= abs(sum(differences)) for total in sums) / len(sums)
    assert permutation([d / 10 for d in differences]) == pytest.approx(expected)


@given(st.integers(0, 10), st.integers(0, 6))
def test_permutation_of_verdicts_is_mcnemar(fell, rose):
    assert permutation([-1.0] * fell + [1.0] * rose) == pytest.approx(mcnemar(fell, rose))


def test_permutation_of_many_draws_and_is_repeatable():
    differences = [*DARWIN, 5, -5, 5, -5]
    assert len(differences) > MOST_ENUMERATED
    ways = Counter([0])
    for difference in differences:
        ways = sum((Counter({total + d: n for total, n in ways.items()}) for d in (difference, -difference)), Counter())
    exact = sum(n for total, n in ways.items() if abs(total) >= 314) / ways.total()
    drawn = permutation([float(d) for d in differences])
    assert drawn == permutation([float(d) for d in differences])
    assert drawn == pytest.approx(exact, abs=0.007)  # three standard errors of 9,999 draws
    assert permutation([1.0] * 10_000) == 1 / 1000  # no draw of 999 is as extreme, and the p-value is not 0


def test_false_discovery_as_scipy_has_it():
    # SciPy 1.17, scipy.stats.false_discovery_control
    assert false_discovery([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert false_discovery([]) == []


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.5))
def test_false_discovery_rejects_what_the_step_up_procedure_rejects(p_values, q):
    ranked = sorted(p_values)
    below = [rank for rank, p in enumerate(ranked, 1) if p <= q * rank / len(ranked)]
    limit = ranked[max(below) - 1] if below else -1.0
    adjusted = false_discovery(p_values)
    for p, changed in zip(p_values, adjusted, strict=True):
        assert at_most(p, changed)
        if not math.isclose(changed, q, rel_tol=1e-9):
            assert (changed <= q) == (p <= limit)


def test_at_most_takes_rounding_for_equality():
    assert at_most(0.1 + 0.2, 0.3)
    assert not at_most(0.3001, 0.3)


def test_nothing_here_draws_from_the_shared_generator():
    random.seed(1)
    state = random.getstate()
    permutation([1.0] * 40)
    assert random.getstate() == state
