"""Files of specs as plain data that remembers where each value stands: YAML, or Markdown with YAML front matter.

The language is stricter than YAML 1.1 (`nodes`, `values`): only `true` and `false` are booleans, only plain decimal
numbers are numbers; keys are text and stand once; merge conflicts, alias bombs and files over 10 MB are errors. Every
problem becomes a `Diagnostic`; nothing is raised.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.spec.nodes import YamlError, compose
from orchestrator.spec.values import Builder, Path_, Place

__all__ = ["NO_TEXTS", "Document", "Path_", "Place", "Reading", "Texts", "read_documents", "read_text"]

Texts = Mapping[Path, str]
"""Texts that stand in for files, by resolved path: what files would hold, before they do."""
NO_TEXTS: Texts = {}
MAX_BYTES = 10 * 1024 * 1024
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
"""What a merge leaves behind; no file is read with it."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a file, or the front matter of a Markdown file."""

    path: Path
    """The file, absolute."""
    shown: str
    """The file, as diagnostics name it."""
    data: Any
    places: dict[Path_, Place]
    lines: tuple[str, ...] = field(repr=False)
    body: str | None = None
    """The Markdown after the front matter; None for plain YAML."""
    body_line: int = 1

    def position(self, path: Path_ = (), key: bool = False) -> Position:
        """Give the position of the value at `path`, or of its key; of the nearest one above where it has none."""
        while path not in self.places and path:
            path = path[:-1]
        place = self.places.get(path, Place(1, 1, 1, 1))
        return Position(self.shown, *((place.key_line, place.key_column) if key else (place.line, place.column)))

    def diagnostic(self, message: str, path: Path_ = (), hint: str | None = None, key: bool = False) -> Diagnostic:
        """Make a located message about the value at `path`."""
        return self.at(self.position(path, key), message, hint)

    def at(self, position: Position, message: str, hint: str | None = None) -> Diagnostic:
        """Make a located message about a place in this file."""
        return Diagnostic(message, position, hint, _line(self.lines, position.line))


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading one file: its documents, and what is wrong with it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def read_text(path: Path, shown: str, texts: Texts = NO_TEXTS) -> str | Diagnostic:
    """Read a UTF-8 text file, or say why it is none; checked for size, encoding and merge conflicts.

    A byte order mark is left out and lines end with a line feed. A text among `texts` is taken for the file's own.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            message = f"file is {size / 1048576:.1f} MB; at most 10 MB are read"
            return Diagnostic(message, Position(shown), "split it, or leave it out")
        raw = texts[path.resolve()].encode() if texts and path.resolve() in texts else path.read_bytes()
    except OSError as error:
        return Diagnostic(f"cannot read the file: {error.strerror}", Position(shown), "check its name and permissions")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        return Diagnostic("not UTF-8 text (is it a binary file?)", _after(before, shown), "save it as UTF-8")
    if (nul := text.find("\0")) >= 0:
        message = "binary data where text is meant (a NUL character)"
        return Diagnostic(message, _after(text[:nul], shown), "save it as UTF-8 text")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if conflict := CONFLICT.search(text):
        position = _after(text[: conflict.start()], shown)
        hint = "finish the merge, then run again; indent the line where it is meant as text"
        return Diagnostic("merge conflict marker", position, hint, text.split("\n")[position.line - 1])
    return text


def _after(text: str, shown: str) -> Position:
    """Give the place that follows a text."""
    return Position(shown, text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def read_documents(path: Path, shown: str, texts: Texts = NO_TEXTS) -> Reading:
    """Read all documents of a YAML file, or the front matter and body of a Markdown file; empty ones are left out."""
    text = read_text(path, shown, texts)
    if isinstance(text, Diagnostic):
        return Reading(problems=(text,))
    lines = tuple(text.split("\n"))
    if path.suffix == ".md":
        return _read_markdown(path, shown, text, lines)
    return _read_yaml(path, shown, text, lines)


def _read_markdown(path: Path, shown: str, text: str, lines: tuple[str, ...]) -> Reading:
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if lines[0].rstrip() != "---" or end is None:
        message = "no front matter" if lines[0].rstrip() != "---" else "the front matter has no end"
        hint = "begin the file with a line ---, the assistant's fields in YAML, and a line ---"
        return Reading(problems=(Diagnostic(message, Position(shown), hint, lines[0]),))
    front = "\n".join(["", *lines[1:end]])  # an empty first line keeps the line numbers of the file
    reading = _read_yaml(path, shown, front, lines)
    if reading.problems and not reading.documents:
        return reading
    rest = "\n".join(lines[end + 1 :])
    body = rest.lstrip("\n")
    found = reading.documents[0] if reading.documents else Document(path, shown, {}, {}, lines)
    body_line = end + 2 + len(rest) - len(body)
    return Reading((replace(found, body=body.rstrip("\n"), body_line=body_line),), reading.problems)


def _read_yaml(path: Path, shown: str, text: str, lines: Sequence[str]) -> Reading:
    documents: list[Document] = []
    builder = Builder()
    problems = builder.problems
    try:
        for root in compose(text):
            data = builder.build(root)
            if data is not None:
                documents.append(Document(path, shown, data, builder.places, tuple(lines)))
    except YamlError as error:
        problems.append(error)
    located = [
        Diagnostic(one.message, Position(shown, one.mark.line, one.mark.column), one.hint, _line(lines, one.mark.line))
        for one in problems
    ]
    return Reading(tuple(documents), tuple(dict.fromkeys(located)))  # an alias repeats its value's problems


def _line(lines: Sequence[str], number: int) -> str | None:
    return lines[number - 1] if 0 < number <= len(lines) else None
