"""`orch validate`: every problem of every spec, at once."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_diagnostics, show_note, show_warning
from orchestrator.cli.options import format_option, paths, target
from orchestrator.diagnostics import Diagnostic, counted
from orchestrator.errors import SpecError
from orchestrator.model.project import Project
from orchestrator.providers.registry import get_capabilities
from orchestrator.reconcile.record import crowded, record_of
from orchestrator.reconcile.refusals import refusals, unkept
from orchestrator.reporting.diagnostic_json import diagnostic_json
from orchestrator.reporting.rates import cannot_pass
from orchestrator.spec.mock_links import find_unreachable
from orchestrator.spec.revisions import read_revision


@click.command(
    epilog=examples(
        "orch validate",
        "orch validate specs/ --target foundry",
        "orch validate --format json",
    )
)
@paths
@target
@format_option()
def command(paths: tuple[Path, ...], target: str | None, variables: tuple[str, ...], format_: str) -> int:
    """Check all specs and show every problem.

    Also reports what the target cannot do, field by field. Always checks the whole project that PATHS belong to (by
    default that of the current folder). It needs no key and no network, and runs nothing.

    Exit codes: 0 no problems; 1 problems.
    """
    try:
        project = load_project(paths, target, variables)
        _check_target(project)
    except SpecError as error:
        if format_ == "json":
            click.echo(_as_json(error.diagnostics, ()))
        else:
            show_diagnostics(error.diagnostics)
        return 1
    warnings = tuple(dict.fromkeys(_warnings(project)))
    if format_ == "json":
        click.echo(_as_json((), warnings))
        return 0
    for each in warnings:
        show_warning(each.position, each.message, each.hint or "")
    show_note(_summary(project))
    return 0


def _warnings(project: Project) -> Iterator[Diagnostic]:
    """Give what is no error and hardly meant; the cases of one scenario say the same."""
    can = get_capabilities(project.target)
    for resource in project.resources.values():
        yield from unkept(resource, can, project.target_name)
    for located in project.scenarios:
        if problem := cannot_pass(located.scenario.repeat):
            message, hint = problem
            yield Diagnostic(message, located.position, hint)
        for place, message in find_unreachable(located.scenario):
            position = located.mock_positions.get(place, located.position)
            yield Diagnostic(message, position, "put the one without `when` last")


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
    words = ", ".join(counted(n, word) for word, n in counts.items() if n)
    return f"{project.name}: {words}; no problems for target {project.target_name}"


def _as_json(problems: Sequence[Diagnostic], warnings: Sequence[Diagnostic]) -> str:
    """Give what was found as JSON text; there are warnings only where there is no problem."""
    found = {"diagnostics": [*map(diagnostic_json, problems)], "warnings": [*map(diagnostic_json, warnings)]}
    return json.dumps({"format": "orch.validate/1", **found}, ensure_ascii=False, indent=2)
