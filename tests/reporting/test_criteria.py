"""What judges said, in every report."""

import asyncio
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.model.conversation import Usage
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.scripted_conversation import ScriptedConversation, says
from orchestrator.reporting.junit import junit_xml
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_text import run_text
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import RunOptions, run
from tests.scenario.grading import QUOTE, grades, judge


def judged(verdict: str, votes: int = 1, quote: str = QUOTE, repeat: int = 1) -> Run:
    checks = [{"contains": QUOTE}, {"judge": "strict"}]
    spec = {"name": "refund", "assistant": "support", "repeat": repeat, "turns": [{"user": "hi", "checks": checks}]}
    judges = {"strict": judge(votes=votes)}
    located = LocatedScenario(Scenario.model_validate(spec), Position("a.yaml"), Path("/a.yaml"), judges=judges)

    def open_(located: LocatedScenario) -> ScriptedConversation:
        reply = (
            says(f"{QUOTE}.", usage=Usage(7, 3))
            if located.scenario.assistant == "support"
            else grades(verdict, quote=quote)
        )
        return ScriptedConversation([reply])

    return asyncio.run(run([located], open_, RunOptions()))


def test_json_has_each_criterion_with_its_votes():
    report = run_json(judged("met", votes=2), project="p", target="t")
    [turn] = report["scenarios"][0]["attempts"][0]["turns"]
    contains, given = turn["checks"]
    vote = {"verdict": "met", "quote": QUOTE, "reason": "because 1", "unusable": None}
    assert given["criteria"] == [
        {"criterion": "answers", "verdict": "met", "quote": QUOTE, "reason": "because 1", "votes": [vote, vote]}
    ]
    assert "inconclusive" not in given
    assert set(contains) == {"check", "passed", "score", "reason"}
    assert (turn["usage"], turn["judge_usage"]) == (_usage(7, 3), _usage(200, 20))
    assert report["scenarios"][0]["attempts"][0]["judge_usage"] == report["judge_usage"] == _usage(200, 20)
    assert report["usage"] == _usage(207, 23)


def _usage(tokens_in: int, tokens_out: int) -> dict[str, int]:
    return {"input_tokens": tokens_in, "output_tokens": tokens_out}


def test_json_says_what_is_undecided_and_why():
    report = run_json(judged("met", quote="never said"), project="p", target="t")
    [scenario] = report["scenarios"]
    given = scenario["attempts"][0]["turns"][0]["checks"][1]
    assert (scenario["status"], report["summary"]["inconclusive"]) == ("inconclusive", 1)
    assert (given["passed"], given["inconclusive"]) == (False, True)
    [criterion] = given["criteria"]
    assert (criterion["verdict"], criterion["quote"]) == ("cannot_tell", "")
    assert criterion["votes"][0]["unusable"] == criterion["reason"]
    assert "never said" in criterion["reason"]
    assert scenario["attempts"][0]["score"] == 1.0, "what is undecided counts in no score"


@pytest.mark.parametrize(
    ("verdict", "lines"),
    [
        ("not_met", ["    check failed: judge", "        not met: answers", f'          quote:  "{QUOTE}"']),
        ("cannot_tell", ["    check undecided: judge", "        undecided: answers", "          reason: because 1"]),
        ("met", ["    check passed: judge", "        met: answers", "          reason: because 1"]),
    ],
)
def test_text_shows_them(verdict, lines):
    shown = run_text(judged(verdict), verbose=True).plain.split("\n")
    assert [line for line in lines if line not in shown] == []
    assert shown[-1].endswith("(4 requests, 107 tokens in, 13 out, of these 100 in, 10 out for judges)")


@pytest.mark.parametrize(
    ("verdict", "tag", "start"),
    [
        ("not_met", "failure", "turn 1: judge: expected: "),
        ("cannot_tell", "skipped", "inconclusive: turn 1: judge: expected: "),
    ],
)
def test_junit_shows_them(verdict, tag, start):
    root = ET.fromstring(junit_xml(judged(verdict), project="p", target="t"))
    [found] = root.iter(tag)
    assert (found.get("type"), found.get("message", "").startswith(start)) == ("judge", True)
    assert f'quote:  "{QUOTE}"' in str(found.text) or verdict == "cannot_tell"
    assert "because 1" in str(found.text)
    [suite, case] = [{each.get("name"): each.get("value") for each in found} for found in root.iter("properties")]
    assert (case["tokens"], case["judge_tokens"], suite["tokens"], suite["judge_tokens"]) == ("10", "110", "120", "110")


def test_of_what_failed_and_what_is_undecided_the_failure_makes_the_headline():
    checks = [{"judge": "strict"}, {"contains": "no such text"}]
    spec = {"name": "refund", "assistant": "support", "turns": [{"user": "hi", "checks": checks}]}
    located = LocatedScenario(
        Scenario.model_validate(spec), Position("a.yaml"), Path("/a.yaml"), judges={"strict": judge()}
    )
    ran = asyncio.run(run([located], lambda _: ScriptedConversation([says("x")]), RunOptions()))
    root = ET.fromstring(junit_xml(ran, project="p", target="t"))
    [failure] = root.iter("failure")
    assert failure.get("type") == "contains"
    assert "check undecided: judge" in str(failure.text)


def test_repeated_attempts_that_are_undecided_point_to_the_judge():
    shown = run_text(judged("cannot_tell", repeat=2)).plain
    assert "hint: say in the criteria more exactly what is meant, or give the judge more votes" in " ".join(
        shown.split()
    )
