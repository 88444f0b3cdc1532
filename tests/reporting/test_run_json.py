"""The JSON report keeps the contract's names and shapes, and can be written down whatever was said."""

import json
import re
from dataclasses import replace

import pytest

from orchestrator.model.conversation import (
    Answer,
    Call,
    Evidence,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
)
from orchestrator.providers.scripted_conversation import says
from orchestrator.reporting.run_json import run_json
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.reports import read_report
from orchestrator.scenario.results import Attempt, Run, ScenarioResult, TurnResult
from orchestrator.scenario.transcript import Exchange
from tests.reporting.cases import as_case
from tests.reporting.conftest import located
from tests.reporting.counting import counted
from tests.reporting.repeats import played
from tests.reporting.replaying import replayed


def test_the_contract(a_run):
    report = run_json(a_run, project="tutoring", target="local")
    assert {key: report[key] for key in ("format", "project", "target")} == {
        "format": "orch.test/1",
        "project": "tutoring",
        "target": "local",
    }
    assert report["summary"] == {
        "scenarios": 4,
        "passed": 1,
        "failed": 2,
        "errored": 1,
        "inconclusive": 0,
        "quarantined": 0,
        "not_run": 1,
        "taken_over": 0,
    }
    quiz = report["scenarios"][0]
    [attempt] = quiz.pop("attempts")
    assert quiz == {
        "name": "quiz",
        "base": "quiz",
        "case": {},
        "assistant": "math-tutor",
        "target": "local",
        "status": "passed",
        "file": "specs/quiz.yaml",
        "line": 1,
        "quarantine": None,
        "taken_over": False,
        "cost_usd": None,
        "repeat": 1,
        "problem": None,
        "statistics": {
            "passed": 1,
            "failed": 0,
            "errored": 0,
            "inconclusive": 0,
            "rate": 1.0,
            "interval": [pytest.approx(0.2065, abs=1e-4), 1.0],
            "confidence": 0.95,
            "required": 1.0,
            "pass_at_k": {"1": 1.0},
            "pass_hat_k": {"1": 1.0},
        },
    }
    [turn] = attempt.pop("turns")
    assert attempt == {
        "status": "passed",
        "recorded": False,
        "duration_ms": 41,
        "requests": 3,
        "cost_usd": None,
        "score": 1.0,
        "checks": [],
        "problem": None,
        "leftover": None,
        "warnings": [],
        "judge_usage": {"input_tokens": 0, "output_tokens": 0},
    }
    checks = turn.pop("checks")
    assert turn == {
        "user": "퀴즈를 만들어줘",
        "reply": "피드백: 좋아요",
        "status": "completed",
        "tool_calls": [
            {"name": "display_quiz", "arguments": {"title": "수학"}, "output": '["I don\'t know.", "a"]'},
        ],
        "citations": [],
        "files": [],
        "searches": [],
        "code_runs": [],
        "steps": ["function", "message"],
        "score": 1.0,
        "problem": None,
        "usage": {"input_tokens": 69, "output_tokens": 6},
        "judge_usage": {"input_tokens": 0, "output_tokens": 0},
        "duration_ms": 20,
    }
    assert checks[1] == {
        "check": "contains",
        "passed": True,
        "score": 1.0,
        "reason": 'found in "피드백: 좋아요"',
    }


def test_what_came_is_told_in_order():
    first = Reply(
        ReplyStatus.NEEDS_ANSWERS,
        (Message("one moment"),),
        (Call("1", "message", {}),),
        Evidence((Search((Passage("f", "a.md", 0.5, "x" * 400),)),), order=("message", "file_search")),
    )
    exchange = Exchange("hi", (first, says("done")), ((Answer("1", "ok"),),))
    [turn] = run_json(a_turn(exchange), project="p", target="t")["scenarios"][0]["attempts"][0]["turns"]
    assert turn["steps"] == ["message", "file_search", "function", "message"]
    assert (turn["messages"], turn["reply"]) == (["one moment", "done"], "one moment\ndone")
    [passage] = turn["searches"][0]["passages"]
    assert (passage["file"], passage["score"]) == ("a.md", 0.5)
    assert re.fullmatch(r"x+ \[\.\.\. 100 characters \.\.\.\] x+", passage["excerpt"])


def a_turn(exchange: Exchange) -> Run:
    """Give a run of one turn."""
    turn = TurnResult(Status.PASSED, exchange, (), 1)
    spec = {"name": "talk", "assistant": "tutor", "turns": [{"user": exchange.user}]}
    return Run((ScenarioResult(located(spec), Status.PASSED, (Attempt(Status.PASSED, (turn,), (), 1, 1),)),), 1)


def test_what_did_not_pass(a_run):
    _, papers, lookup, busy = run_json(a_run, project="p", target="t")["scenarios"]
    first, second, third = papers["attempts"][0]["turns"]
    assert first["citations"] == [{"file": "gpt.pdf", "file_id": "file-1", "text": "[1]"}]
    assert [check["passed"] for check in second["checks"]] == [False, False]
    assert (third["user"], third["reply"], third["status"]) == ("안녕", None, "not_run")
    assert set(first) == set(second) == set(third)

    called, _ = lookup["attempts"][0]["turns"]
    assert called["tool_calls"] == [{"name": "lookup_order", "arguments": {"id": "A-1"}, "output": None}]
    assert called["status"] == "needs_answers"
    assert called["problem"]["message"].startswith("lookup_order was called and has no mock")

    [turn] = busy["attempts"][0]["turns"]
    assert (busy["status"], turn["status"], turn["reply"]) == ("errored", "errored", None)
    assert turn["problem"] == {"message": "too many requests", "hint": "try again later"}


