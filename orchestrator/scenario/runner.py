"""Playing scenarios: many conversations at a time, each told what its scenario says and judged turn by turn.

A conversation is the unit of parallelism: its turns follow each other, conversations do not wait for each other. A
scenario that is repeated has a conversation for each attempt; as many run side by side as any verdict takes.
What goes wrong inside one stays inside it; only a defect of orch itself, or of a caller's listener, stops the run.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from math import inf
from typing import Protocol

from orchestrator.errors import TargetError, UsageError
from orchestrator.model.project import LocatedScenario
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.budget import Budget
from orchestrator.scenario.conversing import play
from orchestrator.scenario.costs import get_attempt_cost
from orchestrator.scenario.judge_prompt import Case
from orchestrator.scenario.judging import Judging
from orchestrator.scenario.playing import Playing
from orchestrator.scenario.quarantine import Held, get_held
from orchestrator.scenario.repeating import get_rule
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Problem, Run, ScenarioResult, TurnResult
from orchestrator.scenario.setting import get_setting

Open = Callable[[LocatedScenario], Conversation]
"""Begins the conversation of a scenario; may raise `TargetError`."""
OpenJudge = Callable[[LocatedScenario, int, Case], Conversation]
"""Begins a conversation with a judge of a scenario, in the attempt of this number from 0; may raise `TargetError`."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run; raises `UsageError` where it makes no sense."""

    concurrency: int = 8
    """Conversations at a time."""
    fail_fast: bool = False
    """Begin no scenario after one that did not pass; those under way are finished."""
    close_seconds: float = 10.0
    """How long a conversation may take to close, also when the run is being cancelled."""

    budget_usd: float | None = None
    """What it may cost: no attempt begins once that much is spent; those under way are finished."""
    today: date = date.max
    """The day by which quarantines are judged; on the default all are over."""
    on_interrupt: Callable[[int], None] | None = None
    """Hears that the run is being cancelled, and how many attempts are broken off and closed."""

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise UsageError(f"a concurrency of {self.concurrency} runs nothing", "give 1 or more")
        if self.budget_usd is not None and not 0 < self.budget_usd < inf:
            raise UsageError(f"a budget of {self.budget_usd} USD buys nothing", "give more than 0")


class Listener(Protocol):
    """Who wants to know how far a run is. Called between two steps of the run, so it returns at once."""

    def scenario_started(self, located: LocatedScenario) -> None:
        """The first conversation of a scenario begins."""
        ...

    def turn_finished(self, located: LocatedScenario, index: int, turn: TurnResult) -> None:
        """The turn with this index, counted from 0, was played in one of the scenario's attempts."""
        ...

    def scenario_finished(self, result: ScenarioResult) -> None:
        """A scenario is done."""
        ...


