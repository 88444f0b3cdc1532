"""`orch import`: live objects become specs and are adopted."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from orchestrator.cli.adopting import ImportOptions, take_over
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import asking, find_into
from orchestrator.cli.options import concurrency, format_option, quietness, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.errors import UsageError
from orchestrator.model.address import Address, is_name
from orchestrator.reporting.import_report import import_json, import_text
from orchestrator.spec.files import inside
from orchestrator.spec.loader import load_with_documents


@click.command(
    epilog=examples(
        "orch import --all --into specs/imported",
        "orch import assistant.tutor=asst_123 vector_store.papers=vs_456 --into specs/",
    )
)
@click.argument("given", metavar="[ADDRESS=ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Import every assistant and vector store that no project owns.")
@click.option(
    "--into",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the project to write the specs to; created if missing.",
)
@target
@format_option()
@concurrency
@quietness("Show no progress.")
def command(
    given: tuple[str, ...],
    everything: bool,
    folder: Path,
    target: str | None,
    variables: tuple[str, ...],
    format_: str,
    concurrency: int,
    quiet: bool,
) -> int:
    """Turn live objects into specs and adopt them.

    Writes a spec for each assistant, its functions and each vector store into DIR; prompts become Markdown, and
    defaults of the target are left out. The project is then loaded and planned with the new specs; if anything but
    the record of ownership would change, nothing is written. Otherwise that record is written on each object, and
    `orch plan` is empty. Nothing is overwritten, and what other projects own is never touched. After an interruption,
    run the same command again: it resumes.

    Exit codes: 0 done or nothing to do; 1 error, or nothing could be imported; 5 some objects could not be imported.
    """
    if bool(given) == everything:
        raise UsageError("what should be imported?", "give ADDRESS=ID, or --all for everything that is unmanaged")
    into, start = find_into(folder)
    ask = replace(asking(start, target, variables), may_be_empty=True)
    options = ImportOptions(ask, _parsed(given), into, concurrency, quiet or format_ == "json")
    loaded = load_with_documents(ask)
    if not inside(loaded.project.root, into):
        raise UsageError(f"{folder} is not part of the project in {loaded.project.root}", "name a folder below it")
    report = asyncio.run(take_over(loaded, options))
    if format_ == "json":
        click.echo(as_json(import_json(report)))
    else:
        show_text(import_text(report))
    return report.exit_code


def _parsed(given: Sequence[str]) -> dict[Address, str]:
    wanted: dict[Address, str] = {}
    for item in given:
        text, equals, id = item.partition("=")
        try:
            address = Address.parse(text)
        except ValueError:
            address = None
        if address is None or not equals or not id or not is_name(address.name):
            raise UsageError(f"{item!r} is not ADDRESS=ID", "for example assistant.math-tutor=asst_123")
        if address in wanted or id in wanted.values():
            raise UsageError(f"{item} names an address or an id a second time", "give each once")
        wanted[address] = id
    return wanted
