"""What every command that writes to a target does: wait for its turn, plan, show, ask, carry out, report."""

import asyncio
import os
from dataclasses import dataclass

import click

from orchestrator.cli.asking import confirm
from orchestrator.cli.messages import show_note
from orchestrator.cli.output import as_json, show_text
from orchestrator.cli.progress import moving_line
from orchestrator.model.project import Project
from orchestrator.project import apply_recorded, fetch_plan, only_writer, open_session, read_who
from orchestrator.reconcile.history import Command
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.remembering import Origin
from orchestrator.reporting.apply_json import apply_json
from orchestrator.reporting.apply_text import apply_text
from orchestrator.reporting.plan_markdown import apply_markdown
from orchestrator.reporting.plan_text import plan_text

DECLINED = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    options: PlanOptions
    question: str
    """Asked before anything is written, for example `Apply this to local?`."""
    ask: bool
    """Whether somebody is there to be asked and wants to be."""
    format_: str
    concurrency: int
    quiet: bool
    verbose: bool = False
    nothing: str | None = None
    """Said where there is nothing to do, instead of the plan that shows it."""
    command: Command = Command.APPLY
    """As the history shall have it."""


def carry_out(project: Project, wish: Wish) -> int:
    """Do it, print what became of it, and give the exit code."""
    applied = asyncio.run(_carry_out(project, wish))
    if applied is None:
        show_note("not applied; nothing was changed")
        return DECLINED
    if wish.format_ == "json":
        click.echo(as_json(apply_json(applied)))
    elif wish.format_ == "markdown":
        click.echo(apply_markdown(applied))
    elif applied.outcomes:
        show_text(apply_text(applied))
    elif wish.nothing is not None:
        click.echo(wish.nothing)
    return applied.exit_code


async def _carry_out(project: Project, wish: Wish) -> Applied | None:
    """Plan, show, ask and apply; None where somebody said no."""
    waiting = f"another orch is applying to {project.target_name}; waiting for it"
    async with only_writer(project, lambda: show_note(waiting)), open_session(project, os.environ) as session:
        plan = await fetch_plan(session, wish.options, wish.concurrency)
        shown = wish.format_ == "text" and not (wish.quiet and not wish.ask)
        if shown and (plan.pending or wish.nothing is None):
            show_text(plan_text(plan, wish.verbose))
        actionable = any(change.blocked_by is None for change in plan.pending)
        if wish.ask and actionable and not confirm(wish.question):
            return None
        with moving_line(len(plan.pending), wish.quiet or wish.format_ != "text") as line:
            origin = Origin(wish.command, read_who(project.root, os.environ), wish.options.revision)
            return await apply_recorded(session, plan, wish.concurrency, origin, show_note, line)
