"""The files of a sandbox's working directory: put in before a call, taken out after it.

The directory is hostile: code in the sandbox makes links, pipes and deep trees in it, also while we read. So
everything is opened relative to a directory handle, no link is followed, only regular files are read, and every
walk and read has a limit.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from orchestrator.server.interpreter.limits import Limits

_DEPTH = 8
_ENTRIES = 10_000
_HERE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # NONBLOCK: a pipe must not make us wait


class Stamp(NamedTuple):
    """What changes when a file is written."""

    inode: int
    size: int
    modified_ns: int


class Collected(NamedTuple):
    """The files of one call, sorted by name, and remarks for its logs."""

    files: tuple[tuple[str, bytes], ...]
    remarks: tuple[str, ...]


class Workspace:
    """One sandbox's working directory; owns the directory handle it is given."""

    def __init__(self, folder: int, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._placed: dict[str, bytes] = {}
        self._seen: dict[str, Stamp] = {}

    def close(self) -> None:
        """Give the directory handle back; once is enough, twice does no harm."""
        if self._folder >= 0:
            os.close(self._folder)
        self._folder = -1

    def place(self, files: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
        """Write input files under their base names; returns remarks on those that could not be.

        A file that was placed before with the same bytes is left as the code has left it.
        """
        remarks = []
        for name, data in files:
            base = PurePosixPath(name).name
            if base in ("", "..") or "\0" in base:
                remarks.append(f"the file {name!r} was not placed: it has no usable name")
                continue
            digest = hashlib.sha256(data).digest()
            if self._placed.get(base) == digest:
                continue
            try:
                self._write(base, data)
            except OSError as error:
                remarks.append(f"the file {base!r} was not placed: {error.strerror}")
            else:
                self._placed[base] = digest
        self._seen.update((name, stamp) for name, stamp in self._walk() if name in self._placed)
        return tuple(remarks)

    def collect(self) -> Collected:
        """The files made or changed since they were last placed or collected, each once."""
        changed = sorted((name, stamp) for name, stamp in self._walk() if self._seen.get(name) != stamp)
        self._seen.update(changed)
        files: list[tuple[str, bytes]] = []
        left_out = 0
        room = self._limits.out_bytes
        for name, _ in changed:
            data = self._read(name, room) if len(files) < self._limits.out_files else None
            if data is None:
                left_out += 1
                continue
            room -= len(data)
            files.append((os.fsencode(name).decode(errors="replace"), data))
        if not left_out:
            return Collected(tuple(files), ())
        most = f"at most {self._limits.out_files} files and {self._limits.out_bytes} bytes a call"
        return Collected(tuple(files), (f"{left_out} of {len(changed)} files were not handed back: {most}",))

    def _write(self, name: str, data: bytes) -> None:
        # Removed first: what stands there may be a link made by the code.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(name, flags, 0o600, dir_fd=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, 0o666)  # the server may be another user than the code, which may change its files
                file.write(data)
        except OSError:
            os.unlink(name, dir_fd=self._folder)
            raise

    def _read(self, name: str, room: int) -> bytes | None:
        """A regular file's bytes; None if it is gone, is something else by now, or has no room."""
        try:
            with contextlib.ExitStack() as stack:
                folder = self._folder
                *above, base = name.split("/")
                for part in above:
                    folder = os.open(part, _HERE | os.O_DIRECTORY, dir_fd=folder)
                    stack.callback(os.close, folder)
                file = stack.enter_context(os.fdopen(os.open(base, _HERE, dir_fd=folder), "rb"))
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_size > room:
                    return None
                data = file.read(room + 1)
        except OSError:
            return None
        return data if len(data) <= room else None

    def _walk(self) -> Iterator[tuple[str, Stamp]]:
        """Every regular file below the directory, hidden ones and Python's caches left out."""
        waiting: list[tuple[str, int]] = [("", 0)]
        entries = 0
        while waiting:
            prefix, depth = waiting.pop()
            for name, status in _scan(self._folder, prefix):
                entries += 1
                if entries > _ENTRIES:
                    return
                if name.startswith(".") or name == "__pycache__":
                    continue
                if stat.S_ISDIR(status.st_mode) and depth < _DEPTH:
                    waiting.append((f"{prefix}{name}/", depth + 1))
                elif stat.S_ISREG(status.st_mode):
                    yield f"{prefix}{name}", Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def _scan(root: int, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """The entries of a folder below root, links unfollowed; nothing if it is gone by now."""
    with contextlib.ExitStack() as stack:
        folder = root
        try:
            for part in prefix.split("/")[:-1]:
                folder = os.open(part, _HERE | os.O_DIRECTORY, dir_fd=folder)
                stack.callback(os.close, folder)
            entries = stack.enter_context(os.scandir(folder))
        except OSError:
            return
        for entry in entries:
            with contextlib.suppress(OSError):
                yield entry.name, entry.stat(follow_symlinks=False)
