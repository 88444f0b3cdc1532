"""The scenarios of a run, on one target or on several, one after the other; together they are one run."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import click

from orchestrator.cli.messages import show_note
from orchestrator.cli.options import Decorated, variables
from orchestrator.cli.resuming import LoggedRun, LogListener
from orchestrator.cli.scenario_progress import watching
from orchestrator.diagnostics import counted
from orchestrator.errors import OrchError
from orchestrator.model.project import Project
from orchestrator.project import opening
from orchestrator.scenario.budget import Budget
from orchestrator.scenario.recorded_run import Recordings, run_or_replay
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Problem, Run, ScenarioResult, exit_code
from orchestrator.scenario.runner import RunOptions


@dataclass(frozen=True, slots=True)
class Part:
    """What is run on one target."""

    project: Project
    logged: LoggedRun
    """Its scenarios, and the log that hears of them."""
    recordings: Recordings | None
    """Those of this target, where some are asked for."""


def targets(command: Decorated) -> Decorated:
    """Take any number of targets, and values for variables."""
    text = "Target to use instead of the project's default (repeatable: one after the other, in one report)."
    return click.option("--target", "targets", multiple=True, metavar="NAME", help=text)(variables(command))


async def run_all(parts: Sequence[Part], options: RunOptions, quiet: bool) -> Run:
    """Run every part and give all results; what was not begun because a part was stopped is not run.

    Of several targets one that cannot be used makes its scenarios errored, so that the others are told all the same;
    of a single one the error is raised. A budget is what all may spend together.
    """
    done: list[Run] = []
    budget = None if options.budget_usd is None else Budget(options.budget_usd)
    for part in parts:
        stopped = any(each.interrupted or (options.fail_fast and exit_code(each)) for each in done)
        if stopped or (budget and budget.is_reached):
            done.append(part.logged.whole(Run((), 0.0, tuple(part.logged.to_play))))
            continue
        if len(parts) > 1 and not quiet:
            count = len(part.logged.to_play)
            show_note(f"target {part.project.target_name}: {counted(count, 'scenario')}")
        ran = await _run(part, replace(options, budget_usd=budget.left_usd if budget else None), quiet, len(parts) > 1)
        if budget and ran.budget:
            budget = budget.with_spent(ran.budget)
        done.append(part.logged.whole(ran))
    return Run(
        results=tuple(chain.from_iterable(each.results for each in done)),
        duration_ms=sum(each.duration_ms for each in done),
        not_run=tuple(chain.from_iterable(each.not_run for each in done)),
        interrupted=any(each.interrupted for each in done),
        budget=budget,
    )


async def _run(part: Part, options: RunOptions, quiet: bool, is_one_of_several: bool) -> Run:
    logged = part.logged
    if not logged.to_play:
        return Run((), 0.0)
    open_target = opening(part.project, os.environ)
    try:
        with watching(len(logged.to_play) + logged.taken, quiet, logged.taken) as watch:
            listener = LogListener(logged, watch)
            options = replace(options, on_interrupt=watch.stopping)
            return await run_or_replay(logged.to_play, part.recordings, open_target, options, listener)
    except OrchError as error:
        if not is_one_of_several:
            raise
        attempt = Attempt(Status.ERRORED, (), (), 0.0, 0, Problem(error.message, error.hint), cost_usd=0.0)
        return Run(tuple(ScenarioResult(located, Status.ERRORED, (attempt,)) for located in logged.to_play), 0.0)
