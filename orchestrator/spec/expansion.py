"""A scenario with a matrix or data becomes one scenario a case, each rendered over its own variables.

Ten thousand cases are one document: its templates are taken apart once, what has none is shared, and a problem that
many cases have is told once.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, counted
from orchestrator.model.matrix import Cases
from orchestrator.model.scenario import Scenario
from orchestrator.spec.case_names import case_name
from orchestrator.spec.cases import Case, get_cases
from orchestrator.spec.reader import Document
from orchestrator.spec.rendering import Names, Prepared, render_document
from orchestrator.spec.rows import RowFiles
from orchestrator.spec.shape import get_kind, shape
from orchestrator.spec.template import Scope

MOST_FAULTY = 100
"""Cases with problems after which no further ones are looked at."""
_KEYS = ("matrix", "data")
_ROWS = {"Scenario": "data", "Knowledge": "questions"}
"""Where a kind names a file of rows."""


@dataclass(frozen=True, slots=True)
class ShapedCase:
    """One case of a scenario, in shape."""

    case: Case
    scenario: Scenario
    """Its name is that of the case."""
    variables: Scope
    as_written: Scenario
    """The same under the name all cases share."""


def has_cases(document: Document) -> bool:
    """Tell whether a scenario's document asks for cases."""
    return isinstance(document.data, dict) and any(document.data.get(key) is not None for key in _KEYS)


def data_files(documents: Iterable[Document], names: Names) -> frozenset[Path]:
    """Give the files of rows that specs name: those are no specs, unless they say that they are."""
    found, specs = set(), set()
    for document in documents:
        specs |= {document.path} if get_kind(document) is not None else set()
        key = _ROWS.get(get_kind(document) or "")
        written = document.data.get(key) if key and isinstance(document.data, dict) else None
        if isinstance(written, str):
            own = document.data.get("variables")
            rendered, problems = render_document(document, written, {}, names.context(_mapping(own)))
            if not problems:
                found.add(Path(os.path.normpath(document.path.parent / rendered)))
    return frozenset(found - specs)


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def expand(document: Document, names: Names, files: RowFiles) -> Sequence[ShapedCase] | list[Diagnostic]:
    """Give the cases of a scenario's document, or everything that is wrong with it."""
    own = _mapping(document.data.get("variables"))
    head, problems = render_document(
        document, {key: document.data[key] for key in _KEYS if key in document.data}, {}, names.context(own)
    )
    shaped = problems or shape(document, Cases, head)
    cases: list[Case] = []
    if isinstance(shaped, Cases):
        cases, problems = get_cases(document, shaped, files)
    elif isinstance(shaped, list):
        problems = shaped
    prepared = Prepared(document, {k: v for k, v in document.data.items() if k not in _KEYS}, Scenario.LATER)
    made: list[ShapedCase] = []
    faults = Faults()
    for case in cases:
        context = names.context(own, case.variables)
        found = made[0].as_written if made and prepared.is_constant else _shape(document, prepared, context)
        if isinstance(found, Scenario):
            if not made:
                prepared.share(found)
            made.append(ShapedCase(case, _named(found, case), context["vars"], found))
        faults.add(case, found if isinstance(found, list) else ())
        if faults.are_many:
            break
    if not cases and prepared.is_constant:  # what does not depend on them is told at once
        found = _shape(document, prepared, {})
        problems = [*problems, *(found if isinstance(found, list) else ())]
    problems = [*problems, *prepared.problems, *faults.told(), *_name_problems(document, made)]
    return problems or made


def _shape(document: Document, prepared: Prepared, context: dict[str, Any]) -> Scenario | list[Diagnostic]:
    data, found = prepared.render(context)
    shaped = found or shape(document, Scenario, data)
    return shaped if isinstance(shaped, Scenario) else [each for each in shaped if isinstance(each, Diagnostic)]


def _named(scenario: Scenario, case: Case) -> Scenario:
    return scenario.model_copy(update={"name": case_name(scenario.name, case.parts)})


def _name_problems(document: Document, made: Sequence[ShapedCase]) -> list[Diagnostic]:
    if len({each.as_written.name for each in made}) < 2:
        return []
    message = "the name of a scenario may not differ from case to case"
    return [document.diagnostic(message, ("name",), "leave the variable out: a case has its values in its name")]


class Faults:
    """What is wrong with cases: each problem is told once, with the first case that has it."""

    def __init__(self) -> None:
        self._by_problem: dict[Diagnostic, list[Case]] = {}
        self._seen = self._faulty = 0

    @property
    def are_many(self) -> bool:
        """Whether so many cases are faulty that the others need not be looked at."""
        return self._faulty >= MOST_FAULTY

    def add(self, case: Case, problems: Iterable[Diagnostic]) -> None:
        """Note the problems of a case; none where it has none."""
        self._seen += 1
        noted = list(dict.fromkeys(problems))
        self._faulty += bool(noted)
        for problem in noted:
            self._by_problem.setdefault(problem, []).append(case)

    def told(self) -> list[Diagnostic]:
        """Give the problems; of one that not all cases have, the message says which do."""
        return [self._told(problem, cases) for problem, cases in self._by_problem.items()]

    def _told(self, problem: Diagnostic, cases: Sequence[Case]) -> Diagnostic:
        if len(cases) == self._seen:
            return problem
        more = len(cases) - 1
        others = f" and {counted(more, 'other')}{' or more' if self.are_many else ''}" if more else ""
        return replace(problem, message=f"{problem.message}, in {cases[0]}{others}")
