"""A folder of specs becomes one resolved `Project`, or one `SpecError` with everything that is wrong.

The steps, each in a module of its own: find the project and read its files (`sources`), apply the target's overrides
(`patch`), render templates (`rendering`), give every document its shape (`shape`), link them (`links`), check the
renames (`moves`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.diagnostics import Diagnostic, Position, did_you_mean
from orchestrator.errors import SpecError
from orchestrator.model.language import Spec
from orchestrator.model.project import Project, ProjectSpec
from orchestrator.model.scenario import Scenario
from orchestrator.spec.expansion import ShapedCase, data_files, expand, has_cases
from orchestrator.spec.files import matching, show
from orchestrator.spec.links import Linker, Shaped
from orchestrator.spec.moves import check_moves
from orchestrator.spec.patch import PREFIXES, Overrides
from orchestrator.spec.reader import NO_TEXTS, Document, Path_, Texts
from orchestrator.spec.rendering import Names, render_document
from orchestrator.spec.rows import RowFiles
from orchestrator.spec.shape import KINDS, get_kind, shape
from orchestrator.spec.sources import PROJECT_FILE, Sources, find_root

__all__ = ["PROJECT_FILE", "Ask", "Loaded", "find_root", "load", "load_head", "load_with_documents"]

DEFAULT_SPECS: list[str] = ProjectSpec.model_fields["specs"].get_default(call_default_factory=True)
_PROJECT_HINT = "begin orch.yaml with kind: Project, name: and targets:, or run `orch init DIR` to see one"


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
    may_be_empty: bool = False
    """Whether a project that declares nothing yet is none the worse for it."""
    refresh: bool = False
    """Whether files of vector stores are read anew, whatever is remembered of them."""
    texts: Texts = field(default_factory=lambda: NO_TEXTS)
    """Texts taken for what files hold, so that an edit can be loaded before it is written."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project with the documents it came from."""

    project: Project
    head: Document
    """The document of the project itself."""
    specs: tuple[Shaped, ...]
    """Every other document, the target's overrides merged in, and its model."""


def load(ask: Ask) -> Project:
    """Load and resolve a project; raises `SpecError` with every problem found."""
    return load_with_documents(ask).project


def load_with_documents(ask: Ask) -> Loaded:
    """Load a project and keep what it was made from; raises `SpecError` with every problem found."""
    root = find_root(ask.start, ask.cwd)
    sources = Sources(ask.cwd, ask.texts)
    found = _read_head(sources, root)
    sources.read_specs(root, found[1].specs if found and isinstance(found[1], ProjectSpec) else DEFAULT_SPECS)
    problems = sources.problems
    head, settings, target = _settled(found, problems, root, ask)
    names = Names(settings, target, ask.variables, ask.env)
    problems += _missing_specs(head, settings, root)
    problems += names.check_variables(head)
    rendered, wrong = names.render_target(head, settings.targets[target])
    problems += wrong
    rows = data_files(sources.documents, names)
    others = [document for document in sources.documents if document is not head and document.path not in rows]
    problems[:] = [each for each in problems if each.position.file not in {show(path, ask.cwd) for path in rows}]
    patches = {name: each.overrides for name, each in settings.targets.items()}
    files = RowFiles(root, ask.cwd, ask.texts)
    specs, broken = _shape_all(others, Overrides(head, target, patches, sources.lost), names, files, problems)
    unknown = broken | sources.lost
    wire = settings.targets[target].wire
    linker = Linker(root, ask.cwd, names, specs, unknown, ask.texts, settings.prices, wire, ask.refresh)
    linked = linker.link()
    problems += linked.problems
    shapeless = {f"{PREFIXES[kind]}.{name}" for kind, name in unknown if kind in PREFIXES}
    shapeless |= {f"{PREFIXES['Assistant']}.{name}" for kind, name in unknown if kind == "Judge"}
    problems += check_moves(head, settings.moved, linked.resources, shapeless)
    if not specs and not problems and not ask.may_be_empty:
        message = "the project declares nothing yet"
        problems.append(head.diagnostic(message, hint="add a document of kind Assistant, or run `orch init` elsewhere"))
    if problems:
        raise SpecError(problems)
    linker.save()
    project = Project(
        name=settings.name,
        root=root,
        target_name=target,
        target=rendered,
        target_position=head.position(("targets", target), key=True),
        resources=linked.resources,
        scenarios=tuple(linked.scenarios),
        models=tuple(linked.models),
        moved={entry.source: entry.target for entry in settings.moved},
        prices=settings.prices,
    )
    return Loaded(project, head, tuple(specs))


def load_head(ask: Ask) -> Project:
    """Load what orch.yaml says of the project and its target, and no spec: it works where those are broken.

    Raises `SpecError`.
    """
    root = find_root(ask.start, ask.cwd)
    sources = Sources(ask.cwd, ask.texts)
    head, settings, target = _settled(_read_head(sources, root), sources.problems, root, ask)
    names = Names(settings, target, ask.variables, ask.env)
    rendered, problems = names.render_target(head, settings.targets[target])
    if sources.problems or problems:
        raise SpecError([*sources.problems, *problems])
    return Project(settings.name, root, target, rendered, head.position(("targets", target), key=True), {}, (), ())


