"""How often a scenario is played, and what its attempts come to: pure, over the numbers of how they ended.

An attempt that errored, or whose judge abstained, says nothing about the assistant: it is neither a pass nor a failure,
but it counts against the attempts that may be made.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator.model.scenario import Repeat, Scenario
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Tally
from orchestrator.scenario.sequential import Bounds, get_bounds, get_fixed_bounds, get_least_attempts

CONFIDENCE = 0.95
"""Of the interval that is shown where a scenario asks for no confidence of its own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When the attempts at one scenario are enough, and what they mean."""

    bounds: Bounds

    def decide(self, tally: Tally) -> Status | None:
        """Give what the judged attempts show: PASSED, FAILED or, so far, nothing."""
        if tally.passed >= self.bounds.passing.get(tally.judged, tally.judged + 1):
            return Status.PASSED
        return Status.FAILED if tally.passed <= self.bounds.failing.get(tally.judged, -1) else None

    def wanted(self, tally: Tally) -> int:
        """Give how many more attempts are needed before anything can be decided; 0 where no more are to be made.

        A fixed number of attempts is made whatever comes of them. Else it ends where it is decided, where nothing can
        be decided any more, and where as many attempts as are made before the first look have errored and none could
        be judged: a target that is down stays down.
        """
        bounds, judged = self.bounds, tally.judged
        if bounds.least == bounds.most:
            return bounds.most - tally.total
        if self.decide(tally) is not None or (not judged and tally.errored >= bounds.least):
            return 0
        for n in range(max(judged + 1, bounds.least), bounds.most - tally.errored - tally.inconclusive + 1):
            all_pass = tally.passed + n - judged
            if all_pass >= bounds.passing.get(n, n + 1) or tally.passed <= bounds.failing.get(n, -1):
                return n - judged
        return 0

    def verdict(self, tally: Tally) -> Status:
        """Give what the attempts come to once no more are made.

        Undecided, it is what it would be however the attempts that are missing had ended; where that depends on them,
        the scenario errored if one of them errored, and else it is inconclusive.
        """
        if decided := self.decide(tally):
            return decided
        missing = range(self.bounds.most - tally.judged + 1)
        best = self._first(replace(tally, passed=tally.passed + n) for n in missing)
        worst = self._first(replace(tally, failed=tally.failed + n) for n in missing)
        if best is worst:
            return best or Status.INCONCLUSIVE
        return Status.ERRORED if tally.errored else Status.INCONCLUSIVE

    def _first(self, tallies: Iterable[Tally]) -> Status | None:
        return next((decided for tally in tallies if (decided := self.decide(tally))), None)


def get_rule(repeat: int | Repeat) -> Rule:
    """Give the rule for what a scenario says under `repeat`."""
    match repeat:
        case Repeat():
            return Rule(get_bounds(repeat.min, repeat.max, repeat.require, repeat.confidence))
        case _:
            return Rule(get_fixed_bounds(repeat))


def get_confidence(scenario: Scenario) -> float:
    """Give the confidence of the interval shown for a scenario's pass rate."""
    return scenario.repeat.confidence if isinstance(scenario.repeat, Repeat) else CONFIDENCE


def get_needed(repeat: Repeat) -> int | None:
    """Give how many attempts `max` has to allow before a scenario can pass, or None where it allows enough."""
    needed = get_least_attempts(repeat.require, repeat.confidence)
    return needed if needed > repeat.max else None
