"""What became of a run of scenarios: frozen values that reports are made from, and the exit code they mean."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.conversation import Usage
from orchestrator.model.judges import Opinion
from orchestrator.model.project import LocatedScenario
from orchestrator.scenario.budget import Budget
from orchestrator.scenario.costs import add_known
from orchestrator.scenario.report_format import Status, decide_exit_code
from orchestrator.scenario.transcript import Exchange


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something failed other than by a check, and what to do about it."""

    message: str
    hint: str | None = None
    """May have several lines, such as YAML to write."""
    kind: str | None = None
    """What it is about, in one word for machines, where its status does not tell."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one answer of a judge says of one criterion."""

    opinion: Opinion
    """`cannot_tell` too where the answer cannot be used."""
    quote: str = ""
    """The words of the conversation that it goes by, as the judge wrote them."""
    reason: str = ""
    """In the judge's words."""
    unusable: str | None = None
    """Why the answer does not count, in orch's words; None where it does, or the judge abstained itself."""


@dataclass(frozen=True, slots=True)
class CriterionVerdict:
    """What the votes on one criterion come to."""

    criterion: str
    opinion: Opinion
    """`cannot_tell` where no quorum agrees."""
    quote: str
    """Of the first vote that says so; empty where it is undecided."""
    reason: str
    """Of the same vote; where it is undecided, why."""
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one check."""

    check: str
    """Its name in the language, for example `contains`."""
    passed: bool
    score: float
    """0.0 to 1.0; a check that can only hold or not gives one of the two."""
    reason: str
    """Why; of a failure what was expected and what came instead, on lines of their own."""
    weight: float = 1.0
    """How much it counts in a score; at 0 it fails nothing."""
    inconclusive: bool = False
    """Whether it is undecided: neither passed nor failed. It counts in no score."""
    criteria: tuple[CriterionVerdict, ...] = ()
    """What judges said, of this check and those within it."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One turn that was played."""

    status: Status
    exchange: Exchange
    """What was said and called."""
    verdicts: tuple[Verdict, ...]
    """In the order of the checks; a status nobody expected comes first. Empty where there is a problem."""
    duration_ms: float
    """From sending the message to the last reply; judging is not counted."""
    problem: Problem | None = None
    judge_usage: Usage = field(default_factory=Usage)
    """Tokens of the judges that were asked about this turn; they are no part of the exchange's."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One playing of a scenario."""

    status: Status
    turns: tuple[TurnResult, ...]
    """The turns that were played; one that did not pass is the last."""
    verdicts: tuple[Verdict, ...]
    """Of the checks over the whole conversation; empty where a turn failed."""
    duration_ms: float
    """From the first message to the end of the last turn; waiting for a free place and closing are not counted."""
    requests: int
    """Calls made on the conversation, and on those with judges: one for each message sent, each set of answers given,
    and each close; of a recorded conversation none."""
    problem: Problem | None = None
    """Why no turn could be played, or the whole conversation could not be judged."""
    leftover: Problem | None = None
    """Why the conversation could not be removed from the target; does not change the status."""
    warnings: tuple[Diagnostic, ...] = ()
    """Mocks that were used more or less often than expected; empty where a turn failed, or the scenario is strict."""
    cost_usd: float | None = None
    """What its tokens cost, of a recorded attempt what they cost then; None where that is not known."""
    judge_usage: Usage = field(default_factory=Usage)
    """Tokens of judges, about turns and about the whole conversation."""

    @property
    def usage(self) -> Usage:
        """Tokens of all turns together; those of judges are not counted here."""
        return sum((turn.exchange.usage for turn in self.turns), Usage())

    @property
    def recorded(self) -> bool:
        """Whether it was replayed: times and tokens are those of the day it was recorded."""
        return any(turn.exchange.recorded_ms is not None for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many attempts at one scenario ended how."""

    passed: int = 0
    failed: int = 0
    errored: int = 0
    inconclusive: int = 0

    @property
    def judged(self) -> int:
        """Those that say something about the assistant."""
        return self.passed + self.failed

    @property
    def total(self) -> int:
        """All of them."""
        return self.judged + self.errored + self.inconclusive


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What became of one scenario."""

    located: LocatedScenario
    status: Status
    attempts: tuple[Attempt, ...]
    """In the order they were begun."""
    quarantined: bool = False
    """Whether it does not count today, whatever became of it."""
    taken_over: bool = False
    """Whether it is from the run that this one goes on with, and was not played now."""

    @property
    def duration_ms(self) -> float:
        """Time of all attempts, also where they ran side by side."""
        return sum(attempt.duration_ms for attempt in self.attempts)

    @property
    def recorded(self) -> bool:
        """Whether it was replayed: times and tokens are those of the day it was recorded."""
        return any(attempt.recorded for attempt in self.attempts)

    @property
    def usage(self) -> Usage:
        """Tokens of all attempts together; those of judges are not counted here."""
        return sum((attempt.usage for attempt in self.attempts), Usage())

    @property
    def judge_usage(self) -> Usage:
        """Tokens of judges, in all attempts together."""
        return sum((attempt.judge_usage for attempt in self.attempts), Usage())

    @property
    def requests(self) -> int:
        """Calls made on the conversations of all attempts, those with judges included."""
        return sum(attempt.requests for attempt in self.attempts)

    @property
    def cost_usd(self) -> float | None:
        """What the tokens of all attempts cost; None where it is not known of one of them."""
        return add_costs(self.attempts)

    @property
    def tally(self) -> Tally:
        """How its attempts ended."""
        return count(self.attempts)


def add_costs(attempts: Iterable[Attempt]) -> float | None:
    """Give what attempts cost together; None where it is not known of one of them, or there are none."""
    costs = [attempt.cost_usd for attempt in attempts]
    return add_known(costs) if costs else None


def count(attempts: Collection[Attempt]) -> Tally:
    """Count how attempts ended."""
    return Tally(**{str(status): sum(attempt.status is status for attempt in attempts) for status in Status})


@dataclass(frozen=True, slots=True)
class Run:
    """What became of all scenarios."""

    # Not in its text: asyncio writes down the result of the task it ends, which takes seconds for thousands of them.
    results: tuple[ScenarioResult, ...] = field(repr=False)
    """The finished ones, in the order they were given."""
    duration_ms: float
    """Wall time."""
    not_run: tuple[LocatedScenario, ...] = field(default=(), repr=False)
    """Those that were not finished because the run was stopped, in the order they were given."""
    interrupted: bool = False
    """Whether it was cancelled from outside, for example by Ctrl-C."""
    budget: Budget | None = None
    """What it might cost and what was spent, where it had a budget."""

    @property
    def has_targets(self) -> bool:
        """Whether scenarios of several targets are in it, so that their names say too little."""
        return len({each.target for each in (*(result.located for result in self.results), *self.not_run)}) > 1

    def count(self, status: Status) -> int:
        """Tell how many scenarios ended so; those in quarantine do not count."""
        return sum(result.status is status and not result.quarantined for result in self.results)

    @property
    def quarantined(self) -> int:
        """How many scenarios do not count today."""
        return sum(result.quarantined for result in self.results)

    @property
    def taken_over(self) -> int:
        """How many scenarios are from the run that this one goes on with."""
        return sum(result.taken_over for result in self.results)

    @property
    def budget_reached(self) -> bool:
        """Whether scenarios were left out because the budget was spent."""
        return bool(self.not_run) and not self.interrupted and self.budget is not None and self.budget.is_reached

    @property
    def usage(self) -> Usage:
        """Tokens of all scenarios together, those of judges included."""
        return sum((result.usage + result.judge_usage for result in self.results), Usage())

    @property
    def judge_usage(self) -> Usage:
        """The part of the tokens that judges used."""
        return sum((result.judge_usage for result in self.results), Usage())

    @property
    def recorded(self) -> bool:
        """Whether any scenario was replayed."""
        return any(result.recorded for result in self.results)

    @property
    def recorded_usage(self) -> Usage:
        """The part of the tokens that was used when it was recorded, and not now."""
        attempts = (attempt for result in self.results for attempt in result.attempts)
        return sum((attempt.usage + attempt.judge_usage for attempt in attempts if attempt.recorded), Usage())

    @property
    def cost_usd(self) -> float | None:
        """What the tokens of all scenarios cost; None where it is not known of one of them."""
        return add_costs([attempt for result in self.results for attempt in result.attempts])

    @property
    def recorded_cost_usd(self) -> float | None:
        """The part of the cost that fell due when it was recorded, and not now."""
        attempts = [attempt for result in self.results for attempt in result.attempts]
        return add_costs([attempt for attempt in attempts if attempt.recorded])

    @property
    def requests(self) -> int:
        """Calls made on all conversations."""
        return sum(result.requests for result in self.results)


def exit_code(run: Run) -> int:
    """Give the exit code of `orch test` for a run."""
    counts = {str(status): run.count(status) for status in Status}
    return decide_exit_code(counts, interrupted=run.interrupted, budget_reached=run.budget_reached)
