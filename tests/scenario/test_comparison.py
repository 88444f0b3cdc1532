"""Comparing: what is called a regression is one, what chance explains is noise, and how often that is wrong."""

from collections import defaultdict
from itertools import product
from math import comb

import pytest

from orchestrator.errors import UsageError
from orchestrator.model.scenario import Repeat
from orchestrator.scenario.comparison import Change, Measure, Paired, Tier, compare
from orchestrator.scenario.repeating import get_rule
from orchestrator.scenario.reports import ReportedAttempt, ReportedScenario
from orchestrator.scenario.results import Tally
from orchestrator.scenario.statistics import mcnemar
from tests.scenario.reported import report, reported


def test_tiers_of_scenarios():
    before = report(
        reported("worse", 10, 10), reported("better", 2, 10), reported("same", 9, 10), reported("bit", 9, 10)
    )
    after = report(
        reported("worse", 3, 10), reported("better", 10, 10), reported("same", 9, 10), reported("bit", 7, 10)
    )
    found = compare(before, after)
    assert {each.name: each.tier for each in found.paired} == {
        "worse": Tier.REGRESSION,
        "better": Tier.IMPROVEMENT,
        "same": Tier.NOISE,
        "bit": Tier.NOISE,
    }
    worse, _, same, _ = found.paired
    assert worse.p_value == pytest.approx(2 * 0.001547987616099071)  # twice SciPy's one-sided Fisher
    assert same.p_value == same.adjusted == 1
    assert found.regressed
    assert not compare(before, before).regressed


def test_better_and_worse_mirror_each_other():
    before, after = report(reported("a", 9, 10), reported("b", 3, 8)), report(reported("a", 2, 10), reported("b", 8, 8))
    there, back = compare(before, after), compare(after, before)
    assert [each.p_value for each in there.paired] == [each.p_value for each in back.paired]
    assert (there.together.fell, there.together.rose) == (back.together.rose, back.together.fell)
    assert [each.tier for each in there.paired] == [Tier.REGRESSION, Tier.NOISE]
    assert [each.tier for each in back.paired] == [Tier.IMPROVEMENT, Tier.NOISE]


def test_a_single_flip_is_noise_and_cannot_tell():
    found = compare(report(reported("s", 1, 1)), report(reported("s", 0, 1)))
    [flipped] = found.paired
    assert (flipped.tier, flipped.p_value, flipped.can_tell) == (Tier.NOISE, 1.0, False)
    assert not found.regressed


@pytest.mark.parametrize(("flips", "tier"), [(5, Tier.NOISE), (6, Tier.REGRESSION)])
def test_many_single_flips_are_a_regression_together(flips, tier):
    names = [f"s{n}" for n in range(20)]
    before = report(*(reported(name, 1, 1) for name in names))
    after = report(*(reported(name, int(n >= flips), 1) for n, name in enumerate(names)))
    found = compare(before, after)
    assert (found.together.tier, found.together.fell, found.together.rose) == (tier, flips, 0)
    assert found.together.p_value == mcnemar(flips, 0)
    assert "McNemar" in found.together.test
    assert found.count(Tier.REGRESSION) == 0
    assert found.regressed == (tier is Tier.REGRESSION)


def test_small_falls_of_many_scenarios_are_a_regression_together():
    names = [f"s{n}" for n in range(8)]
    before = report(*(reported(name, 10, 10) for name in names))
    after = report(*(reported(name, 8, 10) for name in names))
    found = compare(before, after)
    assert found.count(Tier.NOISE) == 8
    assert found.together.tier is Tier.REGRESSION
    assert found.together.p_value == 2 / 2**8
    assert "permutation" in found.together.test


def test_p_values_are_adjusted_for_the_scenarios_that_could_have_changed():
    def of(alike: int, could: int) -> Paired:
        a = [reported("s", 6, 6), *(reported(f"x{n}", 6, 6) for n in range(alike))]
        b = [reported("s", 1, 6), *(reported(f"x{n}", 6, 6) for n in range(alike))]
        a += [reported(f"y{n}", 3, 6) for n in range(could)]
        b += [reported(f"y{n}", 3, 6) for n in range(could)]
        return compare(report(*a), report(*b)).paired[0]

    alone = of(0, 0).p_value
    assert of(0, 0).adjusted == alone
    assert of(100, 0).adjusted == alone  # scenarios that always pass, before and after, cannot show anything
    assert of(0, 1).adjusted == pytest.approx(2 * alone)
    assert of(0, 9).adjusted == pytest.approx(10 * alone)
    assert (of(0, 0).tier, of(0, 9).tier) == (Tier.REGRESSION, Tier.NOISE)


