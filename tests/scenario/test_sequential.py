"""Deciding early: the promised error holds over every sequence of attempts, and nothing is given away needlessly."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.scenario.sequential import Bounds, get_bounds, get_fixed_bounds, get_least_attempts


def ends(bounds: Bounds, attempts: tuple[int, ...]) -> str | None:
    """Play a sequence, 1 a pass, up to its verdict."""
    for n in range(bounds.least, bounds.most + 1):
        passes = sum(attempts[:n])
        if passes >= bounds.passing.get(n, n + 1):
            return "passed"
        if passes <= bounds.failing.get(n, -1):
            return "failed"
    return None


def chances(bounds: Bounds, rate: float) -> dict[str | None, float]:
    """Count every sequence of as many attempts as there can be."""
    found: dict[str | None, float] = {"passed": 0.0, "failed": 0.0, None: 0.0}
    for attempts in product((0, 1), repeat=bounds.most):
        found[ends(bounds, attempts)] += math.prod(rate if one else 1 - rate for one in attempts)
    return found


def counted(bounds: Bounds, rate: float) -> dict[str | None, float]:
    """Count the same by the number of passes, for more attempts than can be listed."""
    found: dict[str | None, float] = {"passed": 0.0, "failed": 0.0, None: 0.0}
    weights = {0: 1.0}
    for n in range(1, bounds.most + 1):
        ahead = [0.0] * (n + 1)
        for passes, weight in weights.items():
            ahead[passes] += weight * (1 - rate)
            ahead[passes + 1] += weight * rate
        weights = {}
        for passes, weight in enumerate(ahead):
            if passes >= bounds.passing.get(n, n + 1):
                found["passed"] += weight
            elif passes <= bounds.failing.get(n, -1):
                found["failed"] += weight
            else:
                weights[passes] = weight
    found[None] = sum(weights.values())
    return found


RULES = st.integers(1, 10).flatmap(
    lambda most: st.tuples(
        st.integers(1, most), st.just(most), st.sampled_from([0.3, 0.5, 0.8, 0.9]), st.sampled_from([0.5, 0.8, 0.9])
    )
)


@settings(deadline=None, max_examples=60)
@given(RULES, st.floats(0.01, 0.99))
def test_wrong_verdicts_are_as_rare_as_promised(rule, rate):
    require, confidence = rule[2:]
    found = chances(get_bounds(*rule), rate)
    wrong = found["passed"] if rate < require else found["failed"]
    assert wrong <= 1 - confidence + 1e-9
    assert found == pytest.approx(counted(get_bounds(*rule), rate))


@pytest.mark.parametrize("rule", [(3, 20, 0.8, 0.95), (5, 50, 0.9, 0.95), (1, 100, 0.5, 0.99), (3, 500, 0.95, 0.9)])
def test_wrong_verdicts_are_as_rare_as_promised_after_many_attempts(rule):
    *_, require, confidence = rule
    bounds = get_bounds(*rule)
    assert counted(bounds, require - 1e-9)["passed"] <= 1 - confidence + 1e-7
    assert counted(bounds, require)["failed"] <= 1 - confidence + 1e-7
    assert counted(bounds, require - 0.2)["failed"] > 0.3  # and it does decide
    assert counted(bounds, 0.9999)["passed"] > 0.98


def test_looking_after_each_attempt_as_if_it_were_the_only_look_would_be_wrong_too_often():
    """Why the bounds are what they are: the same level at every look, without calibration, errs twice as often."""
    naive = Bounds(3, 30, {}, {n: f for n in range(3, 31) for f in range(n) if _at_most(f, n, 0.8) <= 0.05})
    assert counted(naive, 0.8)["failed"] > 0.09
    assert counted(get_bounds(3, 30, 0.8, 0.95), 0.8)["failed"] <= 0.05


def _at_most(passes: int, n: int, rate: float) -> float:
    return sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(passes + 1))


def test_the_level_is_the_largest_that_keeps_the_promise():
    """Of all sets of bounds that come from one level, the next larger one breaks it."""
    bounds = get_bounds(1, 10, 0.7, 0.9)
    level = max(_at_most(k, n, 0.7) for n, k in bounds.failing.items())
    tails = {(n, k): _at_most(k, n, 0.7) for n in range(1, 11) for k in range(n + 1)}
    larger = min(tail for tail in tails.values() if tail > level + 1e-9)
    failing = {n: max((k for k in range(n + 1) if tails[n, k] <= larger + 1e-12), default=-1) for n in range(1, 11)}
    assert counted(Bounds(1, 10, {}, failing), 0.7)["failed"] > 0.1
    assert counted(Bounds(1, 10, {}, dict(bounds.failing)), 0.7)["failed"] <= 0.1


def test_what_it_takes_in_numbers():
    bounds = get_bounds(3, 20, 0.8, 0.95)
    assert min(bounds.passing) == 14  # 14 of 14: 0.8 ** 14 is 0.044
    assert bounds.passing[14] == 14
    assert bounds.failing[3] == 0  # 0 of 3: 0.2 ** 3 is 0.008
    assert get_bounds(3, 12, 0.8, 0.95).passing == {}  # 0.8 ** 12 is 0.069: no 12 attempts show it
    assert get_bounds(3, 12, 0.8, 0.9).passing == {11: 11, 12: 12}


@given(st.floats(0.01, 0.99), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_least_attempts_are_the_first_that_can_pass(require, confidence):
    least = get_least_attempts(require, confidence)
    assert require**least <= 1 - confidence + 1e-9
    assert least == 1 or require ** (least - 1) > 1 - confidence - 1e-9
    if least < 60:
        assert get_bounds(1, least, require, confidence).passing == {least: least}


def test_equality_is_enough():
    assert get_least_attempts(0.5, 0.75) == 2
    assert get_bounds(1, 2, 0.5, 0.75).passing == {2: 2}


def test_a_fixed_number_has_one_look():
    bounds = get_fixed_bounds(3)
    assert (ends(bounds, (1, 1, 1)), ends(bounds, (1, 0, 1)), ends(bounds, (0, 0, 0))) == ("passed", "failed", "failed")
    assert bounds.least == bounds.most == 3
