"""What files hold, remembered between commands: one that is by all signs the file that was read is not read again.

The signs are its size, its time, and two that no program sets: when its entry on the disk changed, and the number of
that. So a file that was moved over another of the same size and time is told from it.

This is to a project what git's index is to a repository: it can be deleted at any time, and is then made anew. It lies
in the project's folder for this machine. A file that changed within the moment before it was read is looked at again
by the next command: its time alone would not tell a second change from the first.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.model.project import STATE_FOLDER
from orchestrator.spec.files import MAX_BYTES, searchable_sha256, sha256
from orchestrator.spec.whole_files import write_whole

FILE = f"{STATE_FOLDER}/files.json"
FORMAT = "orch.files/2"
UNSETTLED_NS = 2_000_000_000
"""Nanoseconds for which a change may hide behind the one before: file systems count time in steps of up to 2 s."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a file's content."""

    sha256: str | None
    """In hex; None where `unfit` says why a store could not take it."""
    unfit: str | None = None


class Hashes:
    """The looks at one project's files, by label: the path relative to the project's folder, with `/`."""

    def __init__(self, root: Path, refresh: bool = False, now: int | None = None) -> None:
        """Nothing is read before the first look; `refresh` takes nothing from before; `now` is in ns since 1970."""
        self._path = root / FILE
        self._known: dict[str, Any] | None = {} if refresh else None
        self._seen: dict[str, Any] = {}
        self._news = False
        self._now = time.time_ns() if now is None else now

    def look(self, label: str, path: str, status: os.stat_result | None = None, searched: bool = True) -> Look:
        """Give what a file holds; one that shall be `searched` has to be of a kind that can be.

        `status` is the file's own, where it is known: not that of a link to it.
        """
        try:
            status = status or os.stat(path)
        except OSError as error:
            return Look(None, f"cannot be read: {error.strerror}")
        if self._known is None:
            self._known = _read(self._path)
        known = self._known.get(label)
        if known is not None and _is_as_seen(known, status) and (known[-1] or not searched):
            self._seen[label] = known
            return Look(known[-2])
        self._news = True
        if status.st_size > MAX_BYTES:
            return Look(None, f"holds {status.st_size:,} bytes; one upload takes {MAX_BYTES:,}")
        try:
            hash, why = searchable_sha256(Path(path)) if searched else (sha256(Path(path)), None)
        except OSError as error:
            return Look(None, f"cannot be read: {error.strerror}")
        if hash is None:
            return Look(None, why)
        if max(status.st_mtime_ns, status.st_ctime_ns) < self._now - UNSETTLED_NS:
            checked = searched or (label in self._seen and self._seen[label][-1])
            self._seen[label] = [*_signs(status), hash, checked]
        return Look(hash)

    def save(self) -> None:
        """Keep the looks for the next command; where they cannot be kept, that one looks again."""
        if self._known is None or not (self._news or self._known.keys() != self._seen.keys()):
            return
        with suppress(OSError, UnicodeEncodeError):  # a name may hold what UTF-8 cannot
            self._path.parent.mkdir(exist_ok=True)
            text = json.dumps({"format": FORMAT, "files": self._seen})
            write_whole(self._path, text.encode("utf-8"), durable=False)


def _signs(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _is_as_seen(entry: Any, status: os.stat_result) -> bool:
    """Tell whether an entry is one, and the file as it says."""
    match entry:
        case [int(), int(), int(), int(), str(), bool()]:
            return bool(entry[:4] == _signs(status))
    return False


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    files = value.get("files") if isinstance(value, Mapping) and value.get("format") == FORMAT else None
    return files if isinstance(files, dict) else {}
