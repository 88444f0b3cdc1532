"""A comparison of two test reports for people: what changed and how sure that is, then everything else in a few lines.

Print with `soft_wrap=True`, so that a file or a pipe gets whole lines.
"""

from collections.abc import Iterator
from math import comb

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.reporting.characters import visible
from orchestrator.scenario.comparison import Change, Comparison, Measure, Paired, Tier

_STYLE = {Tier.REGRESSION: "bold red", Tier.IMPROVEMENT: "green", Tier.NOISE: "dim"}
MEASURES = {Measure.LATENCY: "latency", Measure.TOKENS: "tokens", Measure.COST: "cost"}
"""Words for the measures."""
MOST_NOISE = 20
"""Scenarios that are listed although their change is noise; the JSON report has all."""


def compare_text(comparison: Comparison) -> Text:
    """Give the whole report; it ends without a line break. Scenarios whose pass rate did not change are counted."""
    shown, left = ranked(comparison)
    width = max((len(visible(each.name)) for each in shown), default=0)
    rows = Text("\n").join([*(_row(each, width) for each in shown), *([Text(f"… {left}", "dim")] if left else [])])
    notes = Text("\n").join([Text(line) for line in (*shift_lines(comparison), *other_lines(comparison))])
    together = Text(together_line(comparison), _STYLE[comparison.together.tier])
    worst = next((tier for tier in (Tier.REGRESSION, Tier.IMPROVEMENT) if comparison.count(tier)), Tier.NOISE)
    summary = Text(summary_line(comparison), _STYLE[Tier.REGRESSION if comparison.regressed else worst])
    return Text("\n\n").join([part for part in (rows, Text("\n").join([together, notes]), summary) if part])


def ranked(comparison: Comparison) -> tuple[list[Paired], str]:
    """Give the scenarios whose pass rate changed, the surest and worst first, and a word on noise that is left out."""
    order = [Tier.REGRESSION, Tier.IMPROVEMENT, Tier.NOISE]
    moved = [each for each in comparison.paired if each.moved]
    moved.sort(key=lambda each: (order.index(each.tier), each.adjusted, each.p_value, each.moved))
    most = MOST_NOISE + sum(each.tier is not Tier.NOISE for each in moved)
    return moved[:most], f"and {len(moved) - most:,} more that changed and are noise" if len(moved) > most else ""


def counts_text(paired: Paired) -> str:
    """Give what is behind a tier: `8/8 -> 3/8 passed, p = 0.026`; an adjusted p-value only where it differs."""
    a, b = paired.before.counts, paired.after.counts
    adjusted = f", adjusted {_number(paired.adjusted)}" if paired.adjusted > paired.p_value else ""
    return f"{a.passed}/{a.judged} -> {b.passed}/{b.judged} passed, {p_text(paired.p_value)}{adjusted}"


def p_text(p_value: float) -> str:
    """Give a p-value."""
    return f"p = {_number(p_value)}" if p_value >= 0.0001 else "p < 0.0001"


def change_text(measure: Measure, change: Change) -> tuple[str, str, str]:
    """Give a measure before, after, and by how much it changed, in percent where that means something."""
    share = f"{100 * (change.after / change.before - 1):+.0f} %" if change.before else ""
    return _amount(measure, change.before), _amount(measure, change.after), share


def summary_line(comparison: Comparison) -> str:
    """Give how many scenarios are of each tier."""
    counts = {tier: comparison.count(tier) for tier in Tier}
    words = [
        f"{n} {tier}{'s' if n != 1 and tier is not Tier.NOISE else ''}"
        for tier, n in counts.items()
        if n or tier is not Tier.IMPROVEMENT
    ]
    return f"{', '.join(words)}, at confidence {comparison.confidence:g}"


def together_line(comparison: Comparison) -> str:
    """Give what all scenarios show together."""
    together = comparison.together
    same = len(comparison.paired) - together.fell - together.rose
    counts = f"{together.fell} passed less often, {together.rose} more often, {same} as before"
    return f"All together: {together.tier} ({counts}; {p_text(together.p_value)}, {together.test})"


def shift_lines(comparison: Comparison) -> Iterator[str]:
    """Give a line for each measure: the medians before and after, over all scenarios that know it."""
    for measure, shift in comparison.shifts.items():
        before, after, share = change_text(measure, shift.medians)
        changed = f" ({share})" if share else ""
        over = f"median of {counted(shift.scenarios, 'scenario')}"
        yield f"{MEASURES[measure]}: {before} -> {after}{changed}, {over}, {p_text(shift.p_value)}"


def other_lines(comparison: Comparison) -> Iterator[str]:
    """Give what could not be compared, and what to do where there are too few attempts to tell."""
    if comparison.new:
        yield f"new: {', '.join(map(visible, comparison.new))}"
    if comparison.missing:
        left = set(comparison.after.not_run)
        names = (f"{visible(name)} (not run)" if name in left else visible(name) for name in comparison.missing)
        yield f"missing: {', '.join(names)}"
    for name, before, after in comparison.unjudged:
        yield f"not compared: {visible(name)} ({visible(before)} -> {visible(after)})"
    n = _fewest_that_tell(1 - comparison.confidence)
    fewest = [min(each.before.counts.judged, each.after.counts.judged) for each in comparison.paired if each.moved]
    if few := sum(judged < n for judged in fewest):
        subject = "1 scenario has" if few == 1 else f"{few} scenarios have"
        yield f"{subject} too few attempts to tell: make both reports with `orch test --repeat {n}` or more"


def _fewest_that_tell(error: float) -> int:
    """Give how many attempts a side show a change from all to none."""
    n = 1
    while 2 / comb(2 * n, n) > error:
        n += 1
    return n


def _row(paired: Paired, width: int) -> Text:
    return Text.assemble(
        (f"{paired.tier.upper():<{len(Tier.IMPROVEMENT)}}", _STYLE[paired.tier]),
        f"  {visible(paired.name):<{width}}  {counts_text(paired)}",
    )


def _number(p_value: float) -> str:
    return f"{p_value:.2g}"


def _amount(measure: Measure, value: float) -> str:
    match measure:
        case Measure.LATENCY:
            return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.1f} s"
        case Measure.COST:
            return f"{value:.4g} USD"
        case _:
            return f"{value:g}"
