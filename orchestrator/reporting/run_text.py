"""A run of scenarios for people: a line a scenario, the story of what failed, and a summary.

Everything is `rich.text.Text`: without colours it reads the same. Print with `soft_wrap=True`, so that a file or a
pipe gets whole lines.
"""

from rich.cells import cell_len
from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.reporting.cautions import caution_lines
from orchestrator.reporting.left_out import leftover_lines, quarantine_lines, quarantine_text, why_reached
from orchestrator.reporting.lines import Line, Part
from orchestrator.reporting.money import usd
from orchestrator.reporting.rates import is_repeated, repeat_json, statistics_json
from orchestrator.reporting.run_json import scenario_json
from orchestrator.reporting.story import rate_text, tell
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run, ScenarioResult

LIMIT = 2000
"""Characters of one message, call or output shown; the JSON report has all of it."""

_STATUS_STYLE = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.ERRORED: "bold yellow",
    Status.INCONCLUSIVE: "bold magenta",
}
_WORST_FIRST = (Status.ERRORED, Status.FAILED, Status.INCONCLUSIVE)
_PART_STYLE = {
    Part.TURN: "bold",
    Part.SAID: "",
    Part.DONE: "cyan",
    Part.WRONG: "red",
    Part.HINT: "yellow",
    Part.NOTE: "dim",
}


def run_text(run: Run, verbose: bool = False) -> Text:
    """Give the whole report; it ends without a line break. `verbose` tells the story of what passed, too."""
    several = run.has_targets
    name = max((cell_len(result.located.label(several)) for result in run.results), default=0)
    status = max((len(result.status) for result in run.results), default=0)
    rows = [status_text(result, name, max(status, len(Status.ERRORED)), several) for result in run.results]
    blocks = [Text("\n").join(rows)] if rows else []
    blocks += [failure_text(result, several) for result in run.results if verbose or result.status is not Status.PASSED]
    if notes := [*caution_lines(run.results), *quarantine_lines(run.results), *leftover_lines(run.results)]:
        blocks.append(_lines(notes))
    return Text("\n\n").join([*blocks, summary_text(run)])


def status_text(result: ScenarioResult, width: int = 0, status_width: int = 0, with_target: bool = False) -> Text:
    """Give the line of one scenario: what became of it, its name, how long it took and, repeated, how often it passed.

    Status and name are padded to their widths, in columns of a terminal; `with_target` says where it was played, too.
    """
    name = result.located.label(with_target)
    return Text.assemble(
        (f"{result.status.upper():<{status_width}}", _STATUS_STYLE[result.status]),
        f"  {name}{' ' * (width - cell_len(name))}  ",
        (_duration(result.duration_ms), "dim"),
        f"  {rate_text(statistics_json(result), repeat_json(result))}" if is_repeated(result) else "",
        ("  recorded" if result.recorded else "", "dim"),
        ("  taken over" if result.taken_over else "", "dim"),
        (f"  {quarantine_text(result)}" if result.quarantined else "", "yellow"),
    )


def failure_text(result: ScenarioResult, with_target: bool = False) -> Text:
    """Give the story of a scenario: where it is written, what was said, what was expected."""
    position = result.located.position
    title = Text.assemble(
        (f"{result.status.upper()} {result.located.label(with_target)}", _STATUS_STYLE[result.status]),
        f"  {position.file}:{position.line}",
    )
    return Text("\n").join([title, _lines(tell(scenario_json(result), LIMIT))])


def summary_text(run: Run) -> Text:
    """Give the last line: how many of each, the time, and what it took."""
    order = (Status.FAILED, Status.ERRORED, Status.INCONCLUSIVE, Status.PASSED)
    counts = [(run.count(status), str(status)) for status in order]
    counts += [(run.quarantined, "quarantined"), (len(run.not_run), "not run")]
    words = ", ".join(f"{number} {word}" for number, word in counts if number) or "no scenarios"
    worst = next((status for status in _WORST_FIRST if run.count(status)), Status.PASSED)
    style = _STATUS_STYLE[Status.ERRORED if run.interrupted else worst]
    usage = run.usage
    took = f" in {_duration(run.duration_ms)} ({counted(run.requests, 'request')}"
    if usage.input_tokens or usage.output_tokens:
        took += f", {counted(usage.input_tokens, 'token')} in, {usage.output_tokens:,} out"
    judges = run.judge_usage
    if judges.input_tokens or judges.output_tokens:
        took += f", of these {judges.input_tokens:,} in, {judges.output_tokens:,} out for judges"
    if run.cost_usd is not None:
        took += f", {usd(run.cost_usd)}"
    recorded = run.recorded_usage
    if recorded == usage and run.recorded:
        took += ", all recorded"
    elif run.recorded:
        cost = f", {usd(run.recorded_cost_usd)}" if run.cost_usd is not None and run.recorded_cost_usd else ""
        took += f", of these {recorded.input_tokens:,} in, {recorded.output_tokens:,} out{cost} recorded"
    start = "interrupted: " if run.interrupted else ""
    more = "".join(f"\n{line}" for line in _remarks(run))
    return Text.assemble((f"{start}{words}", style), f"{took})", more)


def _remarks(run: Run) -> list[str]:
    """Give what more is to be said of the run as a whole, each on a line."""
    lines = []
    if run.taken_over:
        lines.append(f"{run.taken_over} of {len(run.results)} taken over from the run before, not played again")
    if run.budget is not None:
        end = f"; {len(run.not_run)} not run: {why_reached(run)}" if run.budget_reached else ""
        lines.append(f"spent {usd(run.budget.spent_usd)} of {usd(run.budget.limit_usd)}{end}")
    return lines


def _lines(lines: list[Line]) -> Text:
    return Text("\n").join([Text(str(line), style=_PART_STYLE[line.part]) for line in lines])


def _duration(ms: float) -> str:
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 60_000 else f"{int(ms // 60_000)} min {ms % 60_000 / 1000:.0f} s"
