"""Two test reports compared, scenario by scenario: what got worse, what got better, and what chance explains. Pure.

A scenario is compared by how often it passed: Fisher's exact test on its attempts. Where many scenarios are compared,
some differ by chance, so p-values are adjusted for their number (Benjamini and Hochberg), each direction by itself;
scenarios whose counts could not show a change whatever happened are left out of that number (Tarone, Biometrics 46,
1990; Gilbert, Applied Statistics 54, 2005). All scenarios together are compared as pairs: by McNemar's exact test where
each has one attempt, and by the paired permutation test of their pass rates where some have more. Both find what no
scenario shows alone. Either question is asked in each direction with half of 1 - confidence: where nothing changed, the
chance that anything is called a regression is at most 1 - confidence.

Exact where each scenario was played a fixed number of times (`orch test --repeat N`). Attempts that stopped at a
verdict make the counts depend on what was seen; Fisher's test is then an approximation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from orchestrator.errors import UsageError
from orchestrator.scenario.reports import ReportedAttempt, ReportedScenario, RunReport
from orchestrator.scenario.statistics import (
    at_most,
    false_discovery,
    fisher_fell,
    fisher_fell_least,
    mcnemar,
    permutation,
)


class Tier(StrEnum):
    """What a difference is."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    NOISE = "noise"
    """No difference, or one that chance explains."""


class Measure(StrEnum):
    """What an attempt takes; the words are those of the JSON report."""

    LATENCY = "latency_ms"
    TOKENS = "tokens"
    COST = "cost_usd"


@dataclass(frozen=True, slots=True)
class Change:
    """A measure before and after."""

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Paired:
    """One scenario of both reports."""

    before: ReportedScenario
    after: ReportedScenario
    tier: Tier
    p_value: float
    """Two-sided."""
    adjusted: float
    """The p-value adjusted for the number of scenarios; it decides."""
    can_tell: bool
    """Whether as many attempts with as many passes could have shown anything."""
    medians: dict[Measure, Change]
    """Over the attempts that passed; without what one of the reports does not know."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.before.name

    @property
    def moved(self) -> float:
        """How much its pass rate changed."""
        return _rate(self.after) - _rate(self.before)


@dataclass(frozen=True, slots=True)
class Together:
    """All scenarios at once."""

    tier: Tier
    test: str
    """Its name, for people."""
    p_value: float
    fell: int
    """Scenarios that passed less often."""
    rose: int
    """Scenarios that passed more often."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A measure over all scenarios."""

    scenarios: int
    """Those that know it in both reports."""
    medians: Change
    """Of the scenarios' own medians."""
    p_value: float
    """Of the paired permutation test on them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports compared."""

    before: RunReport
    after: RunReport
    confidence: float
    paired: tuple[Paired, ...]
    """In the order of the earlier report."""
    together: Together
    shifts: dict[Measure, Shift]
    new: tuple[str, ...]
    """Scenarios of the later report only."""
    missing: tuple[str, ...]
    """Scenarios of the earlier report only."""
    unjudged: tuple[tuple[str, str, str], ...]
    """Name and both statuses of scenarios of which one report has no attempt that could be judged."""

    def count(self, tier: Tier) -> int:
        """Tell how many scenarios are of this tier."""
        return sum(each.tier is tier for each in self.paired)

    @property
    def regressed(self) -> bool:
        """Whether something got worse: a scenario, or all of them together."""
        return bool(self.count(Tier.REGRESSION)) or self.together.tier is Tier.REGRESSION


