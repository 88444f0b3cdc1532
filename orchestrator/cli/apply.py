"""`orch apply`: make the target what the specs say."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import click

from orchestrator.cli.asking import confirm, somebody_is_there
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import (
    concurrency,
    load_project,
    only,
    paths,
    quietness,
    reports,
    select,
    target,
    verbosity,
)
from orchestrator.cli.output import as_json, show_text
from orchestrator.cli.progress import moving_line
from orchestrator.model.project import Project
from orchestrator.project import apply_plan, fetch_plan, only_writer, open_session, read_revision
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reporting.apply_json import apply_json
from orchestrator.reporting.apply_text import apply_text
from orchestrator.reporting.plan_markdown import apply_markdown
from orchestrator.reporting.plan_text import plan_text

DECLINED = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    options: PlanOptions
    ask: bool
    """Whether somebody is there to be asked and wants to be."""
    format_: str
    concurrency: int
    quiet: bool
    verbose: bool


@click.command(epilog="Examples: `orch apply specs/`, `orch apply --target foundry --yes`, `orch apply --prune`.")
@paths
@target
@only
@click.option("--prune", is_flag=True, help="Also delete what this project owns and the specs do not declare any more.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask; without a terminal nothing is ever asked.")
@reports
@concurrency
@quietness
@verbosity
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    prune: bool,
    yes: bool,
    format_: str,
    concurrency: int,
    quiet: bool,
    verbose: bool,
) -> int:
    """Make the target what the specs say.

    Shows the plan, asks on a terminal, then creates and updates what differs; every write is read back. Ctrl-C
    finishes what is under way and leaves the rest for the next apply.

    Exits 0 when done or with nothing to do, 1 on an error, 4 where a guard blocked a change, 5 where only a part was
    applied.
    """
    project = load_project(paths, target, variables)
    wish = Wish(
        options=PlanOptions(prune=prune, only=select(project, paths, only), revision=read_revision(project.root)),
        ask=somebody_is_there(yes, format_),
        format_=format_,
        concurrency=concurrency,
        quiet=quiet,
        verbose=verbose,
    )
    applied = asyncio.run(_apply(project, wish))
    if applied is None:
        show_note("not applied; nothing was changed")
        return DECLINED
    if wish.format_ == "json":
        click.echo(as_json(apply_json(applied)))
    elif wish.format_ == "markdown":
        click.echo(apply_markdown(applied))
    elif applied.outcomes:
        show_text(apply_text(applied))
    return applied.exit_code


async def _apply(project: Project, wish: Wish) -> Applied | None:
    """Plan, show, ask and carry out; None where somebody said no."""
    waiting = f"another orch is applying to {project.target_name}; waiting for it"
    async with only_writer(project, lambda: show_note(waiting)), open_session(project, os.environ) as session:
        plan = await fetch_plan(session, wish.options, wish.concurrency)
        if wish.format_ == "text" and not (wish.quiet and not wish.ask):
            show_text(plan_text(plan, wish.verbose))
        actionable = any(change.blocked_by is None for change in plan.pending)
        if wish.ask and actionable and not confirm(f"Apply this to {project.target_name}?"):
            return None
        with moving_line(len(plan.pending), wish.quiet or wish.format_ != "text") as line:
            return await apply_plan(session, plan, wish.concurrency, line)
