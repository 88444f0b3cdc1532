"""What a run shows about the scenarios themselves is told once, with how many attempts show it."""

import asyncio

from orchestrator.model.project import LocatedScenario
from orchestrator.providers.interface import Conversation
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.reporting.cautions import caution_lines, find_cautions
from orchestrator.reporting.junit import junit_xml
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_text import run_text
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import RunOptions, run
from tests.reporting.conftest import located


def played(repeat: int) -> Run:
    """Run a scenario with a mock that only its first attempt uses."""
    turns = [{"user": "hi", "mocks": {"look_up": {"returns": 1}}}]
    ways = iter([[calls(("look_up", {})), says("a")], *[[says("b")]] * 3])

    def begin(_: LocatedScenario) -> Conversation:
        return ScriptedConversation(next(ways))

    specs = [located({"name": "s", "assistant": "tutor", "turns": turns, "repeat": repeat})]
    return asyncio.run(run(specs, begin, RunOptions(concurrency=1)))


def test_every_report_tells_it():
    done = played(3)
    [caution] = find_cautions(done.results[0])
    assert caution.message == "the mock of look_up was never used, in 2 of 3 attempts"
    lines = [str(line) for line in caution_lines(done.results)]
    assert lines[0].startswith("warning: ")
    assert "the mock of look_up was never used" in lines[0]
    assert "hint: " in lines[1]
    assert "never used, in 2 of 3 attempts" in run_text(done, verbose=False).plain
    assert "never used, in 2 of 3 attempts" in junit_xml(done, project="p", target="t")
    attempts = run_json(done, project="p", target="t")["scenarios"][0]["attempts"]
    assert [len(attempt["warnings"]) for attempt in attempts] == [0, 1, 1]
    assert attempts[1]["warnings"][0]["message"] == "the mock of look_up was never used"


def test_where_all_is_well_nothing_is_told():
    done = played(1)
    assert find_cautions(done.results[0]) == []
    assert caution_lines(done.results) == []
    assert "warning" not in run_text(done, verbose=False).plain
