"""Which file a written name means: the whole of a path, or its last parts; macOS decomposes what is in them. Pure."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

FROM_ROOT = "./"
"""Before a path that is meant whole."""


def composed(text: str) -> str:
    """Give a text in one Unicode form."""
    return unicodedata.normalize("NFC", text)


def file_name(path: str) -> str:
    """Give the last part of a path, in one Unicode form."""
    return composed(PurePosixPath(path).name)


def is_same_file(found: str, wanted: str) -> bool:
    """Tell whether a file that was found is the one that is wanted: by the last parts of its path that are written.

    So a bare name is that of a file in any folder, and a folder that is written has to be there. After `./` stands the
    whole path.
    """
    found, wanted = composed(found), composed(wanted)
    if wanted.startswith(FROM_ROOT):
        return found == wanted.removeprefix(FROM_ROOT)
    return f"/{found}".endswith(f"/{wanted}")


class FileNames:
    """The paths of declared files, found by what is written of them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(sorted(set(paths)))
        """Each once, in order."""
        self._by_name: dict[str, list[str]] = {}
        for path in self.paths:
            self._by_name.setdefault(file_name(path), []).append(path)

    @property
    def unique(self) -> tuple[str, ...]:
        """The names that one file alone has."""
        return tuple(name for name, paths in self._by_name.items() if len(paths) == 1)

    def named(self, written: str) -> tuple[str, ...]:
        """Give those of the same name, whatever their folders."""
        return tuple(self._by_name.get(file_name(written), ()))

    def find(self, written: str) -> tuple[str, ...]:
        """Give those that a written name may mean."""
        return tuple(path for path in self.named(written) if is_same_file(path, written))
