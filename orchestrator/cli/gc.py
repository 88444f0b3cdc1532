"""`orch gc`: uploaded files that nothing has, and that look like ones of this project."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from orchestrator.cli.alone import applying_alone
from orchestrator.cli.asking import confirm, somebody_is_there
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import format_option, paths, target, yes
from orchestrator.cli.output import as_json, show_text
from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.model.release import FOLDER
from orchestrator.project import Session, open_session
from orchestrator.providers.interface import LooseFile
from orchestrator.providers.side_by_side import for_all
from orchestrator.reporting.loose_files import loose_json, loose_text

DECLINED = 1
HOUR = 60
"""Minutes after which no apply is taken to be at a file any more."""
LOOKED_AT = (
    "looked for in vector stores, assistants and the releases of this project; not in threads, conversations, "
    "sessions and releases kept elsewhere"
)


@dataclass(frozen=True, slots=True)
class _Asked:
    delete: bool
    any_size: bool
    older_than: int
    """Minutes."""
    yes: bool
    format_: str


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
@click.option(
    "--any-size", is_flag=True, help="With --delete: also files with the name of a declared one but another size."
)
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    metavar="MINUTES",
    help="Leave out younger uploads, which an apply on another machine may need.  [default: 60; on a local target 0]",
)
@yes
@format_option()
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    delete: bool,
    any_size: bool,
    older_than: int | None,
    yes: bool,
    format_: str,
) -> int:
    """List orphaned uploads of this project.

    When an apply is killed, the next one in the same checkout cleans up after it. On another machine its journal is
    missing, and uploads may be left over. Listed are files that no vector store, no assistant of the target and no
    release in releases/ uses, and that have the name of a file this project declares. One may still be somebody else's,
    so nothing is deleted without --delete, and one of another size only with --any-size. Threads, conversations and
    sessions are not looked at. PATHS only say which project.

    Waits for an apply that is under way here.

    Exit codes: 0 done; 1 error, or you said no.
    """
    if any_size and not delete:
        raise UsageError("--any-size says what --delete deletes", "give both, or neither: all are listed anyway")
    project = load_project(paths, target, variables)
    minutes = older_than if older_than is not None else 0 if project.target.provider == "local" else HOUR
    return asyncio.run(_collect(project, _Asked(delete, any_size, minutes, yes, format_)))


async def _collect(project: Project, asked: _Asked) -> int:
    async with applying_alone(project), open_session(project, os.environ) as session:
        found, young = await _fetch(session, asked.older_than)
        shown = asked.format_ == "text"
        if shown:
            show_text(loose_text(found, project.target_name))
        if young:
            show_note(
                f"{len(young)} younger than {asked.older_than} minutes left out: an apply may be at them "
                "(--older-than 0 takes them too)"
            )
        chosen = [file for file in found if asked.delete and (asked.any_size or not file.other_size)]
        if chosen and somebody_is_there(asked.yes):
            if not (shown and sys.stdout.isatty()):  # who is asked sees what about
                show_text(loose_text(chosen, project.target_name), err=True)
            if not confirm(f"Delete {len(chosen)} from {project.target_name}?"):
                show_note("nothing was deleted")
                return DECLINED
        await for_all(chosen, lambda file: session.provider.delete_file(file.id), lambda done: None)
    if asked.format_ == "json":
        click.echo(as_json(loose_json(found, project.name, project.target_name, len(chosen), young)))
    elif asked.delete and found:
        click.echo(f"{len(chosen)} deleted.")
    elif found:
        show_note("`orch gc --delete` deletes them; with --any-size those of another size too")
    if found:
        show_note(LOOKED_AT)
    return 0


async def _fetch(session: Session, older_than: int) -> tuple[list[LooseFile], list[LooseFile]]:
    """Give the files that nothing has, and those that are too young to say so."""
    project = session.project
    files = [file for resource in project.resources.values() for file in (resource.sources or {}).values()]
    looks = {(os.path.basename(file), os.stat(file).st_size) for file in files}
    found: Sequence[LooseFile] = await session.provider.fetch_loose(looks) if looks else ()
    released = _released(project.root, {file.id for file in found})
    loose = [file for file in found if file.id not in released]
    latest = time.time() - 60 * older_than
    young = [file for file in loose if older_than and file.created_at > latest]
    return [file for file in loose if file not in young], young


def _released(root: Path, ids: Collection[str]) -> frozenset[str]:
    """Give those of the ids that a release of any target names; raises `UsageError` where one cannot be read."""
    try:
        files = sorted((root / FOLDER).glob("*/*.json"))
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    except OSError as error:
        message = f"{error.filename} cannot be read: {error.strerror}"
        raise UsageError(message, "make it readable: which files it names is not known") from error
    return frozenset(id for id in ids if any(json.dumps(id) in text for text in texts))
