"""A file on its way to a target: what is sent is hashed as it is read, for it may be changed after it was planned."""

import hashlib
import os
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Literal


class Content:
    """A file that is sent, perhaps several times until a target takes it."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._reader: _Reader | None = None

    def __str__(self) -> str:
        return str(self._path)

    @property
    def name(self) -> str:
        """The name it is uploaded under."""
        return self._path.name

    def open(self, mode: Literal["rb"], /) -> BufferedReader:
        """Open it anew; raises `OSError`."""
        self._reader = _Reader(self._path)
        return self._reader

    @property
    def sha256(self) -> str | None:
        """SHA-256 (hex) of what was read when it was opened last; None where it was not."""
        return self._reader.digest.hexdigest() if self._reader is not None else None

    @property
    def was_cut(self) -> bool:
        """Whether it turned out shorter than it was when it was opened last: then no request was whole."""
        return self._reader is not None and self._reader.was_cut


class _Reader(BufferedReader):
    """Reads as many bytes as the file has when it is opened, and hashes them."""

    def __init__(self, path: Path) -> None:
        super().__init__(FileIO(path))
        self._size = os.fstat(self.fileno()).st_size
        self._left = self._size
        self.digest = hashlib.sha256()
        self.was_cut = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Give the next bytes; what was added since it was opened is not part of it."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = super().read(wanted)
        self.was_cut = len(data) < wanted
        self._left -= len(data)
        self.digest.update(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go elsewhere, which is to the beginning: what was read until now does not count."""
        self._left, self.digest = self._size, hashlib.sha256()
        return super().seek(offset, whence)
