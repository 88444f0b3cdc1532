from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.model.conversation import Usage
from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.by_model import reports_by_model, sums, with_models, without_model
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Run, ScenarioResult
from tests.scenario.checking import said

PRICES = {"new": Price(input=1, output=1)}


def located(name, base="", case=None, target="t"):
    scenario = Scenario.model_validate({"name": "s", "assistant": "a", "turns": [{"user": "hi"}]})
    scenario = scenario.model_copy(update={"name": name})
    return LocatedScenario(
        scenario, Position("a.yaml"), Path("a.yaml"), target=target, written_as=base, case=case or {}
    )


def names(found):
    return [(each.scenario.name, each.model, each.price, dict(each.case)) for each in found]


def test_a_scenario_is_a_case_for_each_model():
    assert names(with_models([located("s")], ["old", "new"], PRICES)) == [
        ("s[model=old]", "old", None, {"model": "old"}),
        ("s[model=new]", "new", PRICES["new"], {"model": "new"}),
    ]


def test_a_row_stays_a_row_and_models_of_its_own_are_replaced():
    rows = [located("s[row1]", "s", {"row": "1"})]
    own = [located(f"s[model={m},row1]", "s", {"model": m, "row": "1"}) for m in ("x", "y")]
    wanted = [("s[model=new,row1]", "new", PRICES["new"], {"model": "new", "row": "1"})]
    assert names(with_models(rows, ["new"], PRICES)) == wanted
    assert names(with_models(own, ["new"], PRICES)) == wanted


def test_each_target_keeps_its_own():
    found = with_models([located("s"), located("s", target="u")], ["new"], {})
    assert [each.target for each in found] == ["t", "u"]
    assert [without_model(each, True) for each in found] == ["s on t", "s on u"]


@pytest.mark.parametrize(("name", "left"), [("s", "s"), ("s[row1]", "s[row1]")])
def test_cases_that_differ_in_their_model_alone_are_compared_with_each_other(name, left):
    for each in with_models([located(name, "s")], ["old", "new"], {}):
        assert without_model(each, False) == left


def test_what_models_came_to_is_summed_and_can_be_compared():
    results = []
    for number, each in enumerate(with_models([located("s"), located("q")], ["old", "new"], {})):
        status = Status.PASSED if number % 2 == 0 else Status.FAILED
        attempt = Attempt(status, (), (), 5.0, 1, cost_usd=0.5)
        results.append(ScenarioResult(each, status, (attempt, attempt)))
    run = Run(tuple(results), 10.0)
    assert sums(run) == [("old", 2, 2, 0, 2.0), ("new", 0, 2, 0, 2.0)]
    reports = reports_by_model(run, "p")
    assert {model: list(report.scenarios) for model, report in reports.items()} == {
        "old": ["s", "q"],
        "new": ["s", "q"],
    }
    assert (reports["old"].scenarios["s"].counts.passed, reports["new"].scenarios["s"].counts.passed) == (2, 0)
    assert reports["old"].scenarios["s"].attempts[0].cost_usd == 0.5


def test_tokens_are_those_in_and_out():
    (each,) = with_models([located("s")], ["m"], {})
    turn = said("a", usage=Usage(3, 4))
    assert turn.usage == Usage(3, 4)
    assert sums(Run((ScenarioResult(each, Status.PASSED, ()),), 1.0)) == [("m", 1, 1, 0, None)]
