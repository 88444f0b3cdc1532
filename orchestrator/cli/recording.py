"""The options of `orch test` about recordings, and what they ask for."""

import os
from pathlib import Path

import click

from orchestrator.cli.messages import show_note
from orchestrator.cli.options import Decorated
from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.scenario.project_recordings import get_recordings
from orchestrator.scenario.recorded_run import Mode, Recordings


def recording(command: Decorated) -> Decorated:
    """Take what to record and where recordings are."""
    command = click.option(
        "--recordings",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="With --record: folder of the recordings; by default `recordings` beside orch.yaml.",
    )(command)
    return click.option(
        "--record",
        type=click.Choice([str(mode) for mode in Mode]),
        help="Replay recordings, and record nothing (none: the network is closed), what has no recording (once), also "
        "what ends too early (new), also what is stale (stale), or everything (all).",
    )(command)


def ask_recordings(project: Project, record: str | None, folder: Path | None) -> Recordings | None:
    """Give the recordings a command line asks for, None where it asks for none; raises `UsageError`."""
    if record is None:
        if folder is not None:
            raise UsageError("--recordings says where, and nothing says what to do there", "add --record, see --help")
        return None
    return get_recordings(project, Mode(record), folder, Path.cwd(), os.environ)


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
