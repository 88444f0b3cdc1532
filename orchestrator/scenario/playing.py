"""One scenario under way: how many of its attempts may go on side by side, and what they come to."""

from orchestrator.model.project import LocatedScenario
from orchestrator.scenario.repeating import get_rule
from orchestrator.scenario.results import Attempt, ScenarioResult, count


class Playing:
    """Which attempts are made, and how many more may begin now: none that is beyond what any verdict takes."""

    def __init__(self, index: int, located: LocatedScenario) -> None:
        self.index = index
        self.located = located
        self._rule = get_rule(located.scenario.repeat)
        self._attempts: dict[int, Attempt] = {}
        self._begun = 0
        self._quota = self._rule.bounds.least

    @property
    def wants_more(self) -> bool:
        """Whether an attempt may begin beside those under way: whatever they say, no verdict is possible without it."""
        return self._begun - len(self._attempts) < self._quota

    def begin(self) -> int:
        """Give the number of the next attempt, counted from 0."""
        self._begun += 1
        return self._begun - 1

    def add(self, number: int, attempt: Attempt) -> ScenarioResult | None:
        """Take an attempt that is finished; gives what became of the scenario where that was its last."""
        self._attempts[number] = attempt
        tally = count(self._attempts.values())
        self._quota = min(self._rule.wanted(tally), self._rule.bounds.least)
        if self._quota or len(self._attempts) < self._begun:
            return None
        attempts = tuple(self._attempts[number] for number in range(self._begun))
        return ScenarioResult(self.located, self._rule.verdict(tally), attempts)
