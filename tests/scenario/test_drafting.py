"""A talk becomes the scenario an author would write: what was said, mocks, checks that a rerun can pass."""

import json

import pytest

from orchestrator.model.conversation import AnsweredCall, Said
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.drafting import LONGEST, draft_scenario


def call(name="f", output: str | None = "x", invalid=None, **arguments):
    return AnsweredCall(name, arguments, invalid, output)


def turn(*calls, user="hi", replies=("hello",), functions=("f", "g")):
    drafted = draft_scenario("s", "a", [Said(user, replies, calls)], functions)
    assert drafted is not None
    Scenario.model_validate(dict(drafted.data))
    return drafted.data["turns"][0], drafted.remarks


def test_what_was_said_becomes_turns():
    drafted = draft_scenario("s", "tutor", [Said("hi", ("hello",)), Said("bye", ())], [], "From thread_1.")
    assert drafted is not None
    assert drafted.data == {
        "kind": "Scenario",
        "name": "s",
        "assistant": "tutor",
        "description": "From thread_1.",
        "turns": [
            {"user": "hi", "checks": [{"similar": {"to": "hello", "min": 0.6}, "weight": 0}]},
            {"user": "bye"},
        ],
    }


@pytest.mark.parametrize(
    ("calls", "mock"),
    [
        ([call(output="x")], {"returns": "x"}),
        ([call(output='["a"]')], {"returns": ["a"]}),
        ([call(output='["a", 1.50]')], {"returns": '["a", 1.50]'}),
        ([call(output='"text"')], {"returns": '"text"'}),
        ([call(output="")], {"returns": ""}),
        ([call(output="x", n=1), call(output="x", n=2)], {"returns": "x"}),
        (
            [call(output="x", n=1), call(output="y", n=1)],
            {"sequence": [{"returns": "x"}, {"returns": "y"}], "then": "repeat_last"},
        ),
        (
            [call(output="x", n=1), call(output="y", n=2), call(output="z", n=2)],
            [
                {"when": {"exact": {"n": 1}}, "returns": "x"},
                {
                    "when": {"exact": {"n": 2}},
                    "sequence": [{"returns": "y"}, {"returns": "z"}],
                    "then": "repeat_last",
                },
            ],
        ),
    ],
)
def test_what_functions_gave_back_becomes_their_mocks(calls, mock):
    made, remarks = turn(*calls)
    assert (made["mocks"], remarks) == ({"f": mock}, ())
    assert made["checks"][0] == {"tool_called": "f"}


def test_a_value_is_sent_in_the_very_words_it_had():
    for output in ('{"a": 1}', '{"a":1}', "[1, 2]", "[]", "null", "1e3", '{"b": "é"}', '{"b": "\\u00e9"}'):
        made, _ = turn(call(output=output))
        value = made["mocks"]["f"]["returns"]
        assert (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) == output


def test_what_a_scenario_cannot_say_is_told():
    made, remarks = turn(call("gone"), call("g", None), call("f", invalid="{"))
    assert "mocks" not in made
    assert made["checks"][0] == {"tool_called": "g"}
    assert remarks == (
        "message 1: called gone, which the assistant has no more",
        "message 1: called f with what is no JSON object",
    )
    drafted = draft_scenario("s", "a", [Said(" ", ("x",), (), ("image_file",)), Said("hi", ())], [])
    assert drafted is not None
    assert drafted.remarks == (
        "message 1: left out what is no text: image_file",
        "message 1: left out, for it has no text",
    )
    assert [each["user"] for each in drafted.data["turns"]] == ["hi"]


def test_a_long_reply_and_a_talk_without_words_are_left_out():
    assert "checks" not in turn(replies=("x" * (LONGEST + 1),))[0]
    assert draft_scenario("s", "a", [Said("", ("x",))], []) is None
    assert draft_scenario("s", "a", [], []) is None


def test_arguments_that_a_function_does_not_take_are_no_condition():
    calls = [call(output="x", n=1), call(output="y", n="two"), call("g", output="a", n=1), call("g", output="b", n=2)]
    drafted = draft_scenario(
        "s", "a", [Said("hi", (), tuple(calls))], ["f", "g"], takes=lambda made: made.arguments["n"] != "two"
    )
    assert drafted is not None
    mocks = drafted.data["turns"][0]["mocks"]
    assert mocks["f"] == {"sequence": [{"returns": "x"}, {"returns": "y"}], "then": "repeat_last"}
    assert [list(mock) for mock in mocks["g"]] == [["when", "returns"], ["when", "returns"]]
    assert drafted.remarks == ("message 1: called f with arguments it does not take: its mock looks at none",)
