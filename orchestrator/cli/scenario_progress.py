"""How far a run of scenarios is, on stderr: a line that moves on a terminal, elsewhere a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orchestrator.diagnostics import counted
from orchestrator.model.project import LocatedScenario
from orchestrator.reporting.money import usd
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import ScenarioResult, TurnResult

EVERY_SECONDS = 10.0
"""Without a terminal, a line once this much time has passed since the last one ..."""
EVERY_SHARE = 0.1
"""... or this share of the scenarios is done, ..."""
LEAST_SECONDS = 1.0
"""... but none sooner than this: a short run says nothing before its report."""


class Display(Protocol):
    """Where progress is shown."""

    def doing(self, what: str) -> None:
        """Show what has just begun or gone on."""
        ...

    def done(self, count: int, state: str) -> None:
        """Show how many scenarios are done, and what came of them so far."""
        ...

    def say(self, text: str) -> None:
        """Show a line that stays."""
        ...


class Watch:
    """Hears how a run goes, and counts."""

    def __init__(self, display: Display, taken: int = 0) -> None:
        """`taken` scenarios are done before it begins."""
        self._display, self._done = display, taken
        self._counts = dict.fromkeys((Status.FAILED, Status.ERRORED), 0)
        self._spent = 0.0

    def scenario_started(self, located: LocatedScenario) -> None:
        """Show the scenario that begins."""
        self._display.doing(located.scenario.name)

    def turn_finished(self, located: LocatedScenario, index: int, turn: TurnResult) -> None:
        """Show how far a conversation has come."""
        self._display.doing(f"{located.scenario.name} {index + 1}/{len(located.scenario.turns)}")

    def scenario_finished(self, result: ScenarioResult) -> None:
        """Count a scenario."""
        self._done += 1
        if result.status in self._counts and not result.quarantined:
            self._counts[result.status] += 1
        self._spent += sum(attempt.cost_usd or 0.0 for attempt in result.attempts if not attempt.recorded)
        self._display.done(self._done, self._state())

    def stopping(self, under_way: int) -> None:
        """Say what Ctrl-C does, and what a second one would."""
        closing = f"closing {counted(under_way, 'conversation')} under way"
        self._display.say(f"Interrupted: {closing}; Ctrl-C again stops at once.")

    def _state(self) -> str:
        parts = [f"{number} {status}" for status, number in self._counts.items() if number]
        return ", ".join([*parts, *([f"{usd(self._spent)} spent"] if self._spent else [])])


class Moving:
    """A terminal: one line that moves and leaves nothing behind."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def doing(self, what: str) -> None:
        """Change the words before the bar."""
        self._progress.update(self._task, description=what)

    def done(self, count: int, state: str) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=count, state=state)

    def say(self, text: str) -> None:
        """Print above the line."""
        self._progress.console.print(text, highlight=False, markup=False)


class Lines:
    """A file or a pipe: lines that stay, few of them."""

    def __init__(self, total: int, show: Callable[[str], None], clock: Callable[[], float]) -> None:
        """`clock` gives seconds."""
        self._total, self._show, self._clock = total, show, clock
        self._began = self._last = clock()
        self._shown = 0
        self._count, self._state = 0, ""

    def doing(self, what: str) -> None:
        """Show where it stands where nothing was shown for long."""
        self._tell_if(EVERY_SECONDS)

    def done(self, count: int, state: str) -> None:
        """Show where it stands where that is much further than what was shown."""
        self._count, self._state = count, state
        is_step = count - self._shown >= EVERY_SHARE * self._total
        self._tell_if(LEAST_SECONDS if is_step else EVERY_SECONDS)

    def say(self, text: str) -> None:
        """Show it."""
        self._show(text)

    def _tell_if(self, seconds: float) -> None:
        now = self._clock()
        if now - self._last < seconds or self._count >= self._total:  # the report follows
            return
        self._last, self._shown = now, self._count
        state = f", {self._state}" if self._state else ""
        self._show(f"{self._count} of {self._total} scenarios done after {now - self._began:.0f} s{state}")


class Silent:
    """Nobody looks; what has to be said is said."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def doing(self, what: str) -> None:
        """Show nothing."""

    def done(self, count: int, state: str) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show it."""
        self._show(text)


@contextmanager
def watching(total: int, quiet: bool, taken: int = 0) -> Iterator[Watch]:
    """Show how far a run of `total` scenarios is, of which `taken` are done before it begins."""
    console = Console(stderr=True)

    def show(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    if quiet:
        yield Watch(Silent(show), taken)
    elif not console.is_terminal:
        yield Watch(Lines(total, show, time.monotonic), taken)
    else:
        state = TextColumn("{task.fields[state]}", markup=False)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            state,
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("", total=total, completed=taken, state="")
            yield Watch(Moving(progress, task), taken)