def compare(before: RunReport, after: RunReport, confidence: float = 0.95) -> Comparison:
    """Compare two reports; raises `UsageError` where they have no scenario in common."""
    common = [(each, after.scenarios[name]) for name, each in before.scenarios.items() if name in after.scenarios]
    if not common:
        raise UsageError("the reports have no scenario in common", "give two reports of the same scenarios")
    judged = [(a, b) for a, b in common if a.counts.judged and b.counts.judged]
    error = 1 - confidence
    fell, rose = (_tests(pairs, error) for pairs in (judged, [(b, a) for a, b in judged]))
    paired = tuple(_paired(a, b, down, up, error) for (a, b), down, up in zip(judged, fell, rose, strict=True))
    return Comparison(
        before=before,
        after=after,
        confidence=confidence,
        paired=paired,
        together=_together(paired, error),
        shifts=_shifts(paired),
        new=tuple(name for name in after.scenarios if name not in before.scenarios),
        missing=tuple(name for name in before.scenarios if name not in after.scenarios),
        unjudged=tuple((a.name, a.status, b.status) for a, b in common if not (a.counts.judged and b.counts.judged)),
    )


@dataclass(frozen=True, slots=True)
class _Tested:
    """A scenario tested in one direction."""

    p_value: float
    adjusted: float
    can_tell: bool


def _tests(pairs: Sequence[tuple[ReportedScenario, ReportedScenario]], error: float) -> list[_Tested]:
    """Test whether the second of each pair passes less often, with half of the error."""
    counts = [(a.counts, b.counts) for a, b in pairs]
    p_values = [fisher_fell(*each) for each in counts]
    telling = [place for place, each in enumerate(counts) if at_most(fisher_fell_least(*each), error / 2)]
    adjusted = dict(zip(telling, false_discovery([p_values[place] for place in telling]), strict=True))
    return [_Tested(p, adjusted.get(place, 1.0), place in adjusted) for place, p in enumerate(p_values)]


def _paired(before: ReportedScenario, after: ReportedScenario, fell: _Tested, rose: _Tested, error: float) -> Paired:
    worse = _rate(after) < _rate(before)
    tested = fell if worse else rose
    p_value, adjusted = min(1.0, 2 * tested.p_value), min(1.0, 2 * tested.adjusted)
    if _rate(after) == _rate(before):
        p_value = adjusted = 1.0
    can_tell = fell.can_tell or rose.can_tell
    return Paired(before, after, _tier(adjusted, error, worse), p_value, adjusted, can_tell, _medians(before, after))


def _tier(p_value: float, error: float, worse: bool) -> Tier:
    if not at_most(p_value, error):
        return Tier.NOISE
    return Tier.REGRESSION if worse else Tier.IMPROVEMENT


def _together(paired: Sequence[Paired], error: float) -> Together:
    moved = [each.moved for each in paired if each.moved]
    fell = sum(each < 0 for each in moved)
    if all(each.before.counts.judged == each.after.counts.judged == 1 for each in paired):
        test, p_value = "McNemar's exact test", mcnemar(fell, len(moved) - fell)
    else:
        test, p_value = "paired permutation test", permutation(moved)
    return Together(_tier(p_value, error, sum(moved) < 0), test, p_value, fell, len(moved) - fell)


_MEASURES: dict[Measure, Callable[[ReportedAttempt], float | None]] = {
    Measure.LATENCY: lambda attempt: attempt.duration_ms,
    Measure.TOKENS: lambda attempt: attempt.tokens,
    Measure.COST: lambda attempt: attempt.cost_usd,
}


def _medians(before: ReportedScenario, after: ReportedScenario) -> dict[Measure, Change]:
    """Compare what the attempts that passed took: one that fails ends early, and would look cheap and fast."""
    found = {}
    for measure, get in _MEASURES.items():
        values = [
            [value for attempt in each.attempts if attempt.status == "passed" and (value := get(attempt)) is not None]
            for each in (before, after)
        ]
        if all(values):
            found[measure] = Change(*map(median, values))
    return found


def _shifts(paired: Sequence[Paired]) -> dict[Measure, Shift]:
    shifts = {}
    for measure in Measure:
        changes = [each.medians[measure] for each in paired if measure in each.medians]
        if changes:
            medians = Change(median(each.before for each in changes), median(each.after for each in changes))
            p_value = permutation([each.after - each.before for each in changes])
            shifts[measure] = Shift(len(changes), medians, p_value)
    return shifts


def _rate(scenario: ReportedScenario) -> float:
    return scenario.counts.passed / scenario.counts.judged
