"""The order of calls and steps, their number, and which were made together."""

import pytest

from orchestrator.model.conversation import (
    Call,
    CodeRun,
    Evidence,
    Message,
    Reply,
    ReplyStatus,
    Search,
)
from orchestrator.scenario.transcript import Exchange
from tests.scenario.checking import call, called, reason, said, verdict

LOOKUP, REFUND, CANCEL = call("lookup", id="A-1"), call("refund", id="A-1", sum=5), call("cancel")
THREE = called(LOOKUP, CANCEL, REFUND)
TWICE = called(LOOKUP, LOOKUP)


def trajectory(mode, *calls):
    return {"trajectory": {"mode": mode, "calls": list(calls)}}


HOLDING = [
    (trajectory("exact", "lookup", "cancel", "refund"), THREE),
    (trajectory("exact", "lookup", "cancel", {"name": "refund", "arguments": {"sum": 5}}), THREE),
    (trajectory("in_order", "lookup", "refund"), THREE),
    (trajectory("in_order", "lookup", "lookup"), TWICE),
    (trajectory("any_order", "refund", "lookup"), THREE),
    (trajectory("any_order", "lookup", "lookup"), TWICE),
    (trajectory("any_order", "refund", {"name": "refund", "arguments": {"id": "A-1"}}), called(REFUND, call("refund"))),
    (trajectory("subset", "refund", "cancel", "lookup", "more"), THREE),
    (trajectory("subset", "lookup"), TWICE),
    (trajectory("subset", "lookup"), said("no call")),
    (trajectory("superset", "refund"), THREE),
    (trajectory("superset", "lookup", "lookup"), called(LOOKUP)),
]
FAILING = [
    (trajectory("exact", "lookup", "refund"), THREE, 1 - 1 / 5),
    (trajectory("exact", "lookup", "refund", "cancel"), THREE, 1 - 2 / 6),
    (trajectory("exact", "lookup"), said("no call"), 0),
    (trajectory("in_order", "refund", "lookup"), THREE, 1 / 2),
    (trajectory("in_order", "lookup", {"name": "refund", "arguments": {"id": "A-2"}}), THREE, 1 / 2),
    (trajectory("any_order", "lookup", "lookup"), called(LOOKUP), 1 / 2),
    (trajectory("any_order", "more"), THREE, 0),
    (trajectory("subset", "lookup", "refund"), THREE, 2 / 3),
    (trajectory("superset", "lookup", "more"), THREE, 1 / 2),
]


@pytest.mark.parametrize(("check", "exchange"), HOLDING)
def test_a_trajectory_that_holds(check, exchange):
    given = verdict(check, exchange)
    assert given.passed, given.reason
    assert (given.score, given.check) == (1.0, "trajectory")
    assert not verdict({"not": check}, exchange).passed


@pytest.mark.parametrize(("check", "exchange", "score"), FAILING)
def test_a_trajectory_that_does_not(check, exchange, score):
    given = verdict(check, exchange)
    assert not given.passed
    assert given.score == pytest.approx(score)
    assert verdict({"not": check}, exchange).passed


def test_a_conversation_is_one_trajectory():
    check = trajectory("exact", "lookup", "refund")
    assert verdict(check, called(LOOKUP), said("one moment"), called(REFUND)).passed


def test_a_trajectory_is_told_as_the_calls_that_are_missing_and_too_much():
    wanted = trajectory("exact", "lookup", {"name": "refund", "arguments": {"id": "A-2"}})
    assert reason(wanted, THREE) == (
        'expected: lookup, refund with {"id": "A-2"} in this order, and nothing else\n'
        "got:      (- wanted and not there, + there and not wanted)\n"
        '    lookup({"id": "A-1"})\n'
        "  + cancel({})\n"
        '  + refund({"id": "A-1", "sum": 5})\n'
        '  - refund with {"id": "A-2"}\n'
        '      id: expected "A-2", got "A-1"'
    )


