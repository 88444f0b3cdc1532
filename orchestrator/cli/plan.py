"""`orch plan`: what apply would change. Reads only."""

import asyncio
import os
import shlex
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project, select
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import (
    concurrency,
    format_option,
    offline_models,
    only,
    paths,
    refreshing,
    target,
    verbosity,
)
from orchestrator.cli.output import as_json, show_text
from orchestrator.project import fetch_plan, open_session, with_retirements
from orchestrator.reconcile.plan import HASH, Plan
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reporting.plan_json import plan_json
from orchestrator.reporting.plan_markdown import plan_markdown
from orchestrator.reporting.plan_text import plan_text
from orchestrator.spec.revisions import read_revision


@click.command(
    epilog=examples(
        "orch plan specs/",
        "orch plan --target foundry --only 'assistant.*'",
        "orch plan --prune --out plan.json",
        "orch plan --detailed-exitcode --format markdown > comment.md",
    )
)
@paths
@target
@only
@click.option(
    "--prune", is_flag=True, help="Also plan to delete what this project owns and the specs no longer declare."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan as JSON, for `orch apply PATH FILE`.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes.")
@refreshing
@offline_models
@format_option(markdown=True)
@concurrency
@verbosity("Show long texts whole, every file of a store, and what is unchanged.")
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    prune: bool,
    out: Path | None,
    detailed_exitcode: bool,
    refresh: bool,
    retry_failed: bool,
    offline_models: bool,
    format_: str,
    concurrency: int,
    verbose: bool,
) -> int:
    """Show what apply would change.

    Compares every field three ways (the specs, the live object, what was last applied) and says who changed it.
    Nothing is written to the target. A plan saved with --out is applied as it was reviewed; what has changed on the
    target since then is refused.

    PATHS are spec files or folders of one project: only what they declare is planned. Without PATHS, or with the
    project's folder, everything is.

    Exit codes: 0 done; 1 error; 2 with --detailed-exitcode, if there are changes.
    """
    project = load_project(paths, target, variables, refresh=refresh)
    options = PlanOptions(
        prune=prune,
        only=select(project, paths, only, prune),
        refresh=refresh,
        retry_failed=retry_failed,
        revision=read_revision(project.root),
    )

    async def fetch() -> Plan:
        async with open_session(project, os.environ) as session:
            plan = await fetch_plan(session, options, concurrency)
            return plan if offline_models else await with_retirements(session, plan, show_note)

    plan = asyncio.run(fetch())
    if out is not None:
        out.write_text(as_json(plan_json(plan)) + "\n", encoding="utf-8")
    if format_ == "json":
        click.echo(as_json(plan_json(plan)))
    elif format_ == "markdown":
        click.echo(plan_markdown(plan))
    else:
        show_text(plan_text(plan, verbose))
    if out is not None:
        given = shlex.join(map(str, (*paths, out)))
        show_note(f"saved to {out}; apply it with `orch apply {given}`; its hash is {plan.hash[:HASH]}")
    return 2 if detailed_exitcode and plan.pending else 0
