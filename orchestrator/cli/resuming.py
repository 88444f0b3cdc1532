"""The options of `orch test` that speak of the last run, and the log that the next one will speak of."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import click

from orchestrator.cli.messages import show_note
from orchestrator.cli.options import Decorated
from orchestrator.errors import UsageError
from orchestrator.model.address import Address
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.scenario.project_recordings import get_cleaner
from orchestrator.scenario.results import Run, ScenarioResult, TurnResult
from orchestrator.scenario.results_log import (
    Log,
    ResultsLog,
    ResultsLogError,
    get_results_file,
    read_log,
    to_entry,
)
from orchestrator.scenario.resuming import (
    KeyOf,
    Selection,
    get_assistant_key,
    get_key,
    joined,
    resume,
    select_unpassed,
    start_anew,
)
from orchestrator.scenario.runner import Listener
from orchestrator.scenario.seen import get_seen
from orchestrator.spec.files import show
from orchestrator.spec.sole_writer import sole_writer

GO_ON = "to continue: `orch test --resume`, with the same paths and options"
_NAMED = 5
"""Names that a note lists; more are counted."""


def last_run(command: Decorated) -> Decorated:
    """Take what the last run on the target has to do with this one."""
    command = click.option(
        "--last-failed",
        is_flag=True,
        help="Run only scenarios that are not known to have passed on this target; all of them if all have.",
    )(command)
    return click.option(
        "--resume",
        "resumed",
        is_flag=True,
        help="Continue the last run on this target: keep the verdicts it reached and run the rest.",
    )(command)


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """What the last run has to do with this one."""

    resumed: bool
    last_failed: bool
    today: date


class LoggedRun:
    """The scenarios to play, and the log that hears of each that is finished."""

    def __init__(
        self, chosen: Sequence[LocatedScenario], selection: Selection, add: Callable[[ScenarioResult], None] | None
    ) -> None:
        """`add` writes a result down; None where the log is somebody else's."""
        self._chosen, self._selection, self._add = chosen, selection, add
        self._written = 0

    @property
    def to_play(self) -> Sequence[LocatedScenario]:
        """What is to be played."""
        return self._selection.to_play

    @property
    def taken(self) -> int:
        """How many scenarios are taken over."""
        return len(self._selection.taken)

    def write(self, result: ScenarioResult) -> None:
        """Write a result down."""
        if self._add:
            self._add(result)
            self._written += 1

    def whole(self, done: Run) -> Run:
        """Give the run with what was taken over."""
        return joined(done, self._selection.taken, self._chosen)

    def can_go_on(self, done: Run) -> bool:
        """Tell whether a run ended early and its log knows what was done."""
        return (done.interrupted or done.budget_reached) and bool(self._written or self.taken)


class LogListener:
    """Has every result written down before anybody else hears of it."""

    def __init__(self, logged: LoggedRun, listener: Listener) -> None:
        self._logged, self._listener = logged, listener

    def scenario_started(self, located: LocatedScenario) -> None:
        """Pass it on."""
        self._listener.scenario_started(located)

    def turn_finished(self, located: LocatedScenario, index: int, turn: TurnResult) -> None:
        """Pass it on."""
        self._listener.turn_finished(located, index, turn)

    def scenario_finished(self, result: ScenarioResult) -> None:
        """Write it down and pass it on."""
        self._logged.write(result)
        self._listener.scenario_finished(result)


@contextmanager
def logged_run(project: Project, chosen: Sequence[LocatedScenario], options: ResumeOptions) -> Iterator[LoggedRun]:
    """Read the log of the last run, say what is taken from it, and write the next one.

    Raises `UsageError` where there is no run to go on with, and `ResultsLogError` where its log is damaged or in use.
    """
    file = get_results_file(project.root, project.target_name)
    with _alone(file, project.target_name, options) as alone:
        log = _read(file, options)
        key_of = _keys(project)
        selection = _select(chosen, log, options, key_of, project.target_name)
        if not alone:
            yield LoggedRun(chosen, selection, None)
            return
        started = log.started if log and selection.goes_on else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        known = {located.scenario.name for located in project.scenarios}
        kept = [entry for entry in selection.kept if entry.name in known]
        writer = ResultsLog(file, Log(project.name, project.target_name, started), kept, show_note)
        cleaner = get_cleaner(project, os.environ)
        try:
            yield LoggedRun(
                chosen, selection, lambda result: writer.add(to_entry(result, key_of(result.located), cleaner))
            )
        finally:
            writer.close()


@contextmanager
def _alone(file: Path, target: str, options: ResumeOptions) -> Iterator[bool]:
    """Tell whether this run may write the log; one that goes on with another may not begin before that has ended."""
    with ExitStack() as stack:
        try:
            alone = stack.enter_context(sole_writer(file))
        except OSError as error:
            show_note(f"the results are not kept: {error.filename or file}: {error.strerror or error}")
            yield False
            return
        if not alone and options.resumed:
            message = f"another `orch test` is running on {target}"
            raise ResultsLogError(message, "wait until it is done, then --resume continues it")
        if not alone:
            show_note(f"another `orch test` is running on {target}: --resume will continue that one, not this one")
        yield alone


def _read(file: Path, options: ResumeOptions) -> Log | None:
    try:
        return read_log(file, show(file, Path.cwd()))
    except ResultsLogError as error:
        if options.resumed or options.last_failed:
            raise
        show_note(f"{error.message}; a new log is begun")
        return None


def _select(
    chosen: Sequence[LocatedScenario], log: Log | None, options: ResumeOptions, key_of: KeyOf, target: str
) -> Selection:
    if options.resumed and options.last_failed:
        message = "--resume and --last-failed exclude each other"
        raise UsageError(message, "--resume continues the last run, even if that was one of --last-failed")
    if options.resumed:
        if log is None:
            raise UsageError(f"there is no run on {target} to continue", "start one: `orch test`")
        selection = resume(chosen, log, key_of, options.today)
        _tell(selection, log)
        return selection
    if options.last_failed:
        unpassed = select_unpassed(chosen, log) if log else None
        if unpassed:
            show_note(f"{len(unpassed.to_play)} of {len(chosen)} scenarios are not known to have passed: only these")
            return unpassed
        why = "all passed in the last run" if log else f"there is no last run on {target}"
        show_note(f"{why}: everything is run")
    return start_anew(chosen, log)


def _tell(selection: Selection, log: Log) -> None:
    taken, count = len(selection.taken), len(selection.taken) + len(selection.to_play)
    show_note(f"continuing the run of {log.started}: {taken} of {count} scenarios are taken over")
    for reason, names in selection.again.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        show_note(f"played again, {reason}: {', '.join(names[:_NAMED])}{more}")


def _keys(project: Project) -> KeyOf:
    @cache
    def subject(address: Address) -> str:
        return get_assistant_key(get_seen(project.resources, address))

    return lambda located: get_key(located, subject(located.subject))