class _Run:
    """The work shared by the workers of one run: each takes the next attempt until none is left."""

    def __init__(
        self,
        scenarios: Sequence[LocatedScenario],
        open: Open,
        options: RunOptions,
        listener: Listener | None,
        open_judge: OpenJudge,
    ) -> None:
        self._scenarios = scenarios
        self._open, self._open_judge = open, open_judge
        self._options = options
        self._listener = listener
        self._next: Iterator[tuple[int, LocatedScenario]] = iter(enumerate(scenarios))
        self._playing: dict[int, Playing] = {}
        self._progress = asyncio.Event()
        self.under_way = 0
        self._stopped = False
        self._budget = None if options.budget_usd is None else Budget(options.budget_usd)
        self._results: dict[int, ScenarioResult] = {}
        self._began = time.perf_counter()

    async def work(self) -> None:
        while playing := await self._take():
            number = playing.begin()
            self.under_way += 1
            attempt = await self._attempt(playing.located, number)
            self.under_way -= 1
            if self._budget and not attempt.recorded:
                self._budget = self._budget.after(attempt.cost_usd)
            result = playing.add(number, attempt)
            if result:
                self._finish(playing.index, result)
            self._progress.set()  # wakes those who wait ...
            self._progress.clear()  # ... and nobody who waits later

    async def _take(self) -> Playing | None:
        """Give the scenario whose next attempt is to be played; None once there is no more to do.

        A scenario under way goes before one that is not begun, so that verdicts come early and in order.
        """
        while not (self._budget and self._budget.is_reached):
            for playing in self._playing.values():
                if playing.wants_more:
                    return playing
            if not self._stopped and (following := next(self._next, None)):
                playing = Playing(*following)
                self._playing[playing.index] = playing
                if self._listener:
                    self._listener.scenario_started(playing.located)
                return playing
            if not self._playing:
                return None
            await self._progress.wait()  # what is under way may ask for another attempt
        return None

    def _finish(self, index: int, result: ScenarioResult) -> None:
        del self._playing[index]
        quarantined = get_held(result.located.scenario, self._options.today) is Held.NOW
        self._results[index] = result = replace(result, quarantined=quarantined)
        if self._listener:
            self._listener.scenario_finished(result)
        if self._options.fail_fast and result.status is not Status.PASSED and not quarantined:
            self._stopped = True

    async def _attempt(self, located: LocatedScenario, number: int) -> Attempt:
        try:
            conversation = self._open(located)
        except TargetError as error:
            problem, cost = Problem(error.message, error.hint), get_attempt_cost((), located.price)
            return Attempt(Status.ERRORED, (), (), 0.0, 0, problem, cost_usd=cost)

        def told(index: int, turn: TurnResult) -> None:
            if self._listener:
                self._listener.turn_finished(located, index, turn)

        open_judge = partial(self._open_judge, located, number)
        judging = Judging(get_setting(located), open_judge, self._options.close_seconds)
        return await play(located.scenario, conversation, told, judging)

    def outcome(self, interrupted: bool) -> Run:
        places = range(len(self._scenarios))
        return Run(
            results=tuple(self._results[i] for i in places if i in self._results),
            duration_ms=(time.perf_counter() - self._began) * 1000,
            not_run=tuple(self._scenarios[i] for i in places if i not in self._results),
            interrupted=interrupted,
            budget=self._budget,
        )


def with_judge(located: LocatedScenario, case: Case) -> LocatedScenario:
    """Give the scenario that talks to the judge of a case, whose model is its own."""
    return replace(located, scenario=located.scenario.model_copy(update={"assistant": case.judge}), model=None)


async def run(
    scenarios: Sequence[LocatedScenario],
    open: Open,
    options: RunOptions,
    listener: Listener | None = None,
    open_judge: OpenJudge | None = None,
) -> Run:
    """Run scenarios, each as often as it says, and give what became of them, in the order they were given.

    A cancellation, such as Ctrl-C under `asyncio.run`, ends the run early: conversations under way are closed, and
    what is finished is returned with `interrupted` set. A `TargetError` makes its scenario errored; any other
    exception ends the run and is raised, after all conversations are closed. A judge is an assistant like any other:
    without `open_judge` its conversations are begun by `open`, as those of a scenario that talks to it.
    """

    def ask(located: LocatedScenario, _: int, case: Case) -> Conversation:
        return open(with_judge(located, case))

    work = _Run(scenarios, open, options, listener, open_judge or ask)
    at_once = sum(get_rule(located.scenario.repeat).bounds.least for located in scenarios)
    workers = [asyncio.create_task(work.work()) for _ in range(min(options.concurrency, at_once))]
    if not workers:
        return work.outcome(interrupted=False)
    interrupted = False
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        interrupted = True
        if options.on_interrupt:
            options.on_interrupt(work.under_way)
        if task := asyncio.current_task():
            task.uncancel()  # the cancellation is answered by a partial result, not passed on
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
    for worker in workers:
        if not worker.cancelled() and (error := worker.exception()):
            raise error
    return work.outcome(interrupted)
