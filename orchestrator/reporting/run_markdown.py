"""A run of scenarios as Markdown for a pull request: what did not pass first, each with its story folded under it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.diagnostics import counted
from orchestrator.reporting.markdown import Section, code, fence, report
from orchestrator.reporting.money import usd
from orchestrator.reporting.story import get_headline, get_label, get_rate, get_status, tell
from orchestrator.scenario.report_format import Status

Data = Mapping[str, Any]
ORDER = ("failed", "errored", "inconclusive", "quarantined", "not_run", "passed")
LIMIT = 1_000
"""Characters of one text of a story."""
MOST_NAMES = 200
"""Names of scenarios that passed; of more the rest is counted."""


def run_markdown(data: Data) -> str:
    """Give a report (`orch.test/1`) as Markdown of less than 65,536 characters."""
    several = ", " in str(data["target"])
    scenarios = sorted(data["scenarios"], key=lambda each: ORDER.index(get_status(each)))
    wrong = [each for each in scenarios if get_status(each) != "passed"]
    sections = [_section(each, several) for each in wrong]
    sections += [
        Section(f"<b>not run</b> {code(get_label(each, several))}: {code(each.get('reason') or 'the run was stopped')}")
        for each in data.get("not_run", ())
    ]
    passed = [each for each in scenarios if get_status(each) == "passed"]
    return report(_head(data), [*sections, *_passed(passed, several)])


def _head(data: Data) -> list[str]:
    summary = data["summary"]
    counts = [f"{summary.get(word, 0):,} {word.replace('_', ' ')}" for word in ORDER if summary.get(word)]
    tokens = data["usage"]["input_tokens"] + data["usage"]["output_tokens"]
    facts = [f"{data['duration_ms'] / 1000:.1f} s", counted(tokens, "token")]
    facts += [usd(data["cost_usd"])] if data.get("cost_usd") is not None else []
    head = [f"### orch test: {code(data['project'])} on {code(data['target'])}"]
    head.append(f"**{', '.join(counts) or 'no scenarios'}** in {', '.join(facts)}")
    if data.get("interrupted"):
        head.append("The run was interrupted: what is here is what was finished.")
    if (data.get("budget") or {}).get("reached"):
        head.append(f"The budget of {usd(data['budget']['limit_usd'])} is spent.")
    return head


def _section(scenario: Data, several: bool) -> Section:
    status, rate, why = get_status(scenario), get_rate(scenario), get_headline(scenario).text
    title = f"<b>{status}</b> {code(get_label(scenario, several))}"
    title += f" {rate}" if rate else ""
    if status == "quarantined":
        why = f"until {scenario['quarantine']['until']}: {scenario['quarantine']['reason']}"
    title += f": {code(why)}" if why else ""
    place = f"{scenario['file']}:{scenario['line']}"
    lines = tell(scenario, LIMIT) if scenario["status"] != Status.PASSED else []
    return Section(title, fence([place, *map(str, lines)]) if lines else "")


def _passed(passed: Sequence[Data], several: bool) -> Iterator[Section]:
    if passed:
        names = [code(get_label(each, several)) + _rate(each) for each in passed[:MOST_NAMES]]
        names += [f"… and {len(passed) - MOST_NAMES:,} more"] if len(passed) > MOST_NAMES else []
        yield Section(f"<b>passed</b> {len(passed):,}", ", ".join(names))


def _rate(scenario: Data) -> str:
    rate = get_rate(scenario)
    return f" ({rate})" if rate else ""
