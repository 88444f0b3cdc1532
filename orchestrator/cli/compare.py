"""`orch compare`: two test reports, and what of their difference is more than chance. Reads two files, nothing else."""

from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.options import format_option
from orchestrator.cli.output import as_json, show_text
from orchestrator.reporting.compare_json import compare_json
from orchestrator.reporting.compare_markdown import compare_markdown
from orchestrator.reporting.compare_text import compare_text
from orchestrator.scenario.comparison import compare
from orchestrator.scenario.report_files import load_report
from orchestrator.scenario.reports import read_report

REGRESSED = 1
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(
    epilog=examples(
        "orch test --repeat 10 --json before.json",
        "orch apply                                # a change",
        "orch test --repeat 10 --json after.json",
        "orch compare before.json after.json",
        "orch compare main.json pr.json --format markdown > comment.md",
    )
)
@click.argument("before", metavar="A.json", type=_FILE)
@click.argument("after", metavar="B.json", type=_FILE)
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    show_default=True,
    metavar="C",
    help="How sure to be of a change: 1 - C is the chance of a false regression.",
)
@format_option(markdown=True)
def command(before: Path, after: Path, confidence: float, format_: str) -> int:
    """Compare two test reports: regression, improvement or noise.

    A is the earlier report and B the later one, both written by `orch test --json`. Scenarios are paired by name; each
    is a regression, an improvement or noise, with its counts and p-value, and all of them are tested together as well.
    Latency, tokens and cost are shown as medians and never change a verdict.

    Exit codes: 0 no regression; 1 a regression; 2 a report could not be read.
    """
    first, second = (read_report(load_report(file), str(file)) for file in (before, after))
    compared = compare(first, second, confidence)
    match format_:
        case "json":
            click.echo(as_json(compare_json(compared)))
        case "markdown":
            click.echo(compare_markdown(compared))
        case _:
            show_text(compare_text(compared))
    return REGRESSED if compared.regressed else 0
