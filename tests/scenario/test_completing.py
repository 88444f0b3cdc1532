"""A report that keeps to the contract only is enough for everything that shows reports."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import ReportError
from orchestrator.reporting.merged_text import merged_text
from orchestrator.reporting.run_html import run_html
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_markdown import run_markdown
from orchestrator.scenario.completing import complete
from orchestrator.scenario.merging import merge
from tests.reporting.counting import counted

CONTRACT: dict[str, Any] = {
    "format": "orch.test/1",
    "project": "tutoring",
    "target": "local",
    "summary": {"scenarios": 2, "passed": 1, "failed": 1, "errored": 0, "inconclusive": 0},
    "scenarios": [
        {
            "name": "quiz",
            "assistant": "math-tutor",
            "status": "failed",
            "file": "specs/scenarios/quiz.yaml",
            "line": 1,
            "attempts": [
                {
                    "status": "failed",
                    "duration_ms": 41,
                    "requests": 3,
                    "turns": [
                        {
                            "user": "hi",
                            "reply": "bye",
                            "status": "completed",
                            "tool_calls": [{"name": "display_quiz", "arguments": {}, "output": "[]"}],
                            "checks": [{"check": "contains", "passed": False, "score": 0.0, "reason": "no"}],
                            "usage": {"input_tokens": 69, "output_tokens": 6},
                            "duration_ms": 20,
                        }
                    ],
                }
            ],
        }
    ],
}


def test_what_the_contract_has_can_be_shown_in_every_form():
    whole = complete(CONTRACT, "a.json")
    shown = run_markdown(whole)
    assert "<b>failed</b> <code>quiz</code>: <code>turn 1: contains: no</code>" in shown
    assert "call:      display_quiz({}) => []" in shown
    assert merged_text(whole).plain.startswith("FAILED       quiz  turn 1: contains: no\n")
    assert '"citations": []' in "".join(run_html(whole))


def test_a_scenario_is_one_of_its_reports_target():
    other = json.loads(json.dumps(CONTRACT).replace('"local"', '"server"'))
    joined = merge([("a.json", complete(CONTRACT, "a.json")), ("b.json", complete(other, "b.json"))])
    assert [each["target"] for each in joined["scenarios"]] == ["local", "server"]
    assert joined["target"] == "local, server"


def test_a_whole_report_stays_as_it_is():
    report = run_json(counted(), project="p", target="t")
    assert complete(report, "a.json") == report


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(CONTRACT))
    inner: Any = data
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return data


TURN = ["scenarios", 0, "attempts", 0, "turns", 0]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["not_run"], ["later"], "not_run[0] must be an object"),
        (["scenarios"], {}, "scenarios must be a list"),
        (["budget"], 5, "budget must be an object"),
        (["interrupted"], "no", "interrupted must be true or false"),
        (["scenarios", 0, "status"], "great", "status must be one of passed, failed, errored, inconclusive"),
        (["scenarios", 0, "attempts", 0, "status"], [], "status must be one of passed, failed, errored, inconclusive"),
        ([*TURN, "checks"], "none", "scenarios[0].attempts[0].turns[0].checks must be a list"),
        ([*TURN, "checks", 0, "reason"], None, "turns[0].checks[0].reason must be text"),
        ([*TURN, "problem"], "bad", "turns[0].problem must be an object"),
        ([*TURN, "reply"], ["a"], "turns[0].reply must be text or null"),
        ([*TURN, "steps"], [1], "turns[0].steps must be a list of texts"),
        ([*TURN, "checks", 0, "score"], "high", "checks[0].score must be a number"),
        ([*TURN, "usage"], [], "turns[0].usage must be an object"),
        (
            ["scenarios", 0, "statistics"],
            {"interval": [0.5]},
            "statistics.interval must be a list of 2 numbers",
        ),
        (["scenarios", 0, "line"], True, "scenarios[0].line must be a number"),
    ],
)
def test_what_has_another_shape_is_refused_at_its_place(path, value, said):
    with pytest.raises(ReportError) as caught:
        complete(changed(path, value), "a.json")
    assert caught.value.message.startswith("a.json is a damaged report: ")
    assert said in caught.value.message
    assert caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(["reply", "tool_calls", "checks", "problem", "citations", "files", "steps", "messages"]), JSON)
def test_any_value_is_refused_or_shown(key, value):
    try:
        whole = complete(changed([*TURN, key], value), "a.json")
    except ReportError:
        return
    run_markdown(whole)
    "".join(run_html(whole))
