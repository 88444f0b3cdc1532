"""`orch list`: what is live on a target, and whose it is. Reads only."""

import asyncio
import os
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.options import concurrency, format_option, paths, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.project import fetch_observed, open_session
from orchestrator.reconcile.observe import Observed
from orchestrator.reporting.live_list import list_json, list_text


@click.command(
    epilog=examples(
        "orch list",
        "orch list specs/ --unmanaged --format json",
    )
)
@paths
@target
@click.option(
    "--unmanaged", is_flag=True, help="Show only what no project owns, which is what `orch import --all` would import."
)
@format_option()
@concurrency
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    unmanaged: bool,
    format_: str,
    concurrency: int,
) -> int:
    """List what is live on the target and who owns it.

    Shows kind, id, name and owner of every assistant and vector store. The owner is PROJECT/ADDRESS, or `unmanaged` if
    orch never applied it. PATHS only say which project's target to look at. Nothing is written.

    Exit codes: 0 done; 1 error.
    """
    project = load_project(paths, target, variables, may_be_empty=True)

    async def fetch() -> Observed:
        async with open_session(project, os.environ) as session:
            return await fetch_observed(session, concurrency)

    observed = asyncio.run(fetch())
    lives = [live for live in observed.all if not unmanaged or live.marks is None]
    if format_ == "json":
        click.echo(as_json(list_json(project.name, project.target_name, lives, observed.requests)))
    else:
        show_text(list_text(project.target_name, lives, observed.requests))
    return 0
