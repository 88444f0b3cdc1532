"""YAML as plain data that remembers where each value stands. The only home of PyYAML.

The language is stricter than YAML 1.1: only `true` and `false` are booleans, only plain decimal numbers are numbers,
so `no`, `on`, `1:30` and `2026-11-23` stay text; keys are text and stand once; merge conflicts, alias bombs and files
over 10 MB are errors. Every problem becomes a `Diagnostic`.
"""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from orchestrator.diagnostics import Diagnostic, Position

MAX_BYTES = 10 * 1024 * 1024
MAX_NODES = 200_000  # values after aliases are written out; a large project's file has some thousands
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = r"[-+]?(?:0|[1-9][0-9]*)"
_CONFLICT = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)

Path_ = tuple[Hashable, ...]
"""Keys and indexes from a document's root to a value."""


class _StrictLoader(_Loader):  # type: ignore[misc]  # the C loader's stub is untyped
    """Resolves plain scalars as YAML 1.2's core schema does, less octal and hexadecimal numbers."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  # PyYAML's own name and shape


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:int", rf"^{_WHOLE}$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$",
        "-+0123456789",
    ),
    ("tag:yaml.org,2002:null", r"^(?:null|~|)$", "n~\0"),
    ("tag:yaml.org,2002:merge", r"^<<$", "<"),
):
    _StrictLoader.add_implicit_resolver(_tag, re.compile(_pattern), [*_first, *([""] if "\0" in _first else [])])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value (and the key before it) begins, counted from 1."""

    line: int
    column: int
    key_line: int
    key_column: int
    block: bool = False
    """Whether it is a block scalar, whose text begins on the next line."""


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
        excerpt = self.lines[position.line - 1] if 0 < position.line <= len(self.lines) else None
        return Diagnostic(message, position, hint, excerpt)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading one file: its documents, and what is wrong with it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


