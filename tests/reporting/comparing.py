"""A comparison with one scenario of each kind."""

from dataclasses import replace

from orchestrator.scenario.comparison import Comparison, compare
from orchestrator.scenario.reports import ReportedScenario
from tests.scenario.reported import report, reported


def priced(scenario: ReportedScenario, usd: float) -> ReportedScenario:
    """Give a scenario whose attempts cost so much."""
    return replace(scenario, attempts=tuple(replace(each, cost_usd=usd) for each in scenario.attempts))


def a_comparison() -> Comparison:
    """`worse` and `better` changed, `bit` a little, `few` in one attempt, `same` not; the rest cannot be compared."""
    before = report(
        reported("same", 10, 10, ms=400, tokens=75),
        reported("worse", 10, 10, ms=400, tokens=75),
        reported("better", 2, 10, ms=400, tokens=75),
        reported("bit", 9, 10, ms=400, tokens=75),
        priced(reported("few", 1, 1, ms=400, tokens=75), 0.25),
        reported("gone", 1, 1),
        reported("left", 1, 1),
        reported("down", 1, 1),
    )
    after = report(
        reported("worse", 3, 10, ms=500, tokens=90),
        reported("same", 10, 10, ms=500, tokens=90),
        reported("better", 10, 10, ms=500, tokens=90),
        reported("bit", 7, 10, ms=500, tokens=90),
        priced(reported("few", 0, 1, ms=500, tokens=90), 0.5),
        reported("fresh", 1, 1),
        reported("down", 0, 0, errored=1),
        target="foundry",
        not_run=("left",),
    )
    return compare(before, after)
