"""The documents an assistant searches, as they lie in the project: what checks of sources look into."""

import codecs
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from orchestrator.model.file_names import FROM_ROOT, FileNames

MOST_BYTES = 64 * 1024 * 1024
"""Of a file; more than that is no text that anything searches."""


class Documents:
    """The declared files of an assistant's stores."""

    def __init__(self, sources: Mapping[str, str] | None = None) -> None:
        """`sources` are where their contents lie, by path in the project."""
        self._sources = sources or {}

    @cached_property
    def _names(self) -> FileNames:
        return FileNames(self._sources)

    def path_of(self, found: str) -> str:
        """Give the path of a file that was found; of a bare name, as a recording may have it, where one file has it."""
        if not self._sources or "/" in found or found in self._sources:
            return found
        namesakes = self._names.named(found)
        return namesakes[0] if len(namesakes) == 1 else found

    def unclear(self, found: Iterable[str]) -> Iterator[str]:
        """Say of each name that several files have that nobody knows which one was found."""
        for name in dict.fromkeys(found):
            if self._sources and "/" not in name and name not in self._sources:
                namesakes = self._names.named(name)
                if len(namesakes) > 1:
                    yield f"{name} may be {' or '.join(namesakes[:5])}: only its name was recorded; record it anew"

    def text_of(self, path: str) -> str | None:
        """Give what a file says; None where it is no plain text, cannot be read, or lies nowhere."""
        if not self._sources:
            return None
        known = [path] if path in self._sources else self._names.find(f"{FROM_ROOT}{path}")
        return _read(self._sources[known[0]]) if known else None


def _read(file: str) -> str | None:
    try:
        with Path(file).open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    return None if len(data) > MOST_BYTES or "\0" in text else text