SUITES = [[(5, 5), (5, 5)], [(4, 4), (8, 3)], [(12, 12)], [(3, 10), (10, 3)]]


@pytest.mark.parametrize(
    ("suite", "rate"), [*product(SUITES, [0.5, 0.8, 0.95]), ([(1, 1)] * 6, 0.5)], ids=lambda value: str(value)
)
def test_where_nothing_changed_a_regression_is_as_rare_as_promised(suite, rate):
    """Every outcome of every attempt, weighted by its chance."""
    sizes = [size for pair in suite for size in pair]
    wrong = 0.0
    for passes in product(*(range(size + 1) for size in sizes)):
        chance = 1.0
        for passed, size in zip(passes, sizes, strict=True):
            chance *= comb(size, passed) * rate**passed * (1 - rate) ** (size - passed)
        before = report(*(reported(f"s{n}", passes[2 * n], sizes[2 * n]) for n in range(len(suite))))
        after = report(*(reported(f"s{n}", passes[2 * n + 1], sizes[2 * n + 1]) for n in range(len(suite))))
        wrong += chance * compare(before, after).regressed
    assert wrong <= 0.05


@pytest.mark.parametrize("repeat", [Repeat(max=20, require=0.8), Repeat(min=1, max=14, require=0.5, confidence=0.9)])
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.7, 0.8, 0.9, 0.97])
def test_attempts_that_stop_at_a_verdict_keep_the_promise_too(repeat, rate):
    """Not by Fisher's argument, which supposes fixed numbers; so it is counted."""
    ends = _ends(repeat, rate)
    wrong = sum(
        a_chance * b_chance
        for (a, a_chance), (b, b_chance) in product(ends.items(), repeat=2)
        if compare(report(reported("s", a.passed, a.judged)), report(reported("s", b.passed, b.judged))).regressed
    )
    assert wrong <= 0.05


def _ends(repeat: Repeat, rate: float) -> dict[Tally, float]:
    rule, open_ = get_rule(repeat), {Tally(): 1.0}
    ends: dict[Tally, float] = {}
    while open_:
        ahead: dict[Tally, float] = defaultdict(float)
        for tally, chance in open_.items():
            ahead[Tally(tally.passed + 1, tally.failed)] += chance * rate
            ahead[Tally(tally.passed, tally.failed + 1)] += chance * (1 - rate)
        open_ = {tally: chance for tally, chance in ahead.items() if rule.wanted(tally)}
        ends |= {tally: chance for tally, chance in ahead.items() if tally not in open_}
    return ends


def test_medians_are_of_what_passed():
    def scenario(*attempts: tuple[str, float, int, float | None]) -> ReportedScenario:
        return ReportedScenario("s", "passed", tuple(ReportedAttempt(*each) for each in attempts))

    before = scenario(("passed", 100, 10, 0.5), ("passed", 300, 30, 0.5), ("failed", 1, 1, 0.0))
    after = scenario(("passed", 500, 10, None), ("errored", 1, 1, None))
    [paired] = compare(report(before), report(after)).paired
    assert paired.medians == {Measure.LATENCY: Change(200, 500), Measure.TOKENS: Change(20, 10)}


def test_measures_over_all_scenarios_are_paired():
    names = [f"s{n}" for n in range(6)]
    before = report(*(reported(name, 2, 2, ms=1000 * n) for n, name in enumerate(names, 1)), reported("failing", 0, 2))
    after = report(
        *(reported(name, 2, 2, ms=1000 * n + 10) for n, name in enumerate(names, 1)), reported("failing", 2, 2)
    )
    shift = compare(before, after).shifts[Measure.LATENCY]
    assert (shift.scenarios, shift.medians) == (6, Change(3500, 3510))
    assert shift.p_value == 2 / 2**6  # 10 ms on each, whatever they take
    assert Measure.COST not in compare(before, after).shifts


def test_what_is_only_in_one_report_and_what_could_not_be_judged():
    before = report(reported("a", 1, 1), reported("gone", 1, 1), reported("down", 1, 1))
    after = report(reported("new", 1, 1), reported("a", 1, 1), reported("down", 0, 0, errored=2))
    found = compare(before, after)
    assert (found.new, found.missing, found.unjudged) == (("new",), ("gone",), (("down", "passed", "errored"),))
    assert [each.name for each in found.paired] == ["a"]
    nothing = compare(report(reported("down", 1, 1)), report(reported("down", 0, 0, errored=1)))
    assert (nothing.paired, nothing.together.p_value, nothing.regressed) == ((), 1.0, False)


def test_nothing_in_common_is_refused():
    with pytest.raises(UsageError, match="no scenario in common"):
        compare(report(reported("a", 1, 1)), report(reported("b", 1, 1)))
