"""The scenarios of a run, on one target or on several, one after the other; together they are one run."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import click

from orchestrator.cli.messages import show_note
from orchestrator.cli.options import Decorated
from orchestrator.cli.progress import moving_line
from orchestrator.errors import OrchError
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.project import opening
from orchestrator.scenario.recorded_run import Recordings, run_recorded
from orchestrator.scenario.results import Attempt, Problem, Run, ScenarioResult, Status, exit_code
from orchestrator.scenario.runner import RunOptions, run


@dataclass(frozen=True, slots=True)
class Part:
    """What is run on one target."""

    project: Project
    chosen: Sequence[LocatedScenario]
    recordings: Recordings | None
    """Those of this target, where some are asked for."""


def targets(command: Decorated) -> Decorated:
    """Take any number of targets, and values for variables."""
    command = click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A value for vars.NAME.")(
        command
    )
    text = "Target to use, instead of the project's default (repeatable: one after the other, in one report)."
    return click.option("--target", "targets", multiple=True, metavar="NAME", help=text)(command)


async def run_all(parts: Sequence[Part], options: RunOptions, quiet: bool) -> Run:
    """Run every part and give all results; what was not begun because a part was stopped is not run.

    Of several targets one that cannot be used makes its scenarios errored, so that the others are told all the same;
    of a single one the error is raised.
    """
    done: list[Run] = []
    for part in parts:
        if any(each.interrupted or (options.fail_fast and exit_code(each)) for each in done):
            done.append(Run((), 0.0, tuple(part.chosen)))
            continue
        if len(parts) > 1 and not quiet:
            count = len(part.chosen)
            show_note(f"target {part.project.target_name}: {count} scenario{'' if count == 1 else 's'}")
        done.append(await _run(part, options, quiet, len(parts) > 1))
    return Run(
        results=tuple(chain.from_iterable(each.results for each in done)),
        duration_ms=sum(each.duration_ms for each in done),
        not_run=tuple(chain.from_iterable(each.not_run for each in done)),
        interrupted=any(each.interrupted for each in done),
    )


async def _run(part: Part, options: RunOptions, quiet: bool, is_one_of_several: bool) -> Run:
    if not part.chosen:
        return Run((), 0.0)
    open_target = opening(part.project, os.environ)
    try:
        with moving_line(len(part.chosen), quiet) as line:
            if part.recordings is not None:
                return await run_recorded(part.chosen, part.recordings, open_target, options, line)
            async with open_target(part.chosen) as open_conversation:
                return await run(part.chosen, open_conversation, options, line)
    except OrchError as error:
        if not is_one_of_several:
            raise
        attempt = Attempt(Status.ERRORED, (), (), 0.0, 0, Problem(error.message, error.hint))
        return Run(tuple(ScenarioResult(located, Status.ERRORED, (attempt,)) for located in part.chosen), 0.0)
