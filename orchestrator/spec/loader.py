"""A folder of specs becomes one resolved `Project`, or one `SpecError` with everything that is wrong.

The steps, each a function: find the project, read its files, render templates, apply the target's overrides, give
every document its shape, link them.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, nearest
from orchestrator.errors import NoProjectError, SpecError
from orchestrator.model.language import Spec
from orchestrator.model.project import Project, ProjectSpec
from orchestrator.spec.files import inside, show, spec_files
from orchestrator.spec.links import Linker, Shaped
from orchestrator.spec.patch import Overrides
from orchestrator.spec.reader import Document, Path_, read_documents
from orchestrator.spec.shape import KINDS, get_kind, shape
from orchestrator.spec.template import Scope, TemplateError, check_later, render

PROJECT_FILE = "orch.yaml"


@dataclass(frozen=True, slots=True)
class Ask:
    """What to load, and with what."""

    start: Path
    """A file or folder of the project, or of a folder below it."""
    cwd: Path
    """Folder that paths are shown relative to."""
    target: str | None = None
    """Target to resolve for; the project's default where None."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values over the project's and the target's own (`--var`)."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The environment, of which templates see what the project lists."""


def load(ask: Ask) -> Project:
    """Load and resolve a project; raises `SpecError` with every problem found."""
    root = find_root(ask.start, ask.cwd)
    file = root / PROJECT_FILE
    problems: list[Diagnostic] = []
    documents = _read(file, ask.cwd, problems)
    head = next((d for d in documents if get_kind(d) == "Project"), None)
    if head is None:
        if not problems:
            problems.append(Diagnostic("no document of kind Project", Position(show(file, ask.cwd)), _PROJECT_HINT))
        raise SpecError(problems)
    settings = shape(head, ProjectSpec, head.data)
    if not isinstance(settings, ProjectSpec):
        raise SpecError([*problems, *settings])
    target = _choose_target(head, settings, ask)
    base = _Base(settings, target, ask)
    settings = base.render_target(head, problems)
    for path in spec_files(root, settings.specs):
        if path == file:
            continue
        if inside(root, path):
            documents += _read(path, ask.cwd, problems)
        else:
            problems.append(Diagnostic("a spec file outside the project", Position(show(path, ask.cwd)), "copy it in"))
    specs, broken = _shape_all([d for d in documents if d is not head], head, settings, base, problems)
    linked = Linker(root, ask.cwd, base.context(), specs, broken).link()
    problems += linked.problems
    if not specs and not problems:
        message = "the project declares nothing yet"
        problems.append(head.diagnostic(message, hint="add a document of kind Assistant, or run `orch init` elsewhere"))
    if problems:
        raise SpecError(problems)
    return Project(
        name=settings.name,
        root=root,
        target_name=target,
        target=settings.targets[target],
        target_position=head.position(("targets", target), key=True),
        resources=linked.resources,
        scenarios=tuple(linked.scenarios),
        models=tuple(linked.models),
    )


_PROJECT_HINT = "begin orch.yaml with kind: Project, name: and targets:, or run `orch init DIR` to see one"


def find_root(start: Path, cwd: Path) -> Path:
    """Give the folder of the orch.yaml at or above `start`; raises `NoProjectError` where there is none."""
    path = (cwd / start).absolute()
    if not path.exists():
        raise SpecError([Diagnostic("there is no such file or folder", Position(show(path, cwd)), "check the path")])
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        if (candidate / PROJECT_FILE).is_file():
            return candidate
    below = sorted(folder.glob(f"*/{PROJECT_FILE}"))
    hint = f"give its folder: {show(below[0].parent, cwd)}/" if below else "run `orch init DIR` to begin a project"
    message = f"no {PROJECT_FILE} here or above"
    raise NoProjectError([Diagnostic(message, Position(show(folder / PROJECT_FILE, cwd)), hint)])


def _read(path: Path, cwd: Path, problems: list[Diagnostic]) -> list[Document]:
    reading = read_documents(path, show(path, cwd))
    problems += reading.problems
    return list(reading.documents)


def _choose_target(head: Document, settings: ProjectSpec, ask: Ask) -> str:
    name = ask.target or settings.default_target
    if name in settings.targets:
        return name
    near = nearest(name, settings.targets)
    hint = f"did you mean `{near}`?" if near else f"there are: {', '.join(settings.targets)}"
    path: Path_ = ("targets",) if ask.target else ("default_target",)
    raise SpecError([head.diagnostic(f"no target is called `{name}`", path, hint)])


