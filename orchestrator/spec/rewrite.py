"""Files replaced as a whole or not at all: what is written was made from what is there, and from nothing else."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import OrchError
from orchestrator.spec.whole_files import written_beside

_MARK = b"\xef\xbb\xbf"


class RewriteError(OrchError):
    """A file that is not replaced, because it is not what the new text was made from, or cannot be kept as it is."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file with its old and its new text; lines end with a line feed in both."""

    path: Path
    """The file itself, behind any symlink."""
    shown: str
    """The file, as messages name it."""
    raw: bytes
    """The file as it was read."""
    after: str

    @property
    def before(self) -> str:
        """The text as it was read."""
        return self.raw.removeprefix(_MARK).decode("utf-8").replace("\r\n", "\n")

    @property
    def content(self) -> bytes:
        """Give the new file, with the line ends and the byte order mark of the old one."""
        text = self.after.replace("\n", "\r\n") if b"\r\n" in self.raw else self.after
        return (_MARK if self.raw.startswith(_MARK) else b"") + text.encode("utf-8")


def begin(path: Path, shown: str) -> Rewrite:
    """Read a file that is to be rewritten; its new text is its old one. Raises `RewriteError`."""
    raw = path.resolve().read_bytes()
    if raw.count(b"\r") != raw.count(b"\r\n") or 0 < raw.count(b"\r\n") < raw.count(b"\n"):
        raise RewriteError(f"{shown} mixes line ends", "save it with one kind of line ends, then try again")
    started = Rewrite(path.resolve(), shown, raw, "")
    return Rewrite(started.path, shown, raw, started.before)


def write(rewrites: Sequence[Rewrite]) -> None:
    """Replace the files, each in one step; raises `RewriteError` before the first where one has changed meanwhile.

    All new files are complete on disk before the first takes its place. A crash between two of several leaves each
    of them whole, old or new.
    """
    with ExitStack() as stack:
        ready = [(stack.enter_context(_written(rewrite)), rewrite.path) for rewrite in rewrites]
        for rewrite in rewrites:
            if rewrite.path.read_bytes() != rewrite.raw:
                raise RewriteError(f"{rewrite.shown} was changed meanwhile; nothing was written", "try again")
        for beside, path in ready:
            os.replace(beside, path)


def _written(rewrite: Rewrite) -> AbstractContextManager[Path]:
    """Write the new file beside the old one, with its permissions."""
    return written_beside(rewrite.path, rewrite.content, mode=rewrite.path.stat().st_mode & 0o7777)
