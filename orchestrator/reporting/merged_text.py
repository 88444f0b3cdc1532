"""A report of a run for the terminal, from its data: what did not pass, and the counts."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.reporting.characters import visible
from orchestrator.reporting.money import usd
from orchestrator.reporting.run_markdown import ORDER
from orchestrator.reporting.story import get_headline, get_label, get_rate, get_status

_STYLES = {"passed": "green", "failed": "red", "errored": "yellow", "inconclusive": "magenta"}


def merged_text(data: Mapping[str, Any]) -> Text:
    """Give the text, without a line end at its end."""
    several = ", " in str(data["target"])
    wrong = [each for each in data["scenarios"] if get_status(each) != "passed"]
    lines = []
    for each in sorted(wrong, key=lambda scenario: ORDER.index(get_status(scenario))):
        status = get_status(each)
        told = [part for part in (get_rate(each), visible(get_headline(each).text)) if part]
        label = visible(get_label(each, several))
        what = f" {label}  {'  '.join(told)}"
        lines.append(Text.assemble((f"{status.upper():<12}", _STYLES.get(status, "dim")), what))
    summary = data["summary"]
    counts = [f"{summary.get(word, 0)} {word.replace('_', ' ')}" for word in reversed(ORDER) if summary.get(word)]
    tokens = data["usage"]
    took = f"{counted(data['requests'], 'request')}, "
    took += f"{counted(tokens['input_tokens'], 'token')} in, {tokens['output_tokens']:,} out"
    took += f", {usd(data['cost_usd'])}" if data.get("cost_usd") is not None else ""
    end = Text(f"{', '.join(counts) or 'no scenarios'} ({took})", style="bold")
    return Text("\n\n").join([Text("\n").join(lines), end]) if lines else end
