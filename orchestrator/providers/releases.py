"""Releases on disk: `releases/TARGET/NAME.json`, each replaced whole or not at all.

An assistant's id is its name here, so nothing can be created twice, and a write that is killed leaves the file as it
was. A file that cannot be read is an error, never an assistant that is not there.
"""

import json
import os
from pathlib import Path

from orchestrator.errors import TargetError, TargetMissingError, TargetRejectedError, UsageError
from orchestrator.model.release import Release
from orchestrator.spec.whole_files import write_whole

_SUFFIX = ".json"


class Releases:
    """The releases of one target."""

    def __init__(self, root: Path, folder: Path) -> None:
        """`folder` lies below `root`, the project's folder, and stays there whatever links lie on the way."""
        self._root = root
        self._folder = folder

    def read_all(self) -> tuple[Release, ...]:
        """Read every release, sorted by name; raises `TargetError` where one cannot be read."""
        if not self._checked().is_dir():
            return ()
        files = sorted(path for path in self._folder.iterdir() if path.suffix == _SUFFIX and path.name[0] != ".")
        return tuple(self.read(path.stem) for path in files)

    def read(self, name: str) -> Release:
        """Read one; raises `TargetMissingError` where it is not there, `TargetError` where it is none."""
        path = self._path(name)
        hint = "take it back from git, or delete it and run `orch apply`"
        try:
            release = Release.from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise TargetMissingError(f"there is no release {path}", "run `orch apply`") from error
        except OSError as error:
            raise TargetError(f"the release {path} cannot be read: {error.strerror}", hint) from error
        except ValueError as error:  # JSON's and Unicode's own are such errors too
            raise TargetRejectedError(f"{path} is no release: {error}", hint) from error
        if release.name != name:
            raise TargetRejectedError(f"{path} is the release of `{release.name}`", hint)
        return release

    def write(self, release: Release, *, new: bool) -> None:
        """Put a release in the place of the one before, or where there is none yet (`new`).

        Raises `TargetRejectedError` where a new one's place is taken, `TargetError` where it cannot be written.
        """
        path = self._path(release.name)
        text = json.dumps(release.to_json(), indent=2, ensure_ascii=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text.encode("utf-8"), new=new)
        except FileExistsError as error:
            hint = "import what is there (`orch import`), or move the file away"
            raise TargetRejectedError(f"{path} is there already and is another assistant's", hint) from error
        except (OSError, UnicodeEncodeError) as error:
            why = getattr(error, "strerror", None) or "it holds half of a surrogate pair, which no file can hold"
            raise TargetError(f"the release {path} cannot be written: {why}", "make room for it there") from error

    def remove(self, name: str) -> None:
        """Delete a release; one that is gone already is done."""
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise TargetError(f"the release {path} cannot be deleted: {error.strerror}", None) from error

    def _path(self, name: str) -> Path:
        if not name or name != Path(name).name or name.startswith("."):
            raise TargetMissingError(f"`{name}` is not the name of a release", "run `orch list` to see what there is")
        return self._checked() / f"{name}{_SUFFIX}"

    def _checked(self) -> Path:
        if not Path(os.path.realpath(self._folder)).is_relative_to(os.path.realpath(self._root)):
            raise UsageError(f"{self._folder} leads out of the project", "make it a folder of the project")
        return self._folder
