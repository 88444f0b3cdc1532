"""`orch migrate`: an export of the Assistants API becomes specs and scenarios."""

import asyncio
import os
from pathlib import Path

import click

from orchestrator.cli.init import project_name
from orchestrator.cli.migrating import Wish, migrate
from orchestrator.cli.options import asking, concurrency, formats, quietness, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.errors import NoProjectError
from orchestrator.providers.assistants_dump import read_dump
from orchestrator.reporting.migrate_report import migrate_json, migrate_text
from orchestrator.spec.loader import find_root


@click.command(
    epilog="Examples: `orch migrate export.jsonl --into specs/`, `orch migrate dumps/ --into specs/ --keep-ids`."
)
@click.argument("dumps", metavar="DUMP...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--into",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the specs are written; a project begins there where it is not part of one.",
)
@click.option(
    "--keep-ids", is_flag=True, help="Load the objects into the local target as well, under the ids they had."
)
@target
@formats
@concurrency
@quietness
def command(
    dumps: tuple[Path, ...],
    folder: Path,
    keep_ids: bool,
    target: str | None,
    variables: tuple[str, ...],
    format_: str,
    concurrency: int,
    quiet: bool,
) -> int:
    """Turn an export of the Assistants API into specs and scenarios.

    DUMP is a file of JSON or JSON Lines, or a folder of them, with objects as the API returned them: assistants, vector
    stores, threads with messages, runs and steps. Assistants and vector stores become specs, threads become scenarios
    whose mocks answer as the functions did. Nothing is overwritten, and what cannot be carried over is named.

    With --keep-ids the embedded server knows assistants, vector stores and threads by their old ids: an application
    that has them in its code goes on against `orch serve`. What was in the files of vector stores is in no export.

    Exits 0 when done, 1 on an error, 5 where some objects could not be carried over.
    """
    into = Path(os.path.normpath(Path.cwd() / folder))
    existing = next(each for each in (into, *into.parents) if each.is_dir())
    try:
        find_root(existing, Path.cwd())
        begins = None
    except NoProjectError:
        begins = project_name(into)
    ask = asking(existing if begins is None else into, target, variables)
    wish = Wish(read_dump(dumps), ask, into, begins, keep_ids, concurrency, quiet or format_ == "json")
    report = asyncio.run(migrate(wish))
    if format_ == "json":
        click.echo(as_json(migrate_json(report)))
    else:
        show_text(migrate_text(report))
    return report.exit_code
