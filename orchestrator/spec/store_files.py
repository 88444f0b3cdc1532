"""The files of a vector store or a code interpreter: found, kept inside the project, looked at, each under its label.

A store may have very many, so every file costs one look at its name and size, and content is read only where that
moved (`hashes`). A label is the path relative to the project's folder, with `/`.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.resources import StoreFiles, ToolFiles
from orchestrator.spec.files import Listed, is_glob, matching_names, show
from orchestrator.spec.hashes import Hashes
from orchestrator.spec.ignoring import FILE, NO_PATTERN, Ignoring, is_pattern
from orchestrator.spec.reader import Document, Path_

MAX_LABEL = 512  # a store's file carries its path in an attribute (API facts 2.3)


E = TypeVar("E", bound=ToolFiles)


@dataclass(slots=True)
class Found(Generic[E]):
    """The files of one list, by label, and what is wrong with the others."""

    files: dict[str, tuple[str, E]] = field(default_factory=dict)
    """SHA-256 (hex) and the entry it came by."""
    sources: dict[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)


class StoreFileFinder:
    """Finds the files that one project's specs list."""

    def __init__(self, root: Path, cwd: Path, refresh: bool = False) -> None:
        """`root` is the project's folder; paths are shown relative to `cwd`; `refresh` reads every file anew."""
        self._root, self._cwd = root, cwd
        self._real_root = os.path.realpath(root)
        self._prefix = f"{root}/"
        self._hashes = Hashes(root, refresh)
        self._ignoring: Ignoring | None = None
        self._inside: dict[str, bool] = {}
        """By folder, whether it lies in the project."""

    def find(self, document: Document, entries: Sequence[E], at: Path_ = ("files",)) -> Found[E]:
        """Find the files of a list that lies at `at`; every problem is at the entry that names the file."""
        found: Found[E] = Found()
        for index, entry in enumerate(entries):
            for name in self._named(document, entry, (*at, index), found.problems):
                label = self._label(name)
                if why := self._why_not(name, label, entry, found):
                    found.problems.append(document.diagnostic(why[0], (*at, index, "path"), why[1]))
                else:
                    found.sources[label] = name
        return found

    def save(self) -> None:
        """Keep what was seen for the next command."""
        self._hashes.save()

    def _named(self, document: Document, entry: ToolFiles, at: Path_, problems: list[Diagnostic]) -> list[str]:
        """Give the files that an entry names and that nothing keeps out."""
        patterns = []
        for number, pattern in enumerate(entry.exclude):
            if is_pattern(pattern):
                patterns.append(pattern)
            else:
                problems.append(document.diagnostic(f"`{pattern}` is no pattern", (*at, "exclude", number), NO_PATTERN))
        keeping_out = [Ignoring(document.path.parent, patterns, self._root)] if patterns else []
        if is_glob(entry.path) and (ignored := self._ignored(problems)):  # what is named by itself is meant
            keeping_out.append(ignored)
        listed = Listed()
        found = matching_names(document.path.parent, entry.path, listed)
        kept = [name for name in found if not any(ignoring.covers(name) for ignoring in keeping_out)]
        unread = {
            name: why
            for name, why in listed.unread.items()
            if not any(ignoring.covers(f"{name}/" if os.path.isdir(name) else name) for ignoring in keeping_out)
        }
        for name, why in sorted(unread.items()):
            hint = "make it readable, or keep it out with `exclude`: what is in it would count as deleted"
            problems.append(document.diagnostic(f"{self._show(name)} {why}", (*at, "path"), hint))
        if not kept and not unread:
            message, hint = f"no file matches `{entry.path}`", f"paths are relative to {document.shown}"
            if found:
                message, hint = f"{message}: all {len(found)} that do are kept out", f"see `exclude` and {FILE}"
            problems.append(document.diagnostic(message, (*at, "path"), hint))
        return kept

    def _ignored(self, problems: list[Diagnostic]) -> Ignoring:
        """Give the project's own patterns, read once."""
        if self._ignoring is None:
            lines = self._ignored_lines(problems)
            shown = self._show(str(self._root / FILE))
            for number, line in enumerate(lines, start=1):
                if not is_pattern(line):
                    problems.append(Diagnostic(f"`{line}` is no pattern", Position(shown, number), NO_PATTERN))
            self._ignoring = Ignoring(self._root, [line for line in lines if is_pattern(line)])
        return self._ignoring

    def _ignored_lines(self, problems: list[Diagnostic]) -> list[str]:
        file = self._root / FILE
        try:
            return file.read_text(encoding="utf-8-sig").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            hint = "fix or remove it: without it nothing is excluded"
            problems.append(Diagnostic(f"cannot be read: {why}", Position(self._show(str(file))), hint))
            return []

    def _why_not(self, name: str, label: str, entry: E, found: Found[E]) -> tuple[str, str] | None:
        """Say why a file may not be in the store, and what to do; None where it is put among the found."""
        try:
            status = os.lstat(name)
        except OSError as error:
            return f"{self._show(name)}: cannot be read: {error.strerror}", "replace the file, or leave it out"
        linked = stat.S_ISLNK(status.st_mode)
        if not self._is_inside(name, linked):
            what = f"{self._show(name)} leads" if is_glob(entry.path) else f"`{entry.path}` lies"
            return f"{what} outside the project", f"keep it below {show(self._root, self._cwd)}/"
        if not label.isprintable() and not _is_utf8(label):
            shown = label.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return f"{shown}: its name is not UTF-8, in which the API takes names", "rename it"
        if label in found.files:
            return f"{self._show(name)} is listed twice here", "let one entry match it"
        if len(label) > MAX_LABEL:
            length = f"has a path of {len(label)} characters; an attribute of the API holds {MAX_LABEL}"
            return f"{self._show(name)} {length}", "shorten it"
        look = self._hashes.look(label, name, None if linked else status, isinstance(entry, StoreFiles))
        if look.sha256 is None:
            return f"{self._show(name)}: {look.unfit}", "replace the file, or leave it out"
        found.files[label] = (look.sha256, entry)
        return None

    def _is_inside(self, name: str, linked: bool) -> bool:
        """Tell whether a file lies in the project once every link is followed; `linked` where it is one itself."""
        if linked:
            return self._holds(os.path.realpath(name))
        folder = os.path.dirname(name)
        if folder not in self._inside:
            self._inside[folder] = self._holds(os.path.realpath(folder))
        return self._inside[folder]

    def _holds(self, real: str) -> bool:
        return real == self._real_root or real.startswith(f"{self._real_root.rstrip('/')}/")

    def _label(self, name: str) -> str:
        return name.removeprefix(self._prefix) if name.startswith(self._prefix) else os.path.relpath(name, self._root)

    def _show(self, name: str) -> str:
        return show(Path(name), self._cwd)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
