"""Question lists: read from rows or a list, checked against the store they are about, and made a scenario."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, did_you_mean
from orchestrator.model.check_evidence import Recall, RecallOf, Sought
from orchestrator.model.file_names import FileNames
from orchestrator.model.project import Resource
from orchestrator.model.questions import Knowledge, Question
from orchestrator.model.scenario import Scenario, Turn
from orchestrator.spec.file_links import find_doubt
from orchestrator.spec.reader import Document
from orchestrator.spec.rows import RowFiles, Table

COLUMNS = ("question", "file")
_SEVERAL = ";"
"""Between the files of one cell."""


@dataclass(frozen=True, slots=True)
class _Asked:
    question: str
    files: list[str]
    position: Position


def read_questions(
    document: Document, spec: Knowledge, rows: RowFiles, store: Resource | None
) -> tuple[Scenario | None, list[Diagnostic]]:
    """Give the list as a scenario, and everything that is wrong with it; None where nothing can be asked."""
    written = spec.questions
    asked, problems = _from_rows(document, written, rows) if isinstance(written, str) else _listed(document, written)
    files = FileNames(store.sources or {}) if store is not None and "files" in store.whole else None
    seen: dict[str, Position] = {}
    for each in asked:
        if each.question in seen:
            message = f"{each.question!r} is asked twice"
            problems.append(Diagnostic(message, each.position, f"the other is at {seen[each.question]}"))
        seen.setdefault(each.question, each.position)
        problems += _doubts(each, files, spec.store)
    if not asked:
        return None, problems
    sought = [Sought(user=each.question, file=each.files) for each in asked]
    scenario = Scenario(
        name=spec.name,
        assistant=spec.store,
        description=spec.description,
        tags=spec.tags,
        quarantine=spec.quarantine,
        turns=[Turn(user=user) for user in dict.fromkeys(each.question for each in asked)],
        checks=[Recall(recall=RecallOf(k=spec.k, min=spec.recall, questions=sought))],
    )
    return scenario, problems


def _listed(document: Document, questions: Sequence[Question]) -> tuple[list[_Asked], list[Diagnostic]]:
    asked = [
        _Asked(each.question, _files(each.file), document.position(("questions", number)))
        for number, each in enumerate(questions)
    ]
    empty = [] if asked else [document.diagnostic("there are no questions", ("questions",), "add {question, file}")]
    return asked, empty


def _from_rows(document: Document, written: str, rows: RowFiles) -> tuple[list[_Asked], list[Diagnostic]]:
    table = rows.read(document, written, ("questions",))
    asked: list[_Asked] = []
    problems = [*table.problems, *_unknown_columns(table)]
    for row in table.rows:
        files = _files(row.values.get("file"))
        question = row.values.get("question")
        if isinstance(question, str) and question.strip() and files:
            asked.append(_Asked(question.strip(), files, row.position))
        elif set(row.values) <= set(COLUMNS):  # else a column that has another name may be what is missing
            hint = f"columns: {', '.join(COLUMNS)}; several files stand in one cell with `{_SEVERAL}` between"
            problems.append(Diagnostic("a row is a question and the file that answers it", row.position, hint))
    return asked, problems


def _unknown_columns(table: Table) -> Iterator[Diagnostic]:
    """Name each column that says nothing, at its first place."""
    unknown: dict[str, Position] = {}
    for row in table.rows:
        for column in row.values:
            if column not in COLUMNS:
                unknown.setdefault(column, table.columns.get(column, row.position))
    for column, position in unknown.items():
        hint = did_you_mean(column, COLUMNS) or f"its columns are {' and '.join(COLUMNS)}"
        yield Diagnostic(f"a question list has no column `{column}`", position, hint)


def _files(value: Any) -> list[str]:
    parts = value.split(_SEVERAL) if isinstance(value, str) else value if isinstance(value, list) else []
    return [part.strip() for part in parts if isinstance(part, str) and part.strip()]


def _doubts(asked: _Asked, files: FileNames | None, store: str) -> Iterator[Diagnostic]:
    for file in asked.files:
        if files is not None and (doubt := find_doubt(file, files, f"vector_store.{store} has no file `{file}`")):
            message, hint = doubt
            yield Diagnostic(message, asked.position, hint)
