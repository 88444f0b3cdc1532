"""A comparison of two test reports as Markdown for a pull request: regressions first, each with what is behind it."""

from collections.abc import Iterable

from orchestrator.reporting.compare_text import (
    MEASURES,
    change_text,
    counts_text,
    other_lines,
    p_text,
    ranked,
    summary_line,
    together_line,
)
from orchestrator.reporting.markdown import Section, code, report
from orchestrator.scenario.comparison import Comparison, Paired, Tier
from orchestrator.scenario.reports import RunReport


def compare_markdown(comparison: Comparison) -> str:
    """Give the comparison as Markdown of less than 65,536 characters."""
    head = [
        f"### orch compare: {' -> '.join(dict.fromkeys(map(_name, (comparison.before, comparison.after))))}",
        f"**{summary_line(comparison)}**",
        together_line(comparison),
        *_shifts(comparison),
    ]
    shown, left = ranked(comparison)
    sections = [*(_paired(each) for each in shown), *([Section(f"… {left}")] if left else [])]
    same = sum(not each.moved for each in comparison.paired)
    sections += [Section(f"{same:,} as often as before")] if same else []
    return report(head, [*sections, *(Section(code(line)) for line in other_lines(comparison))])


def _name(run: RunReport) -> str:
    return f"{code(run.project)} on {code(run.target)}"


def _shifts(comparison: Comparison) -> list[str]:
    rows = [
        (MEASURES[measure], *change_text(measure, shift.medians), p_text(shift.p_value))
        for measure, shift in comparison.shifts.items()
    ]
    return [_table(("median", "before", "after", "change", ""), rows)] if rows else []


def _paired(paired: Paired) -> Section:
    title = f"<b>{paired.tier}</b> {code(paired.name)} {counts_text(paired)}"
    rows = [(MEASURES[measure], *change_text(measure, change)) for measure, change in paired.medians.items()]
    body = _table(("median", "before", "after", "change"), rows) if rows and paired.tier is not Tier.NOISE else ""
    return Section(title, body, open=paired.tier is Tier.REGRESSION)


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    first = [*heading]
    lines = [first, ["---", *["---:"] * (len(first) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
