"""What a run leaves: scenarios that were not run, those in quarantine, and conversations that could not be removed."""

from collections.abc import Sequence
from typing import Any

from orchestrator.reporting.characters import visible
from orchestrator.reporting.lines import Line, Part
from orchestrator.reporting.money import usd
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run, ScenarioResult


def why_left_out(run: Run) -> str:
    """Say why the scenarios under `not_run` were not run."""
    if run.interrupted:
        return "the run was interrupted"
    if run.budget is not None and run.budget_reached:
        return why_reached(run)
    return "a scenario before did not pass (--fail-fast)"


def why_reached(run: Run) -> str:
    """Say what ended a run with a budget."""
    budget = run.budget
    if budget is None:
        return ""
    if budget.unknown:
        return "the target did not say how many tokens it used, so the budget cannot be kept"
    return f"the budget of {usd(budget.limit_usd)} is spent"


def quarantine_text(result: ScenarioResult) -> str:
    """Give what is said on a scenario's line: `quarantined until 2026-03-01: REASON`; empty where it counts."""
    held = result.located.scenario.quarantine
    return f"quarantined until {held.until}: {_one_line(held.reason)}" if held and result.quarantined else ""


def quarantine_json(result: ScenarioResult) -> dict[str, Any] | None:
    """Give a scenario's quarantine as JSON data; None where it has none."""
    held = result.located.scenario.quarantine
    return {"reason": held.reason, "until": held.until.isoformat(), "over": not result.quarantined} if held else None


def quarantine_lines(results: Sequence[ScenarioResult]) -> list[Line]:
    """Give what is to be done about quarantines: those that are over, and those of scenarios that pass."""
    return [line for result in results for line in _lines(result)]


def leftover_lines(results: Sequence[ScenarioResult]) -> list[Line]:
    """Give a line for each conversation that could not be removed from the target."""
    lines = []
    for result in results:
        for leftover in (attempt.leftover for attempt in result.attempts if attempt.leftover):
            text = f"the conversation of {result.located.scenario.name} is left there: {leftover.message}"
            lines.append(Line(Part.NOTE, 0, "warning", text))
            lines += [Line(Part.HINT, 0, "hint", leftover.hint)] if leftover.hint else []
    return lines


def _lines(result: ScenarioResult) -> list[Line]:
    scenario, position = result.located.scenario, result.located.position
    held = scenario.quarantine
    if held is None:
        return []
    if not result.quarantined:
        text = f"the quarantine of {scenario.name} ended on {held.until} and it counts again: {_one_line(held.reason)}"
        hint = "take `quarantine` out, or write a later day"
    elif result.status is Status.PASSED:
        text, hint = (
            f"{scenario.name} passes though it is in quarantine: {_one_line(held.reason)}",
            "take `quarantine` out",
        )
    else:
        return []
    return [Line(Part.NOTE, 0, "warning", f"{position}: {text}"), Line(Part.HINT, 0, "hint", hint)]


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
