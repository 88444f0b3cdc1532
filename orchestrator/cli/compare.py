"""`orch compare`: two test reports, and what of their difference is more than chance. Reads two files, nothing else."""

from pathlib import Path

import click

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
    epilog="Examples: `orch test --repeat 10 --json before.json`, then a change and `orch apply`, then "
    "`orch test --repeat 10 --json after.json` and `orch compare before.json after.json`; "
    "`orch compare main.json pr.json --format markdown > comment.md`."
)
@click.argument("before", metavar="A.json", type=_FILE)
@click.argument("after", metavar="B.json", type=_FILE)
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    show_default=True,
    metavar="C",
    help="How sure to be of a change; 1 - C is the chance of a false regression.",
)
@format_option(markdown=True)
def command(before: Path, after: Path, confidence: float, format_: str) -> int:
    """Tell what changed between two test reports.

    A is the earlier report and B the later one, both written by `orch test --json`. Scenarios are paired by name, and
    each is a regression, an improvement or noise, with its counts and its p-value; all together are tested as well.
    Latency, tokens and cost are shown as medians and change no verdict.

    Exits 1 where there is a regression, 0 where there is none, 2 where a report cannot be read.
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
