"""Every check has a function that gives its verdict; checks are turned round, combined and weighed."""

from typing import get_args

import pytest

from orchestrator.model.checks import CHECKS, AllOf, AnyOf, Check, Not, PythonCheck
from orchestrator.model.conversation import Usage
from orchestrator.scenario.check_text import OF_TEXT
from orchestrator.scenario.checks import OF_EXCHANGES, OF_SOURCES, get_verdict
from orchestrator.scenario.setting import Setting
from tests.scenario.checking import CHECK, call, called, reason, said, verdict

YES, NO = {"contains": "yes"}, {"contains": "no"}
ALMOST = {"contains_all": ["yes", "no", "maybe"]}
BROKEN = {"latency_ms": {"max": 1}}
REPLY = said("yes")


def test_every_check_of_the_language_gives_a_verdict():
    members = {get_args(member)[0] for member in get_args(get_args(Check)[0])}
    alone = {Not, AllOf, AnyOf, PythonCheck}
    assert len(members) == len(CHECKS)
    assert {member.__name__ for member in members - alone - set(OF_EXCHANGES) - set(OF_SOURCES) - set(OF_TEXT)} == {
        "CostUsd",
        "JudgeCheck",
    }


@pytest.mark.parametrize("turned", [1, 3])
def test_a_check_turned_round_an_odd_number_of_times_is_the_opposite(turned):
    holding: dict[str, object] = {**YES}
    failing: dict[str, object] = {**NO}
    for _ in range(turned):
        holding, failing = {"not": holding}, {"not": failing}
    assert (verdict(failing, REPLY).passed, verdict(failing, REPLY).score) == (True, 1.0)
    assert (verdict(holding, REPLY).passed, verdict(holding, REPLY).score) == (False, 0.0)


def test_what_does_hold_is_told_with_its_place():
    given = verdict({"not": {"contains": "sorry"}}, said("a" * 500 + " sorry " + "b" * 500))
    assert given.check == "not contains"
    assert given.reason.startswith('expected: not {"contains": "sorry"}\ngot:      found in "...aaa')
    assert "a sorry b" in given.reason
    assert len(given.reason) < 300
    assert verdict({"not": NO}, REPLY).reason == 'as wanted, this does not hold: {"contains": "no"}'
    assert verdict({"not": {"not": YES}}, REPLY).check == "not not contains"


def test_what_came_near_is_turned_round_as_far():
    assert verdict(ALMOST, REPLY).score == pytest.approx(1 / 3)
    assert verdict({"not": ALMOST}, REPLY).score == pytest.approx(2 / 3)


def test_all_of():
    assert verdict({"all_of": [YES, {"not": NO}]}, REPLY).passed
    given = verdict({"all_of": [YES, NO, ALMOST]}, REPLY)
    assert (given.passed, given.check) == (False, "all_of")
    assert given.score == pytest.approx((1 + 0 + 1 / 3) / 3)
    assert given.reason.split("\n") == [
        "expected: all 3 to hold",
        "got:      these do not",
        "  contains",
        '    expected: a reply that contains "no"',
        '    got:      "yes"',
        "  contains_all",
        '    expected: a reply that contains "yes", "no", "maybe"',
        '    missing:  "no", "maybe"',
        '    got:      "yes"',
    ]
    assert verdict({"not": {"all_of": [YES, NO]}}, REPLY).passed


def test_any_of():
    given = verdict({"any_of": [NO, YES]}, REPLY)
    assert (given.passed, given.score, given.reason) == (True, 1.0, 'contains: found in "yes"')
    given = verdict({"any_of": [NO, ALMOST]}, REPLY)
    assert (given.passed, given.check) == (False, "any_of")
    assert given.score == pytest.approx(1 / 3)
    assert given.reason.startswith("expected: one of 2 to hold\ngot:      none of them does\n  contains\n")
    assert verdict({"not": {"any_of": [NO, NO]}}, REPLY).passed


def test_combinations_look_at_the_same_exchanges():
    check = {"all_of": [{"tool_called": "f"}, {"any_of": [{"contains": "x"}, {"max_calls": 1}]}]}
    assert verdict(check, called(call("f")), said("y")).passed
    assert not verdict(check, called(call("f"), call("f")), said("y")).passed


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        ({"not": BROKEN}, False),
        ({"not": {"not": BROKEN}}, False),
        ({"any_of": [BROKEN, YES]}, True),
        ({"any_of": [BROKEN, NO]}, False),
        ({"not": {"any_of": [BROKEN, NO]}}, False),
        ({"not": {"any_of": [BROKEN, YES]}}, False),
        ({"all_of": [BROKEN, YES]}, False),
        ({"not": {"all_of": [BROKEN, YES]}}, False),
        ({"not": {"all_of": [BROKEN, NO]}}, True),
        ({"all_of": [{**BROKEN, "weight": 0}, YES]}, True),
    ],
)
def test_what_nobody_can_tell_decides_nothing(check, holds):
    given = verdict(check, REPLY)
    assert given.passed is holds
    assert holds or given.score < 1


def test_a_check_that_cannot_be_judged_is_told_beside_those_that_fail():
    assert reason({"all_of": [BROKEN, NO]}, REPLY).endswith("\n  nobody measured how long it took")


def test_weights_move_the_score_of_all_of():
    given = verdict({"all_of": [YES, {**NO, "weight": 3}]}, REPLY)
    assert (given.passed, given.score) == (False, 0.25)
    given = verdict({"all_of": [YES, {**NO, "weight": 0}]}, REPLY)
    assert (given.passed, given.score) == (True, 1.0)
    assert verdict({"all_of": [{**NO, "weight": 0}]}, REPLY).passed


def test_a_verdict_has_the_weight_of_its_check():
    assert [verdict(check, REPLY).weight for check in (YES, {**NO, "weight": 2.5}, {"not": NO, "weight": 0})] == [
        1.0,
        2.5,
        0,
    ]


def test_a_kept_transcript_is_judged_again_with_the_same_verdict(tmp_path):
    (tmp_path / "mine.py").write_text("def f(exchanges):\n    return 0.75\n", encoding="utf-8")
    exchanges = [said("yes", usage=Usage(3, 2), ms=5.0), called(call("f", n=1))]
    setting = Setting(root=tmp_path)
    for written in (YES, NO, ALMOST, {"python": "mine:f"}, {"tool_called": "f"}, {"latency_ms": {"max": 5}}):
        check = CHECK.validate_python(written)
        assert get_verdict(check, exchanges[:1], setting) == get_verdict(check, exchanges[:1], setting)