def test_calls_beside_the_wanted_ones_are_no_fault_where_the_mode_allows_them():
    assert reason(trajectory("in_order", "refund", "lookup"), THREE).split("\n")[2:] == [
        "  - refund",
        '    lookup({"id": "A-1"})',
        "    cancel({})",
        '    refund({"id": "A-1", "sum": 5})',
    ]
    assert reason(trajectory("subset", "lookup", "refund"), THREE).split("\n")[2:] == [
        '    lookup({"id": "A-1"})',
        "  + cancel({})",
        '    refund({"id": "A-1", "sum": 5})',
    ]


def test_nothing_was_called():
    assert reason(trajectory("superset", "lookup"), said("a")).split("\n")[1:] == [
        "got:      nothing, (- wanted and not there, + there and not wanted)",
        "  - lookup",
    ]


def test_arguments_that_are_no_json_fit_a_name_alone():
    broken = called(Call("c", "lookup", {}, invalid='{"id": '))
    assert verdict(trajectory("exact", "lookup"), broken).passed
    wanted = trajectory("exact", {"name": "lookup", "arguments": {"id": "A-1"}})
    assert reason(wanted, broken).endswith("      the arguments are not a JSON object")


def test_a_long_trajectory_is_shown_in_part():
    many = called(*(call("lookup", n=n) for n in range(100)))
    assert reason(trajectory("exact", "lookup"), many).endswith("and 60 lines more")


SEARCHED = Exchange(
    "hi",
    (
        Reply(ReplyStatus.NEEDS_ANSWERS, (), (LOOKUP,), Evidence((Search(()),))),
        Reply(
            ReplyStatus.COMPLETED,
            (Message("a"), Message("b")),
            (),
            Evidence((), (CodeRun("1", "1"),), order=("message", "code_interpreter", "message")),
        ),
    ),
)


def test_steps_are_what_was_done_in_order():
    assert SEARCHED.steps == ("file_search", "lookup", "message", "code_interpreter", "message")
    for check in (
        {"steps": ["file_search", "message"]},
        {"steps": ["message", "code_interpreter", "message"]},
        {"steps": {"mode": "exact", "names": list(SEARCHED.steps)}},
        {"steps": {"mode": "subset", "names": ["file_search", "code_interpreter", "lookup", "message"]}},
        {"steps": {"mode": "any_order", "names": ["message", "message", "lookup"]}},
    ):
        assert verdict(check, SEARCHED).passed, check
        assert not verdict({"not": check}, SEARCHED).passed
    assert reason({"steps": ["message", "lookup"]}, SEARCHED).split("\n") == [
        "expected: message, lookup in this order; others may come between",
        "got:      (- wanted and not there, + there and not wanted)",
        "    file_search",
        "  - message",
        "    lookup",
        "    message",
        "    code_interpreter",
        "    message",
    ]
    assert verdict({"not": {"steps": ["message", "lookup"]}}, SEARCHED).passed


def test_calls_are_counted():
    assert verdict({"max_calls": 3}, THREE).passed
    assert verdict({"max_calls": 0}, said("a")).passed
    assert verdict({"not": {"max_calls": 2}}, THREE).passed
    assert not verdict({"not": {"max_calls": 3}}, THREE).passed
    assert reason({"max_calls": 2}, called(LOOKUP), called(CANCEL, REFUND)).split("\n") == [
        "expected: at most 2 function calls",
        "got:      3",
        '  lookup({"id": "A-1"})',
        "  cancel({})",
        '  refund({"id": "A-1", "sum": 5})',
    ]


def test_calls_made_together():
    together = called(CANCEL, (LOOKUP, REFUND, LOOKUP))
    assert verdict({"parallel": ["refund", "lookup"]}, together).passed
    assert verdict({"parallel": ["lookup", "lookup"]}, said("a"), together).passed
    assert not verdict({"not": {"parallel": ["refund", "lookup"]}}, together).passed
    given = verdict({"parallel": ["refund", "cancel"]}, together)
    assert (given.passed, given.score) == (False, 0.5)
    assert given.reason.split("\n") == [
        "expected: one reply that calls refund, cancel",
        "got:      these calls, one reply a line",
        "  cancel({})",
        '  lookup({"id": "A-1"}), refund({"id": "A-1", "sum": 5}), lookup({"id": "A-1"})',
    ]
    assert verdict({"not": {"parallel": ["refund", "cancel"]}}, together).passed
    assert reason({"parallel": ["refund", "cancel"]}, said("a")).endswith("no function call")
