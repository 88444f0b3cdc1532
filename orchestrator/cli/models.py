"""`orch models`: which models the project uses, and when they end. Reads only."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_warning
from orchestrator.cli.options import format_option, paths, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.project import open_session
from orchestrator.reconcile.model_uses import Listed, uses, warnings
from orchestrator.reporting.model_list import model_list_json, model_list_text


@click.command(
    epilog=examples(
        "orch models",
        "orch models --target openai --all",
        "orch models --format json",
    )
)
@paths
@target
@click.option("--all", "all_of_them", is_flag=True, help="List every model of the target, not just those in use.")
@format_option()
def command(
    paths: tuple[Path, ...], target: str | None, variables: tuple[str, ...], all_of_them: bool, format_: str
) -> int:
    """List the models in use and when they are shut down.

    Warns first, with the place in the specs, of each model that the target does not have, that is shut down, or that
    will be within 90 days. Sends one request and writes nothing. PATHS only say which project.

    Exit codes: 0 done, even if there are warnings; 1 error.
    """
    project = load_project(paths, target, variables)

    async def fetch() -> Listed | None:
        async with open_session(project, os.environ) as session:
            return await session.provider.fetch_models()

    listed = asyncio.run(fetch())
    used = uses(project.resources, project.scenarios, listed)
    for each in warnings(used, project.resources, project.target_name, datetime.now(UTC).date()):
        show_warning(each.position, each.message, each.hint or "")
    if format_ == "json":
        click.echo(as_json(model_list_json(project.name, project.target_name, used, listed)))
    else:
        show_text(model_list_text(project.target_name, used, listed, all_of_them))
    return 0
