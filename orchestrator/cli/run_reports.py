"""What `orch test` gives when it is done: on the terminal, and in the files it was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from orchestrator.cli.output import show_text, write_report
from orchestrator.cli.report_forms import show_form, write_forms
from orchestrator.model.project import Project
from orchestrator.reporting.junit import junit_xml
from orchestrator.reporting.models_text import get_comparisons, models_json, models_text
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_text import run_text
from orchestrator.scenario.results import Run


@dataclass(frozen=True, slots=True)
class Files:
    """Where reports go, by their form; None where one is not asked for."""

    json: Path | None
    junit: Path | None
    html: Path | None
    markdown: Path | None


def show_reports(
    done: Run, projects: Sequence[Project], files: Files, format_: str, verbose: bool, several_models: bool
) -> None:
    """Write the files and print the run as `format_`; with several models, also how they compare."""
    name, target = projects[0].name, ", ".join(project.target_name for project in projects)
    comparisons = get_comparisons(done, name) if several_models else {}
    if files.junit is not None:
        write_report(files.junit, [junit_xml(done, project=name, target=target)])
    data = run_json(done, project=name, target=target)
    if several_models:
        data["models"] = models_json(done, comparisons)
    write_forms(data, files.json, files.html, files.markdown)
    if show_form(data, format_):
        return
    show_text(run_text(done, verbose))
    if several_models:
        click.echo()
        show_text(models_text(done, comparisons))
