"""`orch validate`: every problem of every spec, at once."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from orchestrator.cli.messages import show_diagnostics, show_note, show_warning
from orchestrator.cli.options import formats, load_project, paths, target
from orchestrator.diagnostics import Position
from orchestrator.errors import SpecError
from orchestrator.model.project import Project
from orchestrator.providers.registry import get_capabilities
from orchestrator.reconcile.record import crowded, record_of
from orchestrator.reconcile.refusals import refusals, unkept
from orchestrator.reporting.rates import cannot_pass
from orchestrator.spec.mock_links import find_unreachable
from orchestrator.spec.revisions import read_revision


@click.command(epilog="Examples: `orch validate`, `orch validate specs/ --target foundry`.")
@paths
@target
@formats
def command(paths: tuple[Path, ...], target: str | None, variables: tuple[str, ...], format_: str) -> int:
    """Check all specs and show every problem.

    What the target cannot do is one. Reads the whole project that PATHS belong to (the current folder by default) and
    nothing else: no key, no network.
    Exits 0 where the specs are fine, 1 where they are not.
    """
    try:
        project = load_project(paths, target, variables)
        _check_target(project)
    except SpecError as error:
        if format_ == "json":
            click.echo(_as_json(error))
        else:
            show_diagnostics(error.diagnostics)
        return 1
    if format_ == "json":
        click.echo(_as_json(None))
    else:
        for position, message, hint in dict.fromkeys(_warnings(project)):
            show_warning(position, message, hint)
        show_note(_summary(project))
    return 0


def _warnings(project: Project) -> Iterator[tuple[Position, str, str]]:
    """Give what is no error and hardly meant; the cases of one scenario say the same."""
    can = get_capabilities(project.target)
    for resource in project.resources.values():
        for found in unkept(resource, can, project.target_name):
            yield found.position, found.message, found.hint or ""
    for located in project.scenarios:
        if problem := cannot_pass(located.scenario.repeat):
            yield located.position, *problem
        for place, message in find_unreachable(located.scenario):
            position = located.mock_positions.get(place, located.position)
            yield position, message, "put the one without `when` last"


def _check_target(project: Project) -> None:
    """Raise `SpecError` for whatever the target cannot do; it is not asked."""
    can = get_capabilities(project.target)
    resources = project.resources.values()
    found = [item for resource in resources for item in refusals(resource, can, project.target_name)]
    revision = read_revision(project.root)
    for resource in resources:
        found += crowded(resource, resource.fields, record_of(resource, project.name, revision), can)
    if found:
        raise SpecError(found)


def _summary(project: Project) -> str:
    counts = {
        "resource": len(project.resources),
        "scenario": len(project.scenarios),
        "scripted model": len(project.models),
    }
    words = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n)
    return f"{project.name}: {words}; no problems for target {project.target_name}"


def _as_json(error: SpecError | None) -> str:
    found = [
        {
            "file": d.position.file,
            "line": d.position.line,
            "column": d.position.column,
            "message": d.message,
            "hint": d.hint,
        }
        for d in (error.diagnostics if error else ())
    ]
    return json.dumps({"format": "orch.validate/1", "diagnostics": found}, ensure_ascii=False, indent=2)
