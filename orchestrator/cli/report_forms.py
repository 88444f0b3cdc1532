"""The forms of a test report that are made from its data alone; each is made only where it is asked for."""

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.output import as_json, json_pieces, write_report
from orchestrator.reporting.run_html import run_html
from orchestrator.reporting.run_markdown import run_markdown


def write_forms(data: dict[str, Any], json: Path | None, html: Path | None, markdown: Path | None) -> None:
    """Write the files that are asked for."""
    write_report(json, json_pieces(data))
    write_report(html, run_html(data))
    if markdown is not None:
        write_report(markdown, [run_markdown(data)])


def show_form(data: dict[str, Any], format_: str) -> bool:
    """Print the report as `format_`; tells whether that is such a form, and text is none."""
    match format_:
        case "json":
            click.echo(as_json(data))
        case "markdown":
            click.echo(run_markdown(data))
        case _:
            return False
    return True
