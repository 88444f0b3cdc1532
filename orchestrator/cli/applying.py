"""What every command that writes to a target does: wait for its turn, plan, show, ask, carry out, report."""

import asyncio
import os
import sys
from dataclasses import dataclass

import click

from orchestrator.cli.alone import applying_alone
from orchestrator.cli.asking import confirm
from orchestrator.cli.messages import show_note
from orchestrator.cli.output import as_json, show_text
from orchestrator.cli.progress import moving_line
from orchestrator.errors import PlanError
from orchestrator.model.project import Project
from orchestrator.project import (
    Session,
    apply_recorded,
    fetch_plan,
    open_session,
    resume_plan,
    with_retirements,
)
from orchestrator.reconcile.history import Command
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.plan import HASH, Plan
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.remembering import Origin, get_revision, read_who
from orchestrator.reporting.apply_json import apply_json
from orchestrator.reporting.apply_text import apply_text
from orchestrator.reporting.plan_markdown import apply_markdown
from orchestrator.reporting.plan_text import plan_text

DECLINED = 1


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What was asked for."""

    plan: PlanOptions | Plan
    """What to plan, or the plan that was saved."""
    question: str
    """Asked before anything is written, for example `Apply this to local?`."""
    ask: bool
    """Whether somebody is there to be asked and wants to be."""
    format_: str
    concurrency: int
    quiet: bool
    verbose: bool = False
    approved: str | None = None
    """The beginning of the hash of the one plan that may be carried out."""
    offline_models: bool = True
    """Whether the target is not to be asked when its models are shut down."""
    nothing: str | None = None
    """Said where there is nothing to do, instead of the plan that shows it."""
    command: Command = Command.APPLY
    """As the history shall have it."""


def carry_out(project: Project, options: ApplyOptions) -> int:
    """Do it, print what became of it, and give the exit code."""
    applied = asyncio.run(_carry_out(project, options))
    if applied is None:
        show_note("not applied; nothing was changed")
        return DECLINED
    if options.format_ == "json":
        click.echo(as_json(apply_json(applied)))
    elif options.format_ == "markdown":
        click.echo(apply_markdown(applied))
    elif applied.outcomes:
        show_text(apply_text(applied))
    elif options.nothing is not None:
        click.echo(options.nothing)
    return applied.exit_code


async def _carry_out(project: Project, options: ApplyOptions) -> Applied | None:
    """Plan, show, ask and apply; None where somebody said no."""
    async with applying_alone(project), open_session(project, os.environ) as session:
        plan = await _plan(session, options)
        shown = options.format_ == "text" and not (options.quiet and not options.ask)
        if shown and (plan.pending or options.nothing is None):
            show_text(plan_text(plan, options.verbose))
        actionable = any(change.blocked_by is None for change in plan.pending)
        if options.ask and actionable:
            if not (shown and sys.stdout.isatty()):  # who is asked sees what about
                show_text(plan_text(plan, options.verbose), err=True)
            if not confirm(options.question):
                return None
        with moving_line(len(plan.pending), options.quiet or options.format_ != "text") as line:
            revision = options.plan.revision if isinstance(options.plan, PlanOptions) else get_revision(plan)
            origin = Origin(options.command, read_who(project.root, os.environ), revision)
            return await apply_recorded(session, plan, options.concurrency, origin, show_note, line)


async def _plan(session: Session, options: ApplyOptions) -> Plan:
    """Make the plan, or look again at the saved one; raises `PlanError` where it is not the one that was approved."""
    if isinstance(options.plan, Plan):
        _check_approval(options.plan, options.approved)
        return await resume_plan(session, options.plan, options.concurrency)
    plan = await fetch_plan(session, options.plan, options.concurrency)
    _check_approval(plan, options.approved)
    return plan if options.offline_models else await with_retirements(session, plan, show_note)


def _check_approval(plan: Plan, approved: str | None) -> None:
    if approved is not None and not plan.hash.startswith(approved.lower()):
        message = f"the plan that was approved is {approved}; this one is {plan.hash[:HASH]}, so nothing was changed"
        raise PlanError(message, "see what differs with `orch plan`, then approve its hash")
