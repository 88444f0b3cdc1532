"""`orch destroy`: delete what this project owns on a target."""

import asyncio
import os
from pathlib import Path

import click

from orchestrator.cli.asking import confirm, somebody_is_there
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import concurrency, formats, load_project, only, paths, quietness, select, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.cli.progress import moving_line
from orchestrator.model.project import Project
from orchestrator.project import apply_plan, fetch_plan, only_writer, open_session
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reporting.apply_json import apply_json
from orchestrator.reporting.apply_text import apply_text
from orchestrator.reporting.plan_text import plan_text

DECLINED = 1


@click.command(epilog="Examples: `orch destroy --target staging`, `orch destroy specs/old.yaml --yes`.")
@paths
@target
@only
@click.option("-y", "--yes", is_flag=True, help="Do not ask; without a terminal nothing is ever asked.")
@formats
@concurrency
@quietness
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    yes: bool,
    format_: str,
    concurrency: int,
    quiet: bool,
) -> int:
    """Delete what this project owns on the target.

    Everything, also what the specs do not declare any more; with paths, what they declare. Shows what goes and asks on
    a terminal. What is protected, or still used by something that stays, is blocked. The limit on how many objects
    `apply --prune` deletes at once does not apply here: deleting is what is asked for. The specs stay as they are, and
    what other projects own is never touched.

    Exits 0 when done or with nothing to do, 1 on an error, 4 where a guard blocked a delete, 5 where only a part was
    deleted.
    """
    project = load_project(paths, target, variables, may_be_empty=True)
    options = PlanOptions(destroy=True, only=select(project, paths, only))
    ask = somebody_is_there(yes, format_)
    applied = asyncio.run(_destroy(project, options, ask, concurrency, quiet, format_ == "json"))
    if applied is None:
        show_note("not destroyed; nothing was changed")
        return DECLINED
    if format_ == "json":
        click.echo(as_json(apply_json(applied)))
    elif applied.outcomes:
        show_text(apply_text(applied))
    else:
        click.echo(f"Nothing to destroy: {project.name} owns nothing of this on {project.target_name}.")
    return applied.exit_code


async def _destroy(
    project: Project, options: PlanOptions, ask: bool, concurrency: int, quiet: bool, json: bool
) -> Applied | None:
    """Plan, show, ask and delete; None where somebody said no."""
    waiting = f"another orch is applying to {project.target_name}; waiting for it"
    async with only_writer(project, lambda: show_note(waiting)), open_session(project, os.environ) as session:
        plan = await fetch_plan(session, options, concurrency)
        if plan.pending and not json and (ask or not quiet):
            show_text(plan_text(plan))
        actionable = any(change.blocked_by is None for change in plan.pending)
        if ask and actionable and not confirm(f"Delete this from {project.target_name}?"):
            return None
        with moving_line(len(plan.pending), quiet or json) as line:
            return await apply_plan(session, plan, concurrency, line)
