"""Mocks answer calls: the turn's before the scenario's, values as they are, sequences once, the rest by name."""

import pytest

from orchestrator.model.conversation import Answer, Call
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.mocks import MockError, Mocks


def scenario(*turns: dict[str, object], **mocks: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "s",
            "assistant": "a",
            "mocks": mocks,
            "turns": [{"user": "hi", "mocks": turn} for turn in turns],
        }
    )


def call(name: str, call_id: str = "c", **arguments: object) -> Call:
    return Call(call_id, name, arguments)


@pytest.mark.parametrize(
    ("value", "output"),
    [
        ("text as it is", "text as it is"),
        ("", ""),
        ({"상태": "배송"}, '{"상태": "배송"}'),
        (["I don't know.", "a"], '["I don\'t know.", "a"]'),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
    ],
)
def test_a_value_is_sent_as_text_or_json(value, output):
    mocks = Mocks(scenario({"f": {"returns": value}}))
    assert mocks.answer(0, [call("f")]) == (Answer("c", output),)
    assert mocks.answer(0, [call("f")]) == (Answer("c", output),)


def test_all_pending_calls_are_answered_together_in_order():
    mocks = Mocks(scenario({"f": {"returns": 1}, "g": {"returns": 2}}))
    assert mocks.answer(0, [call("g", "b"), call("f", "a"), call("g", "c")]) == (
        Answer("b", "2"),
        Answer("a", "1"),
        Answer("c", "2"),
    )


def test_a_turns_mock_goes_first_and_only_in_its_turn():
    mocks = Mocks(scenario({"f": {"returns": "own"}}, {}, f={"returns": "shared"}))
    assert [mocks.answer(turn, [call("f")])[0].output for turn in (0, 1, 0)] == ["own", "shared", "own"]


def test_a_sequence_keeps_its_place_over_turns_and_parallel_calls():
    sequence = {"sequence": [{"returns": n} for n in range(4)]}
    mocks = Mocks(scenario({}, {"f": {"sequence": [{"returns": "own"}]}}, {}, f=sequence))
    assert [a.output for a in mocks.answer(0, [call("f", "1"), call("f", "2")])] == ["0", "1"]
    assert mocks.answer(1, [call("f")])[0].output == "own"
    assert [a.output for a in mocks.answer(2, [call("f", "1"), call("f", "2")])] == ["2", "3"]


def test_a_used_up_sequence_fails_and_does_not_fall_back():
    mocks = Mocks(scenario({"f": {"sequence": [{"returns": 1}]}}, f={"returns": "shared"}))
    mocks.answer(0, [call("f")])
    with pytest.raises(MockError, match=r"f was called once more .*sequence of 1.*f\(\{\"n\": 2\}\)") as caught:
        mocks.answer(0, [call("f", n=2)])
    assert caught.value.hint
    assert "returns:" in caught.value.hint


def test_every_call_without_a_mock_is_named_with_the_yaml_to_write():
    mocks = Mocks(scenario({}, {"g": {"returns": 1}}))
    with pytest.raises(MockError) as caught:
        mocks.answer(1, [call("lookup_order", id="A-1"), call("g"), call("cancel")])
    assert caught.value.message.splitlines() == [
        'lookup_order was called and has no mock: lookup_order({"id": "A-1"})',
        "cancel was called and has no mock: cancel({})",
    ]
    assert caught.value.hint == (
        "to answer, write in turn 2:\nmocks:\n  lookup_order: {returns: VALUE}\n  cancel: {returns: VALUE}"
    )


def test_a_misspelt_mock_is_pointed_out():
    mocks = Mocks(scenario({"lookup_ordr": {"returns": 1}}))
    with pytest.raises(MockError) as caught:
        mocks.answer(0, [call("lookup_order")])
    assert caught.value.hint
    assert caught.value.hint.startswith("there is a mock for lookup_ordr; did you mean lookup_order?\n")


def test_arguments_that_are_no_json_object_fail_with_their_text():
    mocks = Mocks(scenario({"f": {"returns": 1}}))
    with pytest.raises(MockError, match=r'not a JSON object: f\(\{"a": \)'):
        mocks.answer(0, [Call("c", "f", {}, invalid='{"a": ')])
