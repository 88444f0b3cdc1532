"""`orch schema`: the language as JSON Schema, for editors and other tools."""

from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.messages import show_note
from orchestrator.diagnostics import counted, did_you_mean
from orchestrator.errors import UsageError
from orchestrator.spec.schema import schema_file, schema_text
from orchestrator.spec.shape import KINDS


@click.command(
    epilog=examples(
        "orch schema Assistant",
        "orch schema --write schemas/",
    )
)
@click.argument("kind", required=False)
@click.option(
    "--write",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write one file per kind to this folder.",
)
def command(kind: str | None, folder: Path | None) -> int:
    """Print or write the JSON Schemas of the language.

    KIND is Project, Assistant and so on; with --write and no KIND, all are written. An editor finds the schema of a
    spec by a comment in its first line:

    \b
      # yaml-language-server: $schema=schemas/assistant.schema.json

    Exit codes: 0 done; 1 error.
    """
    if kind is not None and kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"known: {', '.join(KINDS)}"
        raise UsageError(f"no kind is called {kind}", hint)
    kinds = [kind] if kind else list(KINDS)
    if folder is None:
        if kind is None:
            raise UsageError("which schema?", f"name a kind ({', '.join(KINDS)}), or give --write DIR for all")
        click.echo(schema_text(kind), nl=False)
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    for each in kinds:
        (folder / schema_file(each)).write_text(schema_text(each), encoding="utf-8")
    show_note(f"wrote {counted(len(kinds), 'schema')} to {folder}/")
    return 0
