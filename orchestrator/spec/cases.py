"""The cases of a scenario: each combination of its matrix's values, with each row of its data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.matrix import MODEL, MOST_CASES, ROW, Cases, Matrix
from orchestrator.spec.case_names import axis_names, axis_parts, own_name, row_parts, to_text
from orchestrator.spec.reader import Document, Path_
from orchestrator.spec.rows import Row, RowFiles, Table


@dataclass(frozen=True, slots=True)
class Case:
    """What one case has of its own."""

    parts: tuple[str, ...]
    """What its name has in brackets."""
    labels: Mapping[str, str]
    """What tells it from the others, for reports: model, variables of the matrix, row."""
    model: str | None
    variables: Mapping[str, Any]
    """Values of the matrix and columns of the row, taken as they are."""
    position: Position | None
    """Where its row is written."""

    def __str__(self) -> str:
        return f"[{','.join(self.parts)}]" + (f" ({self.position.file}:{self.position.line})" if self.position else "")


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of a case: what it adds to it."""

    part: str
    label: tuple[str, str]
    model: str | None = None
    variables: Mapping[str, Any] | None = None
    position: Position | None = None


def get_cases(document: Document, written: Cases, files: RowFiles) -> tuple[list[Case], list[Diagnostic]]:
    """Give the cases that a scenario's document asks for; none where something is wrong with them, and what."""
    table = _read_rows(document, written, files)
    problems = [*table.problems, *_find_clashes(document, written.matrix, table.rows), *_find_twins(table.rows)]
    axes = [*_axes(written.matrix or Matrix.model_construct(model=None, variables={}))]
    counts = [len(axis) for axis in axes] + ([len(table.rows)] if written.data is not None else [])
    if prod(counts) > MOST_CASES:
        message = f"this makes {prod(counts):,} cases ({' x '.join(map(str, counts))}); at most {MOST_CASES:,} are run"
        at: Path_ = ("matrix",) if written.matrix is not None else ("data",)
        problems.append(document.diagnostic(message, at, "list fewer values or rows, or write several scenarios"))
    if problems:
        return [], problems
    if written.data is not None:
        axes.append(_row_choices(table.rows))
    return [_case(choices) for choices in product(*axes)], []


def _read_rows(document: Document, written: Cases, files: RowFiles) -> Table:
    match written.data:
        case None:
            return Table()
        case str(name):
            return files.read(document, name)
        case rows:
            return Table([Row(row, document.position(("data", number))) for number, row in enumerate(rows)])


def _axes(matrix: Matrix) -> Iterator[list[_Choice]]:
    if matrix.model is not None:
        parts = axis_parts(MODEL, matrix.model)
        yield [_Choice(part, (MODEL, model), model) for part, model in zip(parts, matrix.model, strict=True)]
    shown = axis_names([MODEL, *matrix.variables])[1:]
    for short, (name, values) in zip(shown, matrix.variables.items(), strict=True):
        parts = axis_parts(short, values)
        yield [
            _Choice(part, (name, to_text(value)), variables={name: value})
            for part, value in zip(parts, values, strict=True)
        ]


def _row_choices(rows: Sequence[Row]) -> list[_Choice]:
    parts = row_parts([row.values for row in rows])
    return [
        _Choice(part, (ROW, part), variables=row.values, position=row.position)
        for part, row in zip(parts, rows, strict=True)
    ]


def _case(choices: Sequence[_Choice]) -> Case:
    variables: dict[str, Any] = {}
    for choice in choices:
        variables.update(choice.variables or {})
    return Case(
        tuple(choice.part for choice in choices),
        dict(choice.label for choice in choices),
        next((choice.model for choice in choices if choice.model is not None), None),
        variables,
        next((choice.position for choice in choices if choice.position is not None), None),
    )


def _find_clashes(document: Document, matrix: Matrix | None, rows: Sequence[Row]) -> Iterator[Diagnostic]:
    """Say which variables both the matrix and a row give."""
    for name in matrix.variables if matrix is not None else ():
        if row := next((row for row in rows if name in row.values), None):
            message = f"`{name}` is given twice: by the matrix, and by the data"
            hint = f"rename one; the data gives it at {row.position.file}:{row.position.line}"
            yield document.diagnostic(message, ("matrix", "variables", name), hint, key=True)


def _find_twins(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    """Say which rows have the id of another."""
    first: dict[str, Position] = {}
    for row in rows:
        id = own_name(row.values, ("id",))
        if id is not None and first.setdefault(id, row.position) is not row.position:
            hint = f"the other is at {first[id].file}:{first[id].line}; rename one, or rename the column"
            yield Diagnostic(f"two rows have the id `{id}`", row.position, hint)
