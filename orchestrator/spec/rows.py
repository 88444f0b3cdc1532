"""Rows of data that scenarios name: CSV, JSON Lines or YAML, each row with its place.

Values are taken as they are: of CSV they are text, and braces in a file of data are no template. Every problem of a
file becomes a `Diagnostic`; nothing is raised.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, did_you_mean
from orchestrator.spec.csv_rows import find_columns, read_csv
from orchestrator.spec.files import inside, show
from orchestrator.spec.reader import NO_TEXTS, Document, Path_, Texts, read_documents, read_text

SUFFIXES = (".csv", ".jsonl", ".yaml", ".yml")
_AT: Path_ = ("data",)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: variables and their values."""

    values: Mapping[str, Any]
    position: Position


@dataclass(slots=True)
class Table:
    """What came of reading rows; where there are problems, the rows are not all."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    columns: Mapping[str, Position] = field(default_factory=dict)
    """Where the names of columns stand, where that is one place for all rows."""


@dataclass(frozen=True, slots=True)
class RowFiles:
    """The files of data of one project."""

    root: Path
    """Folder of orch.yaml; what lies outside is not read."""
    cwd: Path
    """Folder that paths are shown relative to."""
    texts: Texts = field(default_factory=lambda: NO_TEXTS)

    def read(self, document: Document, written: str, at: Path_ = _AT) -> Table:
        """Read the file that a spec names at `at`, relative to the spec."""
        file = document.path.parent / written
        if file.suffix.lower() not in SUFFIXES:
            hint = f"data is read from {', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]} files"
            return Table(problems=[document.diagnostic(f"`{written}` is no file of rows", at, hint)])
        if not inside(self.root, file):
            hint = f"keep it below {show(self.root, self.cwd)}/"
            return Table(problems=[document.diagnostic(f"`{written}` lies outside the project", at, hint)])
        if not os.path.isfile(file):  # Path.is_file raises on a name that is too long or holds a NUL
            hint = did_you_mean(file.name, _names(file.parent)) or f"paths are relative to {document.shown}"
            return Table(problems=[document.diagnostic(f"there is no file `{written}`", at, hint)])
        table = self._read(file, show(Path(os.path.normpath(file)), self.cwd))
        if not table.rows and not table.problems:
            table.problems.append(document.diagnostic(f"`{written}` has no rows", at, "add one, or name another file"))
        return table

    def _read(self, file: Path, shown: str) -> Table:
        if file.suffix.lower() in (".yaml", ".yml"):
            return _read_yaml(file, shown, self.texts)
        text = read_text(file, shown, self.texts)
        if isinstance(text, Diagnostic):
            return Table(problems=[text])
        if file.suffix.lower() == ".jsonl":
            return _read_jsonl(text, shown)
        found, problems = read_csv(text, shown)
        columns = find_columns(text, shown) if found else {}
        return Table([Row(values, Position(shown, line)) for values, line in found], problems, columns)


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.lower().endswith(SUFFIXES)]
    except (OSError, ValueError):
        return []


def _read_yaml(file: Path, shown: str, texts: Texts) -> Table:
    reading = read_documents(file, shown, texts)
    table = Table(problems=list(reading.problems))
    for further in reading.documents[1:]:
        table.problems.append(further.diagnostic("a second document", (), "keep all rows in one list"))
    for document in reading.documents[:1]:
        if not isinstance(document.data, list):
            table.problems.append(document.diagnostic("data is a list of rows", (), "begin each row with a dash"))
            continue
        for number, values in enumerate(document.data):
            if isinstance(values, dict) and values:
                table.rows.append(Row(values, document.position((number,))))
            else:
                hint = "write it with its columns: {NAME: VALUE, ...}"
                table.problems.append(document.diagnostic("a row is a mapping", (number,), hint))
    return table


def _read_jsonl(text: str, shown: str) -> Table:
    table = Table()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        values = _object(line, shown, number)
        if isinstance(values, Diagnostic):
            table.problems.append(values)
        else:
            table.rows.append(Row(values, Position(shown, number)))
    return table


def _object(line: str, shown: str, number: int) -> dict[str, Any] | Diagnostic:
    hint = "write one JSON object a line"
    column = 1
    try:
        values = json.loads(line, object_pairs_hook=_unique, parse_constant=_no_number)
        json.dumps(values, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        message, column = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", error.colno
    except UnicodeEncodeError:
        message = "half of a character: a lone surrogate such as \\ud800 is no text"
    except ValueError as error:  # a key twice, NaN, a number of too many digits
        message = str(error)
    except RecursionError:
        message = "nested too deeply"
    else:
        if isinstance(values, dict) and values and "" not in values:
            return values
        message = "a column has no name" if isinstance(values, dict) and values else "a row is a JSON object"
    return Diagnostic(message, Position(shown, number, column), hint, line[:1000])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate key `{twice}`")
    return values


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
