"""`orch report`: reports of `orch test`, joined and shown in other forms. Reads files, nothing else."""

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.options import format_option
from orchestrator.cli.output import show_text
from orchestrator.cli.report_forms import show_form, write_forms
from orchestrator.reporting.merged_text import merged_text
from orchestrator.scenario.completing import complete
from orchestrator.scenario.merging import merge
from orchestrator.scenario.report_files import load_report
from orchestrator.scenario.report_format import get_exit_code
from orchestrator.scenario.reports import read_report

_REPORT = click.Path(path_type=Path, dir_okay=False, exists=True)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    epilog=examples(
        "orch report merge 1.json 2.json --html report.html",
    )
)
def command() -> None:
    """Merge the reports of test runs.

    Exit codes: those of `orch report merge`.
    """


@command.command(
    "merge",
    epilog=examples(
        "orch test --shard 1/2 --json 1.json",
        "orch test --shard 2/2 --json 2.json       # on another machine",
        "orch report merge 1.json 2.json --html report.html",
    ),
)
@click.argument("files", metavar="REPORT.json...", nargs=-1, required=True, type=_REPORT)
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the merged report as JSON.")
@click.option("--html", "html_file", type=_FILE, metavar="FILE", help="Write it as a single HTML page.")
@click.option("--markdown", "markdown_file", type=_FILE, metavar="FILE", help="Write it as Markdown.")
@format_option(markdown=True)
def merge_(
    files: tuple[Path, ...],
    json_file: Path | None,
    html_file: Path | None,
    markdown_file: Path | None,
    format_: str,
) -> int:
    """Merge the JSON reports of the parts of a run into one.

    The parts are those of `orch test --shard I/N`, or runs of one project on several targets. Each scenario is in
    exactly one of them. Counts and costs are added up; the time is that of the longest part. A single report is
    rendered in the other formats.

    Exit codes: those of the whole run, as `orch test` would have given them (0, 1, 2, 4, 5); also 2 if a file is not a
    report.
    """
    whole = merge([(str(file), _read(file)) for file in files])
    write_forms(whole, json_file, html_file, markdown_file)
    if not show_form(whole, format_):
        show_text(merged_text(whole))
    return get_exit_code(whole)


def _read(path: Path) -> dict[str, Any]:
    data = load_report(path)
    read_report(data, str(path))  # says what is wrong with what a comparison needs, and where
    return complete(data, str(path))
