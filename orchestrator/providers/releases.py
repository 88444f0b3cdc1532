"""Releases on disk: `releases/TARGET/NAME.json`, each replaced whole or not at all.

An assistant's id is its name here, so nothing can be created twice, and a write that is killed leaves the file as it
was. A file that cannot be read is an error, never an assistant that is not there. Where an assistant is renamed its new
file is there before the old one goes: until that is done, the new one says which file it replaces.
"""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import TargetError, TargetMissingError, TargetRejectedError
from orchestrator.model.release import Release, Replaced
from orchestrator.spec.whole_files import write_whole

_SUFFIX = ".json"
_HINT = "take it back from git, or delete it and run `orch apply`"


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
        releases = [self.read(path.stem) for path in files]
        replaced = {each.replaces.name for each in releases if each.replaces is not None and self._is_there(each)}
        return tuple(release for release in releases if release.name not in replaced)

    def read(self, name: str) -> Release:
        """Read one; raises `TargetMissingError` where it is not there, `TargetError` where it is none."""
        path = self._path(name)
        try:
            text = self._bytes(path).decode()
            release = Release.from_json(json.loads(text))
        except FileNotFoundError as error:
            raise TargetMissingError(f"there is no release {path}", "run `orch apply`") from error
        except OSError as error:
            raise TargetError(f"the release {path} cannot be read: {error.strerror}", _HINT) from error
        except RecursionError as error:
            raise TargetRejectedError(f"{path} is no release: it is nested too deeply", _HINT) from error
        except ValueError as error:  # JSON's and Unicode's own are such errors too
            raise self._broken(path, error) from error
        if release.name != name:
            raise TargetRejectedError(f"{path} is the release of `{release.name}`", _HINT)
        return release

    def read_intact(self, name: str) -> Release:
        """Read one that is sent as it is; raises besides `TargetRejectedError` where its request was changed since."""
        release = self.read(name)
        if not release.is_intact:
            message = f"{self._path(name)} was changed since it was released: its hash is not the one of its request"
            raise TargetRejectedError(message, "run `orch apply` to release it again, or take it back from git")
        return release

    def _broken(self, path: Path, error: ValueError) -> TargetRejectedError:
        lines = self._bytes(path).splitlines()
        marked = [number for number, line in enumerate(lines, 1) if line.startswith((b"<<<<<<< ", b">>>>>>> "))]
        if not marked:
            return TargetRejectedError(f"{path} is no release: {error}", _HINT)
        message = f"{path} is no release: git left a conflict in it, line {marked[0]}"
        return TargetRejectedError(message, "take one side of it with git, then run `orch apply`")

    def _bytes(self, path: Path) -> bytes:
        """Read a file; raises OSError, `TargetRejectedError` where it is a link that leads out of the project."""
        if not _is_below(path, self._root):
            raise TargetRejectedError(f"{path} leads out of the project", "put the release itself there")
        return path.read_bytes()

    def rename(self, name: str, release: Release) -> None:
        """Put a release in its own place, and take away the one of `name`, which was its assistant's until now.

        Raises `TargetRejectedError` where its place is another's; then nothing is changed.
        """
        old = self._path(name)
        try:
            replaced = Replaced(name, hashlib.sha256(self._bytes(old)).hexdigest())
        except OSError as error:
            raise TargetError(f"the release {old} cannot be read: {error.strerror}", _HINT) from error
        self.write(replace(release, replaces=replaced), new=True)
        self.settle(release.name)
        self.write(release, new=False)

    def settle(self, name: str) -> None:
        """Take away the file that a release says it replaces, if it is still that one."""
        release = self.read(name)
        if release.replaces is not None and self._is_there(release):
            self.remove(release.replaces.name)

    def _is_there(self, release: Release) -> bool:
        """Tell whether the file that a release replaces is there, and no other of its name."""
        if release.replaces is None:
            return False
        try:
            found = self._bytes(self._path(release.replaces.name))
        except (OSError, TargetMissingError):
            return False
        return hashlib.sha256(found).hexdigest() == release.replaces.sha256

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
        if not name or name != Path(name).name or name.startswith(".") or "\0" in name:
            raise TargetMissingError(f"`{name}` is not the name of a release", "run `orch list` to see what there is")
        return self._checked() / f"{name}{_SUFFIX}"

    def _checked(self) -> Path:
        if not _is_below(self._folder, self._root):
            raise TargetRejectedError(f"{self._folder} leads out of the project", "make it a folder of the project")
        return self._folder


def _is_below(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