def test_scores_are_means_by_weight(a_run):
    papers = a_run.results[1]
    first, second = papers.attempts[0].turns
    good, bad = first.verdicts[0], second.verdicts[0]
    heavy = replace(second, verdicts=(replace(bad, weight=3), good))
    attempt = replace(papers.attempts[0], turns=(first, heavy), verdicts=(replace(bad, score=0.5),))
    run = Run((replace(papers, attempts=(attempt,)),), 1)
    [told] = run_json(run, project="p", target="t")["scenarios"][0]["attempts"]
    assert [turn["score"] for turn in told["turns"]] == [1.0, 0.25, None]
    assert told["score"] == (1 + 1 + 0.5) / (1 + 3 + 1 + 1)
    assert [set(check) - {"check", "passed", "score", "reason"} for check in told["turns"][1]["checks"]] == [
        {"weight"},
        set(),
    ]


def test_what_was_not_run_is_named(a_run):
    report = run_json(a_run, project="p", target="t")
    [later] = report["not_run"]
    assert later == {
        "name": "later",
        "base": "later",
        "case": {},
        "assistant": "support",
        "target": "t",
        "file": "specs/later.yaml",
        "line": 1,
        "reason": "a scenario before did not pass (--fail-fast)",
    }
    assert report["interrupted"] is False
    assert run_json(Run((), 0, interrupted=True), project="p", target="t")["interrupted"] is True


def test_it_can_be_written_as_utf_8(a_run):
    text = json.dumps(run_json(a_run, project="p", target="t"), ensure_ascii=False, allow_nan=False)
    assert "네.\ufffd" in json.loads(text.encode())["scenarios"][1]["attempts"][0]["turns"][1]["reply"]


def test_what_was_replayed_says_so(a_run):
    report = run_json(replayed(a_run), project="p", target="t")
    assert [s["attempts"][0]["recorded"] for s in report["scenarios"]] == [True, False, False, False, False]
    assert report["recorded_usage"] == report["scenarios"][0]["attempts"][0]["turns"][0]["usage"]
    assert report["recorded_usage"] != report["usage"]


def test_cases_say_what_tells_them_apart(a_run):
    [told] = run_json(Run((as_case(a_run.results[0]),), 1), project="p", target="local, server")["scenarios"]
    assert {key: told[key] for key in ("name", "base", "case", "target")} == {
        "name": "quiz[model=gpt-5,row1]",
        "base": "quiz",
        "case": {"model": "gpt-5", "row": "row1"},
        "target": "server",
    }


def test_repeated_scenarios_have_every_attempt_and_what_they_come_to():
    twelve = {"min": 8, "max": 12, "require": 0.8}
    report = run_json(played(twice=(2, "good bad"), few=(twelve, "good " * 12)), project="p", target="t")
    twice, few = report["scenarios"]
    assert [attempt["status"] for attempt in twice["attempts"]] == ["passed", "failed"]
    assert (twice["status"], twice["repeat"], twice["statistics"]["rate"]) == ("failed", 2, 0.5)
    assert (few["status"], few["repeat"]) == ("inconclusive", twelve | {"confidence": 0.95})
    assert (report["summary"]["inconclusive"], report["summary"]["failed"]) == (1, 1)


def test_costs_budget_quarantine_and_what_was_taken_over():
    report = run_json(counted(), project="p", target="t")
    assert report["cost_usd"] == pytest.approx(0.0003)
    assert report["recorded_cost_usd"] is None
    assert report["budget"] == {"limit_usd": 0.0002, "spent_usd": 0.0002, "reached": True}
    assert [item["reason"] for item in report["not_run"]] == ["the budget of $0.0002 is spent"]
    assert report["summary"] | {"passed": 0, "failed": 1, "quarantined": 2, "taken_over": 1} == report["summary"]
    held, good, over = report["scenarios"]
    assert held["quarantine"] == {"reason": "waits for the\nvendor", "until": "2026-03-01", "over": False}
    assert (held["status"], good["quarantine"]["over"], over["quarantine"]["over"]) == ("failed", False, True)
    assert [item["taken_over"] for item in report["scenarios"]] == [True, False, False]
    assert [item["cost_usd"] for item in report["scenarios"]] == [pytest.approx(0.0001)] * 3
    assert held["attempts"][0]["cost_usd"] == pytest.approx(0.0001)


def test_a_report_is_read_back_with_its_costs():
    report = read_report(run_json(counted(), project="p", target="t"), "a.json")
    assert [each.cost_usd for each in report.scenarios["held"].attempts] == [pytest.approx(0.0001)]


def test_recorded_costs_say_so():
    ran = counted()
    report = run_json(replayed(replace(ran, results=ran.results[1:])), project="p", target="t")
    assert report["recorded_cost_usd"] == pytest.approx(0.0001)
    assert report["cost_usd"] == pytest.approx(0.0003)
