"""Reading a report back: what `orch test` wrote, and a clear refusal of everything else."""

import json
from typing import Any

import pytest

from orchestrator.errors import ReportError
from orchestrator.scenario.reports import ReportedAttempt, parse_report, read_report
from orchestrator.scenario.statistics import Counts

TURN = {"user": "hi", "status": "completed", "usage": {"input_tokens": 60, "output_tokens": 6}}
ATTEMPT = {"status": "passed", "duration_ms": 41, "turns": [TURN, TURN]}
REPORT = {
    "format": "orch.test/1",
    "project": "tutoring",
    "target": "local",
    "scenarios": [
        {"name": "quiz", "status": "failed", "attempts": [ATTEMPT, ATTEMPT | {"status": "failed"}]},
        {"name": "down", "status": "errored", "attempts": [ATTEMPT | {"status": "errored", "turns": []}]},
        {"name": "priced", "status": "inconclusive", "attempts": [ATTEMPT | {"cost_usd": 0.25}]},
    ],
    "not_run": [{"name": "later", "assistant": "tutor"}],
}


def test_what_a_comparison_needs():
    report = read_report(REPORT, "a.json")
    assert (report.project, report.target, report.not_run) == ("tutoring", "local", ("later",))
    assert list(report.scenarios) == ["quiz", "down", "priced"]
    quiz, down, priced = report.scenarios.values()
    assert quiz.attempts[0] == ReportedAttempt("passed", 41, 132, None)
    assert (quiz.counts, down.counts) == (Counts(1, 2), Counts(0, 0))
    assert priced.attempts[0].cost_usd == 0.25


def test_the_contract_is_enough():
    """`not_run` and whatever else is beyond the contract may be absent."""
    bare = {key: value for key, value in REPORT.items() if key != "not_run"}
    assert read_report(bare, "a.json").not_run == ()


def test_scenarios_of_several_targets_are_told_apart():
    quiz = {"name": "quiz", "status": "passed", "attempts": []}
    later = [{"name": "later", "target": "b"}]
    entries = [quiz | {"target": "a"}, quiz | {"target": "b"}]
    report = read_report(REPORT | {"target": "a, b", "scenarios": entries, "not_run": later}, "a.json")
    assert (list(report.scenarios), report.not_run) == (["quiz on a", "quiz on b"], ("later on b",))


def changed(path: list[Any], value: Any) -> str:
    data: Any = json.loads(json.dumps(REPORT))
    inner = data
    for part in path[:-1]:
        inner = inner[part]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(data)


BAD = [
    ("{", "a.json is not JSON: Expecting property name"),
    ("", "a.json is not JSON"),
    ("[" * 100_000, "a.json is nested too deeply"),
    ("[]", "a.json is not a report of `orch test`"),
    ("null", "a.json is not a report of `orch test`"),
    ('{"results": {"version": 3}}', "a.json is not a report of `orch test`: it has no format orch.test/1"),
    (changed(["format"], "orch.plan/1"), "a.json is no test report but orch.plan/1"),
    (changed(["format"], "orch.test/2"), "a.json has the format orch.test/2, and this orch reads orch.test/1"),
    (changed(["format"], 1), "a.json is not a report of `orch test`"),
    (changed(["project"], ...), "a.json is a damaged report: it has no project"),
    (changed(["target"], None), "a.json is a damaged report: target must be text"),
    (changed(["scenarios"], {}), "a.json is a damaged report: scenarios must be a list"),
    (changed(["scenarios", 1], "quiz"), "a.json is a damaged report: scenarios[1] must be an object"),
    (changed(["scenarios", 0, "name"], 7), "a.json is a damaged report: scenarios[0].name must be text"),
    (changed(["scenarios", 0, "attempts"], ...), "a.json is a damaged report: scenarios[0] has no attempts"),
    (
        changed(["scenarios", 0, "attempts", 1, "duration_ms"], "41"),
        "a.json is a damaged report: scenarios[0].attempts[1].duration_ms must be a number, 0 or more",
    ),
    (changed(["scenarios", 0, "attempts", 1, "duration_ms"], float("nan")), "must be a number"),
    (changed(["scenarios", 0, "attempts", 1, "duration_ms"], float("inf")), "must be a number"),
    (changed(["scenarios", 0, "attempts", 1, "duration_ms"], -1), "must be a number"),
    (changed(["scenarios", 0, "attempts", 1, "duration_ms"], True), "must be a number"),
    (
        changed(["scenarios", 0, "attempts", 0, "turns", 1, "usage"], {"input_tokens": 1}),
        "scenarios[0].attempts[0].turns[1].usage has no output_tokens",
    ),
    (
        changed(["scenarios", 2, "attempts", 0, "cost_usd"], "free"),
        "scenarios[2].attempts[0].cost_usd must be a number",
    ),
    (changed(["scenarios", 1, "name"], "quiz"), "a.json has several scenarios called quiz"),
    (changed(["not_run", 0], {}), "a.json is a damaged report: not_run[0] has no name"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message[-40:] for _, message in BAD])
def test_anything_else_is_refused_with_a_next_step(text, message):
    with pytest.raises(ReportError) as caught:
        read_report(parse_report(text, "a.json"), "a.json")
    assert message in caught.value.message
    assert caught.value.hint
