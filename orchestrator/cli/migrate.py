"""`orch migrate`: an export of the Assistants API, or a server that speaks it, becomes specs and scenarios."""

import asyncio
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.init import project_name
from orchestrator.cli.loading import asking, find_into
from orchestrator.cli.migrate_source import fetch_source, get_source, read_threads
from orchestrator.cli.migrating import MigrateOptions, migrate
from orchestrator.cli.options import concurrency, format_option, quietness, target, verbosity
from orchestrator.cli.output import as_json, show_text
from orchestrator.errors import NoProjectError, UsageError
from orchestrator.providers.assistants_dump import Dump, read_dump
from orchestrator.reporting.migrate_markdown import migrate_markdown
from orchestrator.reporting.migrate_report import migrate_json
from orchestrator.reporting.migrate_text import migrate_text
from orchestrator.spec.loader import find_root


@click.command(
    epilog=examples(
        "orch migrate export.jsonl --into specs/",
        "orch migrate dumps/ --into specs/ --keep-ids",
        "orch migrate --from foundry --threads threads.txt --into specs/",
    )
)
@click.argument("dumps", metavar="[DUMP...]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--into",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write the specs to; it becomes a project unless it is part of one.",
)
@click.option(
    "--from",
    "source",
    metavar="TARGET|URL",
    help="Read a live server of the Assistants protocol instead: a target of the project in this folder, or a URL.",
)
@click.option("--api-key-env", metavar="NAME", help="With --from URL: environment variable that holds the key.")
@click.option(
    "--threads",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --from: ids of the threads to read, one per line; the API cannot list them.",
)
@click.option("--keep-ids", is_flag=True, help="Also load the objects into the local target, under the ids they had.")
@target
@format_option(markdown=True)
@concurrency
@quietness("Show no progress.")
@verbosity("Name every field that a kind of target changes or refuses, and show long lists whole.")
def command(
    dumps: tuple[Path, ...],
    folder: Path,
    source: str | None,
    api_key_env: str | None,
    threads: Path | None,
    keep_ids: bool,
    target: str | None,
    variables: tuple[str, ...],
    format_: str,
    concurrency: int,
    quiet: bool,
    verbose: bool,
) -> int:
    """Turn an export of the Assistants API into specs and scenarios.

    DUMP is a file of JSON or JSON Lines, or a folder of such files, with objects as the API returned them: assistants,
    vector stores, threads with messages, runs and steps. Assistants and vector stores become specs; threads become
    scenarios whose mocks answer as the functions did. Nothing is overwritten. The report names what could not be
    carried over from the export, and what each kind of target cannot hold.

    With --keep-ids the embedded server knows assistants, vector stores and threads by their old ids, so an application
    that has them in its code keeps working against `orch serve`.

    Exit codes: 0 done; 1 error; 5 some objects could not be carried over.
    """
    into, existing = find_into(folder)
    try:
        find_root(existing, Path.cwd())
        begins = None
    except NoProjectError:
        begins = project_name(into)
    ask = asking(existing if begins is None else into, target, variables)
    dump = _read(dumps, source, api_key_env, threads, variables, concurrency)
    options = MigrateOptions(dump, ask, into, begins, keep_ids, concurrency, quiet or format_ != "text")
    report = asyncio.run(migrate(options))
    if format_ == "json":
        click.echo(as_json(migrate_json(report)))
    elif format_ == "markdown":
        click.echo(migrate_markdown(report))
    else:
        show_text(migrate_text(report, verbose))
    return report.exit_code


def _read(
    dumps: tuple[Path, ...],
    source: str | None,
    api_key_env: str | None,
    threads: Path | None,
    variables: tuple[str, ...],
    concurrency: int,
) -> Dump:
    """Read what is given; raises `UsageError` where that is nothing, or two things."""
    if source is None:
        if api_key_env is not None or threads is not None:
            raise UsageError("--api-key-env and --threads go with --from", "an export holds its threads")
        if not dumps:
            raise UsageError("there is nothing to migrate", "name an export, or a live server with --from")
        return read_dump(dumps)
    if dumps:
        raise UsageError("an export and --from are two sources", "migrate one after the other")
    ids = read_threads(threads) if threads is not None else []
    return asyncio.run(fetch_source(get_source(source, api_key_env, variables), ids, concurrency))
