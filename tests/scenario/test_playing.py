"""A scenario under way: how many attempts go on at once, and when it is done."""

from pathlib import Path

from orchestrator.diagnostics import Position
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.playing import Playing
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt


def playing(repeat: object) -> Playing:
    spec = {"name": "s", "assistant": "a", "turns": [{"user": "hi"}], "repeat": repeat}
    return Playing(0, LocatedScenario(Scenario.model_validate(spec), Position("s.yaml"), Path("/s.yaml")))


def ended(status: Status) -> Attempt:
    return Attempt(status, (), (), 1.0, 2)


def begin_all(scenario: Playing) -> list[int]:
    begun = []
    while scenario.wants_more:
        begun.append(scenario.begin())
    return begun


def test_one_attempt():
    scenario = playing(1)
    assert begin_all(scenario) == [0]
    result = scenario.add(0, ended(Status.PASSED))
    assert result is not None
    assert (result.status, len(result.attempts)) == (Status.PASSED, 1)


def test_at_most_min_at_once_and_no_more_than_a_verdict_takes():
    scenario = playing({"min": 3, "max": 14, "require": 0.8})
    assert begin_all(scenario) == [0, 1, 2]
    assert scenario.add(2, ended(Status.PASSED)) is None
    assert begin_all(scenario) == [3]  # two are under way
    under_way = [0, 1, 3]
    most = 0
    while (result := scenario.add(under_way.pop(0), ended(Status.PASSED))) is None:
        under_way += begin_all(scenario)
        most = max(most, len(under_way))
    assert most == 3
    assert (result.status, result.tally.passed, under_way) == (Status.PASSED, 14, [])  # and no 15th was begun


def test_it_is_done_when_the_last_under_way_is():
    scenario = playing(2)
    assert begin_all(scenario) == [0, 1]
    assert scenario.add(1, ended(Status.FAILED)) is None
    result = scenario.add(0, ended(Status.PASSED))
    assert result is not None
    assert [attempt.status for attempt in result.attempts] == [Status.PASSED, Status.FAILED]
    assert result.status is Status.FAILED
