"""Templates in documents: every text of a document rendered over the names of one target, each problem at its place."""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.language import Strict
from orchestrator.model.project import ProjectSpec, Target
from orchestrator.spec.reader import Document, Path_
from orchestrator.spec.template import Scope, TemplateError, check_later, is_template, render

Later = Mapping[str, frozenset[str]]
"""Fields rendered later, as `Spec.LATER` has them."""


class Names:
    """The names templates may use, for one target."""

    def __init__(
        self, settings: ProjectSpec, target: str, variables: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        """`variables` come over the project's and the target's own; of `environment`, only listed names are seen."""
        self._target = target
        self._values = {**settings.variables, **settings.targets[target].variables, **variables}
        self._env = Scope(
            "env",
            {name: environment[name] for name in settings.env if name in environment},
            "list it under `env:` in orch.yaml and export it",
        )

    @property
    def target(self) -> str:
        """Name of the target."""
        return self._target

    def context(
        self, more: Mapping[str, Any] | None = None, settled: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Give `vars`, `target` and `env`; `more` are variables over the project's own, `settled` over these.

        Texts among the settled ones are taken as they are.
        """
        column = ", as a column of the data" if settled else ""
        hint = f"define it under `variables:`{column}, or give --var NAME=VALUE"
        variables = Scope("vars", {**self._values, **(more or {})}, hint)
        if settled:
            variables.settle(settled)
        context = {"vars": variables, "target": {"name": self._target}, "env": self._env}
        variables.rendered_over(lambda: context)
        return context

    def check_variables(self, head: Document) -> list[Diagnostic]:
        """Say which variables cannot be rendered; `head` is the document of the project."""
        found, variables = [], self.context()["vars"]
        for name in variables:
            try:
                variables[name]
            except TemplateError as error:
                path: Path_ = ("targets", self._target, "variables", name)
                path = path if path in head.places else ("variables", name)
                found.append(_locate(head, path, error))
        return found

    def render_target(self, head: Document, target: Target) -> tuple[Target, list[Diagnostic]]:
        """Give the target with its address rendered, and what is wrong with it."""
        path = ("targets", self._target)
        written = {key: head.data[path[0]][path[1]].get(key) for key in ("base_url", "query", "db")}
        rendered, problems = render_document(head, written, {}, self.context(), path)
        return target.model_copy(update={key: value for key, value in rendered.items() if value is not None}), problems


def render_document(
    document: Document, data: Any, later: Later, context: Mapping[str, Any], at: Path_ = ()
) -> tuple[Any, list[Diagnostic]]:
    """Give `data`, which stands at a path of the document, with every text rendered, and what cannot be.

    Texts that are rendered `later` stay as they are; they are checked.
    """
    prepared = Prepared(document, data, later, at)
    rendered, problems = prepared.render(context)
    return rendered, [*prepared.problems, *problems]


@dataclass(frozen=True, slots=True)
class _Template:
    """A text to be rendered, and where it stands."""

    text: str
    path: Path_


_Plan = _Template | dict[Any, Any]
"""What is to be rendered in a value: by key or index what is to be rendered there."""


class Prepared:
    """Data of a document, taken apart once to be rendered over many contexts; what has no template is shared."""

    def __init__(self, document: Document, data: Any, later: Later, at: Path_ = ()) -> None:
        self._document, self._data = document, data
        self.problems: list[Diagnostic] = []
        """What is wrong with the texts that are rendered `later`."""
        self._plan = self._planned(data, later, at)

    def render(self, context: Mapping[str, Any]) -> tuple[Any, list[Diagnostic]]:
        """Give the data with every text rendered, and what cannot be."""
        problems: list[Diagnostic] = []
        return (self._data if self._plan is None else self._filled(self._data, self._plan, context, problems)), problems

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to render: every context gives the same."""
        return self._plan is None

    def share(self, shaped: Strict) -> None:
        """Put what a first rendering was shaped to in the place of what has no template: it is shaped and held once."""
        self._data = _shared(self._data, shaped, self._plan)

    def _planned(self, value: Any, later: Later, path: Path_) -> _Plan | None:
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            parts = {key: self._planned(item, later, (*path, key)) for key, item in items}
            return {key: part for key, part in parts.items() if part is not None} or None
        if not isinstance(value, str) or not is_template(value):
            return None
        names = next((names for pattern, names in later.items() if _matches(pattern, path)), None)
        if names is None:
            return _Template(value, path)
        try:
            check_later(value, names)
        except TemplateError as error:
            self.problems.append(_locate(self._document, path, error))
        return None

    def _filled(self, value: Any, plan: _Plan, context: Mapping[str, Any], problems: list[Diagnostic]) -> Any:
        if isinstance(plan, _Template):
            try:
                return render(plan.text, context)
            except TemplateError as error:
                problems.append(_locate(self._document, plan.path, error))
                return value
        filled = value.copy()
        for key, part in plan.items():
            filled[key] = self._filled(value[key], part, context, problems)
        return filled


def _shared(value: Any, shaped: Any, plan: _Plan | None) -> Any:
    """Give a value with its parts of which nothing is rendered as the models they were shaped to."""
    if isinstance(plan, _Template) or (plan is None and isinstance(shaped, Strict)):
        return shaped if plan is None else value
    within = plan or {}
    if isinstance(value, dict) and isinstance(shaped, Strict):
        names = {info.alias or name: name for name, info in type(shaped).model_fields.items()}
        made = {key: getattr(shaped, str(names.get(key, key))) for key in value}
    elif isinstance(value, dict) and isinstance(shaped, dict):
        made = shaped
    elif isinstance(value, list) and isinstance(shaped, list):
        return [_shared(item, one, within.get(n)) for n, (item, one) in enumerate(zip(value, shaped, strict=True))]
    else:
        return value
    return {key: _shared(item, made[key], within.get(key)) for key, item in value.items()}


def _matches(pattern: str, path: tuple[Hashable, ...]) -> bool:
    parts = pattern.split(".")
    return len(parts) == len(path) and all(
        want in ("*", str(got)) or (want == "#" and isinstance(got, int)) for want, got in zip(parts, path, strict=True)
    )


def _locate(document: Document, path: Path_, error: TemplateError) -> Diagnostic:
    """Point into the text itself: at the missing name where it is written, else at the line."""
    start = document.position(path)
    if start.file != document.shown or path not in document.places:
        return document.at(start, error.message, error.hint)
    place = document.places[path]
    first = start.line + 1 if place.block else start.line
    lines = _lines_of(document, start)[first - start.line :]
    # The line is right in a block as it is written; a text over several lines that are joined has to be searched.
    order = sorted(range(len(lines)), key=lambda number: number != error.line - 1)
    if error.name:
        word = re.compile(rf"(?<![\w.]){re.escape(error.name)}(?!\w)")
        for number in order:
            skipped = start.column - 1 if first + number == start.line else 0
            if found := word.search(lines[number], skipped):
                position = replace(start, line=first + number, column=found.start() + 1)
                return document.at(position, error.message, error.hint)
    if place.block and error.line <= len(lines):
        line = lines[error.line - 1]
        start = replace(start, line=first + error.line - 1, column=len(line) - len(line.lstrip()) + 1)
    return document.at(start, error.message, error.hint)


def _lines_of(document: Document, start: Position) -> list[str]:
    """Give the lines from a value's first to its last, which ends where the next key or item begins."""
    after = [
        (each.key_line, each.key_column)
        for each in document.places.values()
        if (each.key_line, each.key_column) > (start.line, start.column)
    ]
    line, column = min(after, default=(len(document.lines) + 1, 1))
    lines = list(document.lines[start.line - 1 : line])
    if line <= len(document.lines):
        lines[-1] = lines[-1][: column - 1]
    return lines
