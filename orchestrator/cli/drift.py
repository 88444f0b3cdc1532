"""`orch drift`: what changed outside. Reads only."""

import asyncio
import os
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project, select
from orchestrator.cli.options import concurrency, format_option, only, paths, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.project import fetch_plan, open_session
from orchestrator.reconcile.drift import Drift, drift
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reporting.drift_json import drift_json
from orchestrator.reporting.drift_text import drift_text
from orchestrator.reporting.plan_markdown import drift_markdown

DRIFTED = 3


@click.command(
    epilog=examples(
        "orch drift",
        "orch drift specs/ --target foundry --format markdown",
        "orch drift --only assistant.math-tutor",
    )
)
@paths
@target
@only
@format_option(markdown=True)
@concurrency
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    format_: str,
    concurrency: int,
) -> int:
    """Show what was changed outside the specs.

    Compares what is live with what was last applied, and shows the fields that somebody else changed; for what only
    the specs changed, see `orch plan`. Nothing is written. A resource deleted outside looks like one that was never
    applied: it is listed as not live, and `orch plan` shows it as a create. The files of a store are read only if
    their number or recorded digest differs.

    PATHS are spec files or folders of one project: only what they declare is compared. Without PATHS, or with the
    project's folder, everything is.

    Exit codes: 0 no drift; 1 error; 3 drift.
    """
    project = load_project(paths, target, variables)
    options = PlanOptions(only=select(project, paths, only))

    async def fetch() -> Drift:
        async with open_session(project, os.environ) as session:
            return drift(await fetch_plan(session, options, concurrency))

    found = asyncio.run(fetch())
    match format_:
        case "json":
            click.echo(as_json(drift_json(found)))
        case "markdown":
            click.echo(drift_markdown(found))
        case _:
            show_text(drift_text(found))
    return DRIFTED if found.resources else 0
