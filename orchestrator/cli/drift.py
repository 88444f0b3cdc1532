"""`orch drift`: what changed outside. Reads only."""

import asyncio
import os
from pathlib import Path

import click

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


@click.command(epilog="Examples: `orch drift`, `orch drift specs/ --target foundry --format markdown`.")
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
    """Show what changed outside.

    Compares what is live with what was last applied, and shows the fields somebody else moved; what only the specs
    moved is `orch plan`'s to show. Nothing is written. A resource that was deleted outside cannot be told from one
    that was never applied: it is listed as not live, and as a create in the plan. The files of a store are read where
    their number changed.

    Exits 0 without drift, 3 with, 1 on an error.
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
