"""`orch gc`: uploaded files that nothing has, and that look like ones of this project."""

import asyncio
import os
from pathlib import Path

import click

from orchestrator.cli.asking import confirm, somebody_is_there
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import format_option, paths, target, yes
from orchestrator.cli.output import as_json, show_text
from orchestrator.model.project import Project
from orchestrator.project import open_session
from orchestrator.providers.interface import LooseFile, Provider
from orchestrator.reporting.loose_files import loose_json, loose_text

DECLINED = 1


@click.command(
    epilog=examples(
        "orch gc",
        "orch gc --target openai --delete",
        "orch gc --format json",
    )
)
@paths
@target
@click.option("--delete", is_flag=True, help="Delete what is listed; asks first on a terminal.")
@yes
@format_option()
def command(
    paths: tuple[Path, ...], target: str | None, variables: tuple[str, ...], delete: bool, yes: bool, format_: str
) -> int:
    """List orphaned uploads of this project.

    When an apply is killed, the next one in the same checkout cleans up after it. On another machine its journal is
    missing, and uploads may be left over. Listed are files that no vector store and no assistant on the target uses,
    and whose name and size are those of a file this project declares. One may still be somebody else's, so nothing is
    deleted without --delete. PATHS only say which project.

    Exit codes: 0 done; 1 error, or you said no.
    """
    project = load_project(paths, target, variables)
    return asyncio.run(_collect(project, delete, yes, format_))


async def _collect(project: Project, delete: bool, yes: bool, format_: str) -> int:
    files = [file for resource in project.resources.values() for file in (resource.sources or {}).values()]
    looks = {(os.path.basename(file), os.stat(file).st_size) for file in files}
    async with open_session(project, os.environ) as session:
        found = await session.provider.fetch_loose(looks) if looks else ()
        if format_ == "text":
            show_text(loose_text(found, project.target_name))
        wanted = delete and bool(found)
        if wanted and somebody_is_there(yes) and not confirm(f"Delete them from {project.target_name}?"):
            show_note("nothing was deleted")
            return DECLINED
        deleted = await _delete(session.provider, found) if wanted else 0
    if format_ == "json":
        click.echo(as_json(loose_json(found, project.name, project.target_name, deleted)))
    elif wanted:
        click.echo(f"{deleted} deleted.")
    elif found:
        show_note("`orch gc --delete` deletes them")
    return 0


async def _delete(provider: Provider, files: tuple[LooseFile, ...]) -> int:
    for file in files:
        await provider.delete_file(file.id)
    return len(files)