_Head = tuple[Document, Spec | list[Diagnostic]]


def _read_head(sources: Sources, root: Path) -> _Head | None:
    """Read the project file; give the document of the project, with its shape or what is wrong with it."""
    sources.read(root / PROJECT_FILE)
    head = next((d for d in sources.documents if get_kind(d) == "Project"), None)
    return None if head is None else (head, shape(head, ProjectSpec, head.data))


def _settled(
    found: _Head | None, problems: list[Diagnostic], root: Path, ask: Ask
) -> tuple[Document, ProjectSpec, str]:
    """Give the project's document, its settings and the target; raises `SpecError` with `problems` where one lacks."""
    if found is None:
        position = Position(show(root / PROJECT_FILE, ask.cwd))
        if not any(problem.position.file == position.file for problem in problems):
            problems.append(Diagnostic("no document of kind Project", position, _PROJECT_HINT))
        raise SpecError(problems)
    head, settings = found
    if not isinstance(settings, ProjectSpec):
        raise SpecError([*problems, *(settings if isinstance(settings, list) else [])])
    target = _choose_target(head, settings, ask)
    if isinstance(target, Diagnostic):
        raise SpecError([*problems, target])
    return head, settings, target


def _choose_target(head: Document, settings: ProjectSpec, ask: Ask) -> str | Diagnostic:
    name = ask.target or settings.default_target
    if name in settings.targets:
        return name
    hint = did_you_mean(name, settings.targets) or f"there are: {', '.join(settings.targets)}"
    if ask.target is None and "default_target" not in settings.model_fields_set:
        hint = f"say which one is meant without --target: default_target: {next(iter(settings.targets))}"
        return head.diagnostic("no target is called `local`, and there is no default_target", ("targets",), hint)
    path: Path_ = ("targets",) if ask.target else ("default_target",)
    return head.diagnostic(f"no target is called `{name}`", path, hint)


def _missing_specs(head: Document, settings: ProjectSpec, root: Path) -> list[Diagnostic]:
    """Say which spec files are named, not matched by a glob, and do not exist."""
    hint = f"paths are relative to {head.shown}"
    return [
        head.diagnostic(f"there is no file `{pattern}`", ("specs", number), hint)
        for number, pattern in enumerate(settings.specs)
        if not re.search(r"[*?[]", pattern) and not matching(root, pattern)
    ]


def _shape_all(
    documents: list[Document], overrides: Overrides, names: Names, files: RowFiles, problems: list[Diagnostic]
) -> tuple[list[Shaped], frozenset[tuple[str, str]]]:
    """Give the documents that have a shape, and kind and name of those that have none."""
    specs: list[Shaped] = []
    broken: set[tuple[str, str]] = set()
    for document in documents:
        kind = get_kind(document)
        if kind is None or kind not in KINDS or kind == "Project":
            problems.append(_unknown_kind(document, kind))
            continue
        patched = overrides.apply(document, kind)
        if KINDS[kind] is Scenario and has_cases(patched):
            shaped = _shape_cases(patched, names, files, problems)
        else:
            shaped = _shape_one(patched, KINDS[kind], names, problems)
        if shaped is not None:
            specs.append(shaped)
        elif isinstance(patched.data, dict):
            broken.add((kind, str(patched.data.get("name"))))
    problems += overrides.problems()
    return specs, frozenset(broken)


def _shape_cases(document: Document, names: Names, files: RowFiles, problems: list[Diagnostic]) -> Shaped | None:
    made = expand(document, names, files)
    cases = [each for each in made if isinstance(each, ShapedCase)]
    if not cases:
        problems += [each for each in made if isinstance(each, Diagnostic)]
        return None
    return Shaped(document, cases[0].as_written, cases)


def _shape_one(document: Document, kind: type[Spec], names: Names, problems: list[Diagnostic]) -> Shaped | None:
    has_variables = isinstance(document.data, dict) and "variables" in kind.model_fields
    own = document.data.get("variables") if has_variables else None
    context = names.context(own if isinstance(own, dict) else None)
    data, found = render_document(document, document.data, kind.LATER, context)
    problems += found
    if found:
        return None
    shaped = shape(document, kind, data)
    if isinstance(shaped, Spec):
        return Shaped(document, shaped)
    problems += shaped
    return None


def _unknown_kind(document: Document, kind: str | None) -> Diagnostic:
    if kind == "Project":
        return document.diagnostic("a second Project", ("kind",), "one project has one orch.yaml with one Project")
    known = ", ".join(name for name in KINDS if name != "Project")
    if not isinstance(document.data, dict):
        return document.diagnostic("a spec is a mapping", hint=f"begin it with `kind:` and one of {known}")
    if kind is None and "kind" in document.data:
        return document.diagnostic("`kind` must be text", ("kind",), f"write one of {known}")
    if kind is None:
        return document.diagnostic("no `kind`", hint=f"say what it is: {known}; or leave the file out with `specs:`")
    hint = did_you_mean(kind, KINDS) or f"known: {known}"
    return document.diagnostic(f"unknown kind `{kind}`", ("kind",), hint)
