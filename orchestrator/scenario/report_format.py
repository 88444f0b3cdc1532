"""The format `orch.test/1`: its name, its words, what its counts and its exit code are, and what its parts hold. Pure.

`reporting/run_json` writes it and says what the keys mean. Of a key that may be absent the tables give what is meant
then: a report may come from an older orch, or from another program that keeps to the contract only.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

FORMAT = "orch.test/1"
Report = Mapping[str, Any]
"""A report as JSON data."""


class Status(StrEnum):
    """What became of a turn, an attempt or a scenario."""

    PASSED = "passed"
    FAILED = "failed"
    """The assistant did not do what the scenario says, or the scenario does not say what it needs."""
    ERRORED = "errored"
    """The target could not do its part, so nothing is known about the assistant."""
    INCONCLUSIVE = "inconclusive"
    """What came back shows neither that it passes nor that it fails."""


NOT_RUN = "not_run"
"""The status of a turn that was not played."""
TOKENS: Mapping[str, int] = {"input_tokens": 0, "output_tokens": 0}
"""Of whatever counts tokens."""
RUN: Mapping[str, Any] = {
    "summary": {},
    "interrupted": False,
    "duration_ms": 0,
    "requests": 0,
    "usage": TOKENS,
    "judge_usage": TOKENS,
    "recorded_usage": TOKENS,
    "cost_usd": None,
    "recorded_cost_usd": None,
    "budget": None,
    "scenarios": [],
    "not_run": [],
}
"""A report, beside its format, its project and its target."""
PLACE: Mapping[str, Any] = {"name": "", "case": {}, "assistant": "", "file": "", "line": 0}
"""Which scenario it is and where it is written: of those that were run and those that were not."""
SCENARIO: Mapping[str, Any] = {
    "status": "passed",
    "quarantine": None,
    "taken_over": False,
    "cost_usd": None,
    "statistics": None,
    "problem": None,
    "attempts": [],
}
"""What became of one."""
ATTEMPT: Mapping[str, Any] = {
    "status": "passed",
    "recorded": False,
    "duration_ms": 0,
    "requests": 0,
    "cost_usd": None,
    "turns": [],
    "score": None,
    "checks": [],
    "problem": None,
    "leftover": None,
    "warnings": [],
    "judge_usage": TOKENS,
}
"""One playing of a scenario."""
TURN: Mapping[str, Any] = {
    "user": "",
    "reply": None,
    "status": "",
    "tool_calls": [],
    "citations": [],
    "files": [],
    "searches": [],
    "code_runs": [],
    "steps": [],
    "score": None,
    "checks": [],
    "problem": None,
    "usage": TOKENS,
    "judge_usage": TOKENS,
    "duration_ms": 0,
}
"""One turn; one that was not played is as empty as this."""
LISTED: Mapping[str, Mapping[str, Any]] = {
    "attempts": ATTEMPT,
    "turns": TURN,
    "checks": {"check": "", "passed": False, "score": 0.0, "reason": ""},
    "criteria": {"criterion": "", "verdict": "", "quote": "", "reason": "", "votes": []},
    "votes": {"verdict": "", "quote": "", "reason": "", "unusable": None},
    "tool_calls": {"name": "", "arguments": {}, "output": None},
    "citations": {"file": None, "file_id": "", "text": ""},
    "files": {"name": None, "file_id": ""},
    "searches": {"passages": []},
    "passages": {"file": "", "score": 0.0},
    "code_runs": {"code": "", "logs": "", "images": 0},
    "warnings": {"file": "", "line": 0, "column": 0, "message": "", "hint": None},
}
"""What stands in the lists of these names."""
OPTIONAL: Mapping[str, Mapping[str, Any]] = {
    "problem": {"message": "", "hint": None},
    "leftover": {"message": "", "hint": None},
    "quarantine": {"reason": "", "until": "", "over": False},
    "budget": {"limit_usd": 0.0, "spent_usd": 0.0, "reached": False},
    "statistics": {
        "passed": 0,
        "failed": 0,
        "errored": 0,
        "inconclusive": 0,
        "rate": None,
        "interval": [0.0, 1.0],
        "confidence": 0.95,
        "required": 1.0,
    },
}
"""What is an object or null."""


def summarize(scenarios: Sequence[Mapping[str, Any]], not_run: int) -> dict[str, int]:
    """Count scenarios by what became of them; those in quarantine count apart and nowhere else."""
    counting = [scenario for scenario in scenarios if not is_held(scenario)]
    return {
        "scenarios": len(scenarios),
        **{str(status): sum(scenario["status"] == status for scenario in counting) for status in Status},
        "quarantined": len(scenarios) - len(counting),
        "not_run": not_run,
        "taken_over": sum(bool(scenario.get("taken_over")) for scenario in scenarios),
    }


def is_held(scenario: Mapping[str, Any]) -> bool:
    """Tell whether a scenario is in quarantine on the day of its run."""
    quarantine = scenario.get("quarantine")
    return quarantine is not None and not quarantine["over"]


def get_exit_code(report: Report) -> int:
    """Give the exit code that `orch test` has with this report."""
    reached = bool((report["budget"] or {}).get("reached"))
    return decide_exit_code(report["summary"], interrupted=report["interrupted"], budget_reached=reached)


def decide_exit_code(counts: Mapping[str, int], *, interrupted: bool, budget_reached: bool) -> int:
    """Give the exit code of `orch test`: 0 all passed, 1 some failed, 2 some could not be run, 4 some are undecided.

    5 means that the budget was reached before all were played. 2 goes before 1, 1 before 5, and 5 before 4: while a
    scenario is errored, or the run was interrupted, nobody knows what all of them say; and a failure is known, whatever
    more attempts at another scenario may show. Scenarios left out after a failure (fail fast) do not count; that
    failure does. Scenarios in quarantine never count.
    """
    if interrupted or counts[Status.ERRORED]:
        return 2
    if counts[Status.FAILED]:
        return 1
    if budget_reached:
        return 5
    return 4 if counts[Status.INCONCLUSIVE] else 0
