"""Question lists: read from rows or a list, checked against the store they are about, and made a scenario."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, did_you_mean
from orchestrator.model.check_evidence import Recall, RecallOf, Sought
from orchestrator.model.file_names import is_same_file
from orchestrator.model.project import Resource
from orchestrator.model.questions import Knowledge, Question
from orchestrator.model.scenario import Scenario, Turn
from orchestrator.spec.reader import Document
from orchestrator.spec.rows import RowFiles

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
    labels = sorted(store.sources or {}) if store is not None and "files" in store.whole else None
    seen: dict[str, Position] = {}
    for each in asked:
        if each.question in seen:
            message = f"{each.question!r} is asked twice"
            problems.append(Diagnostic(message, each.position, f"the other is at {seen[each.question]}"))
        seen.setdefault(each.question, each.position)
        problems += _unknown(each, labels, spec.store)
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
    asked, problems = [], list(table.problems)
    for row in table.rows:
        files = _files(row.values.get("file"))
        question = row.values.get("question")
        if set(row.values) != set(COLUMNS) or not isinstance(question, str) or not question.strip() or not files:
            hint = f"columns: {', '.join(COLUMNS)}; several files stand in one cell with `{_SEVERAL}` between"
            problems.append(Diagnostic("a row is a question and the file that answers it", row.position, hint))
        else:
            asked.append(_Asked(question.strip(), files, row.position))
    return asked, problems


def _files(value: Any) -> list[str]:
    parts = value.split(_SEVERAL) if isinstance(value, str) else value if isinstance(value, list) else []
    return [part.strip() for part in parts if isinstance(part, str) and part.strip()]


def _unknown(asked: _Asked, labels: list[str] | None, store: str) -> Iterator[Diagnostic]:
    for file in asked.files:
        if labels is not None and not any(is_same_file(label, file) for label in labels):
            known = [*labels, *(label.rpartition("/")[2] for label in labels)]
            hint = did_you_mean(file, known) or "name a file that the store declares, by its path or its name"
            yield Diagnostic(f"vector_store.{store} has no file `{file}`", asked.position, hint)