class _Base:
    """The names templates may use, for one target."""

    def __init__(self, settings: ProjectSpec, target: str, ask: Ask) -> None:
        self._settings, self._target = settings, target
        self._values = {**settings.variables, **settings.targets[target].variables, **ask.variables}
        self._env = Scope(
            "env",
            {name: ask.env[name] for name in settings.env if name in ask.env},
            "list it under `env:` in orch.yaml and export it",
        )

    def context(self, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Give `vars`, `target` and `env`; `more` are variables over the project's own."""
        hint = "define it under `variables:`, or give --var NAME=VALUE"
        variables = Scope("vars", {**self._values, **(more or {})}, hint)
        context = {"vars": variables, "target": {"name": self._target}, "env": self._env}
        variables.rendered_over(lambda: context)
        return context

    def render_target(self, head: Document, problems: list[Diagnostic]) -> ProjectSpec:
        """Give the settings with the chosen target's address rendered, and say which variables cannot be."""
        context = self.context()
        for name in self._values:
            try:
                context["vars"][name]
            except TemplateError as error:
                path: Path_ = ("targets", self._target, "variables", name)
                path = path if path in head.places else ("variables", name)
                problems.append(head.diagnostic(error.message, path, error.hint))
        path = ("targets", self._target)
        rendered = {
            key: _render_all(head, value, (*path, key), {}, context, problems)
            for key, value in head.data["targets"][self._target].items()
            if key not in ("variables", "overrides")
        }
        original = self._settings.targets[self._target]
        target = original.model_copy(update={k: v for k, v in rendered.items() if k in ("base_url", "query", "db")})
        return self._settings.model_copy(update={"targets": {**self._settings.targets, self._target: target}})


def _shape_all(
    documents: list[Document], head: Document, settings: ProjectSpec, base: _Base, problems: list[Diagnostic]
) -> tuple[list[Shaped], frozenset[tuple[str, str]]]:
    """Give the documents that have a shape, and kind and name of those that have none."""
    target = base.context()["target"]["name"]
    overrides = Overrides(head, target, {name: each.overrides for name, each in settings.targets.items()})
    specs: list[Shaped] = []
    broken: set[tuple[str, str]] = set()
    for document in documents:
        kind = get_kind(document)
        if kind is None or kind not in KINDS or kind == "Project":
            problems.append(_unknown_kind(document, kind))
            continue
        patched = overrides.apply(document, kind)
        shaped = _shape_one(patched, KINDS[kind], base, problems)
        if shaped is not None:
            specs.append(Shaped(patched, shaped))
        elif isinstance(patched.data, dict):
            broken.add((kind, str(patched.data.get("name"))))
    problems += overrides.problems()
    return specs, frozenset(broken)


def _shape_one(document: Document, kind: type[Spec], base: _Base, problems: list[Diagnostic]) -> Spec | None:
    own = (
        document.data.get("variables") if isinstance(document.data, dict) and "variables" in kind.model_fields else None
    )
    context = base.context(own if isinstance(own, dict) else None)
    before = len(problems)
    data = _render_all(document, document.data, (), kind.LATER, context, problems)
    if len(problems) > before:
        return None
    shaped = shape(document, kind, data)
    if isinstance(shaped, Spec):
        return shaped
    problems += shaped
    return None


def _unknown_kind(document: Document, kind: str | None) -> Diagnostic:
    if kind == "Project":
        return document.diagnostic("a second Project", ("kind",), "one project has one orch.yaml with one Project")
    known = ", ".join(name for name in KINDS if name != "Project")
    if kind is None:
        return document.diagnostic("no `kind`", hint=f"say what it is: {known}; or leave the file out with `specs:`")
    near = nearest(kind, KINDS)
    return document.diagnostic(
        f"unknown kind `{kind}`", ("kind",), f"did you mean `{near}`?" if near else f"known: {known}"
    )


def _render_all(
    document: Document,
    value: Any,
    path: Path_,
    later: Mapping[str, frozenset[str]],
    context: Mapping[str, Any],
    problems: list[Diagnostic],
) -> Any:
    match value:
        case str():
            names = next((names for pattern, names in later.items() if _matches(pattern, path)), None)
            try:
                if names is None:
                    return render(value, context)
                check_later(value, names)
            except TemplateError as error:
                problems.append(_locate(document, path, error))
            return value
        case dict():
            return {k: _render_all(document, v, (*path, k), later, context, problems) for k, v in value.items()}
        case list():
            return [_render_all(document, v, (*path, n), later, context, problems) for n, v in enumerate(value)]
        case _:
            return value


def _matches(pattern: str, path: tuple[Hashable, ...]) -> bool:
    parts = pattern.split(".")
    return len(parts) == len(path) and all(want in ("*", str(got)) for want, got in zip(parts, path, strict=True))


def _locate(document: Document, path: Path_, error: TemplateError) -> Diagnostic:
    """Point into the text itself: at the missing name where it can be found, else at the line."""
    start = document.position(path)
    if start.file == document.shown and error.name:
        for number, line in enumerate(document.lines[start.line - 1 :], start.line):
            column = line.find(error.name, start.column - 1 if number == start.line else 0)
            if column >= 0:
                return document.at(replace(start, line=number, column=column + 1), error.message, error.hint)
    return document.at(start, error.message, error.hint)