class _ProblemError(Exception):
    def __init__(self, message: str, mark: Any, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.mark, self.hint = message, mark, hint


def read_text(path: Path, shown: str) -> str | Diagnostic:
    """Read a UTF-8 text file, or say why it is none; checked for size, encoding and merge conflicts."""
    start = Position(shown)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Diagnostic(f"file is {size / 1048576:.1f} MB; at most 10 MB are read", start, "split it")
        raw = path.read_bytes()
    except OSError as error:
        return Diagnostic(f"cannot read the file: {error.strerror}", start, "check its name and permissions")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        position = Position(shown, before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        return Diagnostic("not UTF-8 text (is it a binary file?)", position, "save it as UTF-8")
    if "\0" in text:
        before_nul = text[: text.index("\0")]
        position = Position(shown, before_nul.count("\n") + 1, len(before_nul) - (before_nul.rfind("\n") + 1) + 1)
        return Diagnostic("binary data where text is meant (a NUL character)", position, "save it as UTF-8 text")
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        excerpt = text.splitlines()[line - 1]
        return Diagnostic("merge conflict marker", Position(shown, line), "finish the merge, then run again", excerpt)
    return text.replace("\r\n", "\n")


def read_documents(path: Path, shown: str) -> Reading:
    """Read all documents of a YAML file, or the front matter and body of a Markdown file."""
    text = read_text(path, shown)
    if isinstance(text, Diagnostic):
        return Reading(problems=(text,))
    lines = tuple(text.split("\n"))
    if path.suffix == ".md":
        return _read_markdown(path, shown, text, lines)
    return _parse(path, shown, text, lines)


def _read_markdown(path: Path, shown: str, text: str, lines: tuple[str, ...]) -> Reading:
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if lines[0].rstrip() != "---" or end is None:
        problem = Diagnostic(
            "no front matter",
            Position(shown),
            "begin the file with ---, the assistant's fields in YAML, and ---",
            lines[0],
        )
        return Reading(problems=(problem,))
    front = "\n".join(["", *lines[1:end]])  # an empty first line keeps the line numbers of the file
    reading = _parse(path, shown, front, lines)
    body = "\n".join(lines[end + 1 :]).strip("\n")
    skipped = next((n for n, line in enumerate(lines[end + 1 :]) if line.strip()), 0)
    documents = reading.documents or ((Document(path, shown, {}, {}, lines),) if not reading.problems else ())
    return Reading(
        tuple(Document(d.path, d.shown, d.data, d.places, lines, body, end + 2 + skipped) for d in documents[:1]),
        reading.problems,
    )


def _parse(path: Path, shown: str, text: str, lines: tuple[str, ...]) -> Reading:
    documents: list[Document] = []
    problems: list[Diagnostic] = []

    def add_problem(message: str, mark: Any, hint: str | None) -> None:
        position = Position(shown, mark.line + 1, mark.column + 1) if mark is not None else Position(shown)
        excerpt = lines[position.line - 1] if position.line <= len(lines) else None
        problems.append(Diagnostic(message, position, hint, excerpt))

    try:
        for node in yaml.compose_all(text, Loader=_StrictLoader):
            builder = _Builder()
            data = builder.build(node, ())
            for problem in builder.problems:
                add_problem(problem.message, problem.mark, problem.hint)
            if data is not None:
                documents.append(Document(path, shown, data, builder.places, lines))
    except _ProblemError as error:
        add_problem(error.message, error.mark, error.hint)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        add_problem(f"not valid YAML: {error.problem or error.context}", mark, _syntax_hint(str(error.problem)))
    except yaml.YAMLError as error:
        add_problem(f"not valid YAML: {str(error).splitlines()[0]}", None, "save it as UTF-8 text")
    except RecursionError:
        add_problem("nested too deeply", None, "a spec needs a few levels only")
    return Reading(tuple(documents), tuple(problems))


def _syntax_hint(problem: str) -> str:
    if "tab" in problem or r"'\t'" in problem:
        return "indent with spaces"
    if "mapping values are not allowed" in problem:
        return "quote text that contains a colon and a space"
    return "check indentation, quotes and brackets above this place"


class _Builder:
    """Turns one composed document into data, noting places and problems on the way."""

    def __init__(self) -> None:
        self.places: dict[Path_, Place] = {}
        self.problems: list[_ProblemError] = []
        self._open: set[int] = set()
        self._seen = 0

    def build(self, node: Any, path: Path_, key: Any = None) -> Any:
        """Give the data of a node and note its place."""
        self._seen += 1
        if self._seen > MAX_NODES:
            raise _ProblemError(
                f"more than {MAX_NODES:,} values once aliases are written out", node.start_mark, "use fewer aliases"
            )
        value, at = node.start_mark, (key or node).start_mark
        block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
        self.places[path] = Place(value.line + 1, value.column + 1, at.line + 1, at.column + 1, block)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise _ProblemError("an alias refers to a value it is part of", node.start_mark, "write the value out")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: Any) -> Any:
        match node.tag:
            case "tag:yaml.org,2002:str" | "tag:yaml.org,2002:merge":
                return node.value
            case "tag:yaml.org,2002:bool" if node.value in ("true", "false"):
                return node.value == "true"
            case "tag:yaml.org,2002:null":
                return None
            case "tag:yaml.org,2002:int" | "tag:yaml.org,2002:float":
                try:
                    return int(node.value) if node.tag.endswith("int") else float(node.value)
                except ValueError:
                    problem = _ProblemError(f"{node.value!r} is no number", node.start_mark, "write a decimal number")
            case _:
                problem = _ProblemError(
                    f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} is not part of the language",
                    node.start_mark,
                    "leave the tag out",
                )
        self.problems.append(problem)
        return node.value

    def _mapping(self, node: Any, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, item in self._pairs(node):
            name = self.build(key, ("<key>",))
            if not isinstance(name, str):
                shown = "true or false" if isinstance(name, bool) else "empty" if name is None else "not text"
                self.problems.append(_ProblemError(f"a key is {shown}", key.start_mark, "quote it"))
                continue
            if name in own:
                line = own[name].start_mark.line + 1
                self.problems.append(
                    _ProblemError(f"duplicate key `{name}`", key.start_mark, f"first given on line {line}; keep one")
                )
                continue
            own[name] = key
            result[name] = self.build(item, (*path, name), key)
        for merged in self._merged(node):
            for name, item in self._mapping(merged, ("<merge>", *path)).items():
                if name not in result:
                    result[name] = item
                    self._adopt(("<merge>", *path, name), (*path, name))
        return result

    def _adopt(self, source: Path_, to: Path_) -> None:
        found = [
            (place_path, place) for place_path, place in self.places.items() if place_path[: len(source)] == source
        ]
        for place_path, place in found:
            self.places[(*to, *place_path[len(source) :])] = place

    def _pairs(self, node: Any) -> Iterator[tuple[Any, Any]]:
        return ((key, item) for key, item in node.value if key.tag != "tag:yaml.org,2002:merge")

    def _merged(self, node: Any) -> Iterator[Any]:
        for key, item in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                continue
            for part in item.value if isinstance(item, yaml.SequenceNode) else [item]:
                if not isinstance(part, yaml.MappingNode):
                    self.problems.append(
                        _ProblemError("`<<` takes a mapping", part.start_mark, "name an alias: <<: *it")
                    )
                elif id(part) in self._open:
                    raise _ProblemError("an alias refers to a value it is part of", part.start_mark, "write it out")
                else:
                    yield part
