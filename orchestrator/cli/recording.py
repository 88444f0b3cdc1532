"""The options of `orch test` about recordings, and what they ask for."""

import os
from functools import cache
from pathlib import Path

import click

from orchestrator.cli.messages import show_note
from orchestrator.cli.options import Decorated
from orchestrator.errors import UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Project
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.recorded_run import Mode, Place, Recordings
from orchestrator.scenario.seen import Seen, get_seen
from orchestrator.spec.files import show

FOLDER = "recordings"


def recording(command: Decorated) -> Decorated:
    """Take what to record and where recordings are."""
    command = click.option(
        "--recordings",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Where recordings are, with --record; `recordings` beside orch.yaml where left out.",
    )(command)
    return click.option(
        "--record",
        type=click.Choice([str(mode) for mode in Mode]),
        help="Replay recordings and record: nothing (and close the network), what has none (once), or one that ends "
        "too early (new), or one that is stale (stale), or everything (all).",
    )(command)


def ask_recordings(project: Project, record: str | None, folder: Path | None) -> Recordings | None:
    """Give the recordings a command line asks for, None where it asks for none; raises `UsageError`."""
    if record is None:
        if folder is not None:
            raise UsageError("--recordings says where, and nothing says what to do there", "add --record, see --help")
        return None

    @cache  # cases share what they see
    def sees(assistant: str, model: str | None) -> Seen:
        return get_seen(project.resources, Address(Kind.ASSISTANT, assistant), model)

    cwd = Path.cwd()
    place = Place(
        folder=project.root / FOLDER if folder is None else (cwd / folder).absolute(),
        shown=show(project.root / FOLDER, cwd) if folder is None else folder.as_posix(),
        target=project.target_name,
        hint="" if folder is None else f" --recordings {folder.as_posix()}",
    )
    key = project.target.api_key
    secrets = [os.environ[key.env].strip()] if key is not None and key.env in os.environ else []
    return Recordings(
        place,
        Mode(record),
        lambda each: sees(each.scenario.assistant, each.model),
        Cleaner(secrets),
    )


def show_recorded(recordings: Recordings | None) -> None:
    """Tell what was written."""
    if recordings is None:
        return
    counts = [
        (recordings.written, "written"),
        (recordings.unchanged, "the same as before"),
        (recordings.unfinished, "not written: no answer came"),
    ]
    if words := ", ".join(f"{len(names)} {word}" for names, word in counts if names):
        show_note(f"recordings in {recordings.place.shown}: {words}")
