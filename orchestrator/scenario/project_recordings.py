"""The recordings of a project, for whichever face asks: where they are, what assistants see now, what is a secret."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from orchestrator.model.address import Address, Kind
from orchestrator.model.language import Secret
from orchestrator.model.project import Project
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.recorded_run import Mode, Place, Recordings
from orchestrator.scenario.seen import Seen, get_seen
from orchestrator.spec.files import show

FOLDER = "recordings"
"""Beside orch.yaml, where nothing else is said."""


def get_recordings(project: Project, mode: Mode, folder: Path | None, cwd: Path, env: Mapping[str, str]) -> Recordings:
    """Give the recordings of a project's target; `folder` is where they are, absolute or from `cwd`."""
    place = Place(
        folder=project.root / FOLDER if folder is None else (cwd / folder).absolute(),
        shown=show(project.root / FOLDER, cwd) if folder is None else folder.as_posix(),
        target=project.target_name,
        hint="" if folder is None else f" --recordings {folder.as_posix()}",
    )

    @cache  # cases share what they see
    def sees(subject: Address, judges: tuple[str, ...], model: str | None) -> Seen:
        asked = [Address(Kind.ASSISTANT, name) for name in judges]
        return get_seen(project.resources, subject, asked, model)

    return Recordings(
        place,
        mode,
        lambda each: sees(each.subject, tuple(each.judges), each.model),
        get_cleaner(project, env),
    )


def get_cleaner(project: Project, env: Mapping[str, str]) -> Cleaner:
    """Give what hides the target's keys, and all that looks like one, in what is written down."""
    asked = (project.target, project.target.embeddings, project.target.upstream)
    secrets = [each.api_key for each in asked if each is not None]
    named = [secret.env for secret in secrets if isinstance(secret, Secret)]
    return Cleaner([env[name].strip() for name in named if name in env])
