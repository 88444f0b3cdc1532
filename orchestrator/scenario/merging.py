"""Several reports of `orch test` joined into one: the shards of a run, or runs on several targets. Pure.

A report says where it comes from by the name its caller gives it, so that messages can say which file is meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.errors import ReportError
from orchestrator.scenario.costs import add_known
from orchestrator.scenario.report_format import Report, summarize

_USAGES = ("usage", "judge_usage", "recorded_usage")
_COSTS = ("cost_usd", "recorded_cost_usd")


def merge(reports: Sequence[tuple[str, Report]]) -> dict[str, Any]:
    """Join reports, each with its name; raises `ReportError` where they are no parts of one whole.

    A scenario that one report has not run and another has is one that was run. The time is that of the longest: parts
    run side by side.
    """
    parts = [report for _, report in reports]
    _check_project(reports)
    _check_once(reports)
    scenarios = [scenario for report in parts for scenario in report["scenarios"]]
    ran = {get_identity(scenario) for scenario in scenarios}
    left = {get_identity(each): each for report in parts for each in report.get("not_run", ())}
    not_run = [each for identity, each in left.items() if identity not in ran]
    targets = dict.fromkeys(target for report in parts for target in str(report["target"]).split(", "))
    return {
        "format": parts[0]["format"],
        "project": parts[0]["project"],
        "target": ", ".join(targets),
        "summary": summarize(scenarios, len(not_run)),
        "interrupted": any(report.get("interrupted") for report in parts),
        "duration_ms": max(report.get("duration_ms", 0) for report in parts),
        "requests": sum(report.get("requests", 0) for report in parts),
        **{key: _add_tokens([report.get(key) or {} for report in parts]) for key in _USAGES},
        **{key: add_known([report.get(key) for report in parts]) for key in _COSTS},
        "budget": _add_budgets([report["budget"] for report in parts if report.get("budget")]),
        "scenarios": scenarios,
        "not_run": not_run,
    }


def get_identity(scenario: Mapping[str, Any]) -> tuple[str, str]:
    """Give what tells one scenario of a report from another: its name and its target."""
    return scenario["name"], str(scenario.get("target") or "")


def _check_project(reports: Sequence[tuple[str, Report]]) -> None:
    first, known = reports[0]
    for name, report in reports[1:]:
        if report["project"] != known["project"]:
            message = f"{name} is of the project {report['project']}, and {first} of {known['project']}"
            raise ReportError(message, "merge reports of one project")


def _check_once(reports: Sequence[tuple[str, Report]]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, report in reports:
        for scenario in report["scenarios"]:
            identity = get_identity(scenario)
            if identity in seen:
                shown = f"{identity[0]} on {identity[1]}" if identity[1] else identity[0]
                message = f"{shown} is in {seen[identity]} and in {name}"
                raise ReportError(message, "merge the parts of one run: `--shard 1/2` and `--shard 2/2`, say")
            seen[identity] = name


def _add_tokens(usages: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {word: sum(usage.get(word, 0) for usage in usages) for word in ("input_tokens", "output_tokens")}


def _add_budgets(budgets: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not budgets:
        return None
    return {
        "limit_usd": sum(budget["limit_usd"] for budget in budgets),
        "spent_usd": sum(budget["spent_usd"] for budget in budgets),
        "reached": any(budget["reached"] for budget in budgets),
    }
