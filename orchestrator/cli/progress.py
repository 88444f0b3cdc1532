"""What is going on, on stderr: a line that moves and leaves nothing behind; without a terminal, one now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orchestrator.cli.messages import show_note
from orchestrator.diagnostics import counted
from orchestrator.reconcile.outcome import Outcome
from orchestrator.reconcile.plan import Change

EVERY = 30.0
"""Seconds between two lines where none moves: a CI system ends what says nothing for long."""


class Line:
    """A moving line; hears of changes."""

    def __init__(self, progress: Progress, task: TaskID, now_and_then: Callable[[str], None]) -> None:
        self._progress, self._task, self._now_and_then = progress, task, now_and_then

    def started(self, change: Change) -> None:
        """Show the change that begins."""
        self._progress.update(self._task, description=f"{change.action} {change.address}")

    def reached(self, change: Change, step: str, done: int, total: int) -> None:
        """Show how far a change with many files is."""
        said = f"{change.action} {change.address}: {done:,} of {total:,} files {step}"
        self._progress.update(self._task, description=said)
        self._now_and_then(said)

    def finished(self, outcome: Outcome) -> None:
        """Count a change."""
        self._progress.advance(self._task)

    def stopping(self, under_way: int) -> None:
        """Say what Ctrl-C does, and what a second one would."""
        left = f"finishing {counted(under_way, 'change')} under way"
        self._progress.console.print(f"Interrupted: {left}; Ctrl-C again stops at once.", highlight=False)


@contextmanager
def moving_line(total: int, quiet: bool, clock: Callable[[], float] = time.monotonic) -> Iterator[Line]:
    """Show a line while `total` things are done; `clock` gives seconds."""
    console = Console(stderr=True)
    told = clock()

    def now_and_then(said: str) -> None:
        nonlocal told
        if not quiet and not console.is_terminal and clock() - told >= EVERY:
            told = clock()
            show_note(said)

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = quiet or total == 0 or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        yield Line(progress, progress.add_task("", total=total), now_and_then)
