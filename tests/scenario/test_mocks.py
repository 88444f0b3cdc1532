"""Mocks answer calls: the turn's before the scenario's, values as they are, sequences once, the rest by name."""

import asyncio

import pytest

from orchestrator.diagnostics import Position
from orchestrator.model.conversation import Answer, Call
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.mocks import MockError, Mocks
from orchestrator.scenario.setting import Setting


def scenario(*turns: dict[str, object], **mocks: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "s",
            "assistant": "a",
            "mocks": mocks,
            "turns": [{"user": "hi", "mocks": turn} for turn in turns],
        }
    )


def answer(mocks: Mocks, turn: int, calls: list[Call]) -> tuple[Answer, ...]:
    return asyncio.run(mocks.answer(turn, calls))


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
    assert answer(mocks, 0, [call("f")]) == (Answer("c", output),)
    assert answer(mocks, 0, [call("f")]) == (Answer("c", output),)


def test_all_pending_calls_are_answered_together_in_order():
    mocks = Mocks(scenario({"f": {"returns": 1}, "g": {"returns": 2}}))
    assert answer(mocks, 0, [call("g", "b"), call("f", "a"), call("g", "c")]) == (
        Answer("b", "2"),
        Answer("a", "1"),
        Answer("c", "2"),
    )


def test_a_turns_mock_goes_first_and_only_in_its_turn():
    mocks = Mocks(scenario({"f": {"returns": "own"}}, {}, f={"returns": "shared"}))
    assert [answer(mocks, turn, [call("f")])[0].output for turn in (0, 1, 0)] == ["own", "shared", "own"]


def test_a_sequence_keeps_its_place_over_turns_and_parallel_calls():
    sequence = {"sequence": [{"returns": n} for n in range(4)]}
    mocks = Mocks(scenario({}, {"f": {"sequence": [{"returns": "own"}]}}, {}, f=sequence))
    assert [a.output for a in answer(mocks, 0, [call("f", "1"), call("f", "2")])] == ["0", "1"]
    assert answer(mocks, 1, [call("f")])[0].output == "own"
    assert [a.output for a in answer(mocks, 2, [call("f", "1"), call("f", "2")])] == ["2", "3"]


def test_a_used_up_sequence_fails_and_does_not_fall_back():
    mocks = Mocks(scenario({"f": {"sequence": [{"returns": 1}]}}, f={"returns": "shared"}))
    answer(mocks, 0, [call("f")])
    with pytest.raises(MockError, match=r"f was called once more .*sequence of 1.*f\(\{\"n\": 2\}\)") as caught:
        answer(mocks, 0, [call("f", n=2)])
    assert caught.value.hint == "add an answer to the sequence of f, or write `then: repeat_last` beside it"


def test_every_call_without_a_mock_is_named_with_the_yaml_to_write():
    mocks = Mocks(scenario({}, {"g": {"returns": 1}}))
    with pytest.raises(MockError) as caught:
        answer(mocks, 1, [call("lookup_order", id="A-1"), call("g"), call("cancel")])
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
        answer(mocks, 0, [call("lookup_order")])
    assert caught.value.hint
    assert caught.value.hint.startswith("there is a mock for lookup_ordr; did you mean `lookup_order`?\n")


def test_arguments_that_are_no_json_object_fail_with_their_text():
    mocks = Mocks(scenario({"f": {"returns": 1}}))
    with pytest.raises(MockError, match=r'not a JSON object: f\(\{"a": \)'):
        answer(mocks, 0, [Call("c", "f", {}, invalid='{"a": ')])


def outputs(mocks: Mocks, *calls: Call, turn: int = 0) -> list[str]:
    return [given.output for given in answer(mocks, turn, list(calls))]


def test_the_first_mock_that_fits_a_call_answers_it():
    listed = [
        {"when": {"arguments": {"id": "A-1"}}, "returns": "subset"},
        {"when": {"exact": {"id": "A-2"}}, "returns": "exact"},
        {"when": {"regex": {"id": "^B"}}, "returns": "regex"},
        {"when": {"schema": {"properties": {"id": {"maxLength": 2}}}}, "returns": "schema"},
        {"when": {"jmespath": "contains(id, 'z')"}, "returns": "query"},
        {"returns": "rest"},
    ]
    mocks = Mocks(scenario({"f": listed}))
    calls = [call("f", id=id) for id in ("A-1", "A-2", "B-9", "9", "xyz", "other")]
    assert outputs(mocks, *calls) == ["subset", "exact", "regex", "schema", "query", "rest"]
    assert outputs(mocks, call("f", id="A-2", more=1)) == ["rest"]
    assert outputs(mocks, call("f", id="A-1", more=1)) == ["subset"]


def test_where_no_mock_of_a_turn_fits_the_scenarios_own_answer():
    mocks = Mocks(scenario({"f": {"when": {"arguments": {"n": 1}}, "returns": "own"}}, f={"returns": "shared"}))
    assert outputs(mocks, call("f", n=1), call("f", n=2)) == ["own", "shared"]


def test_a_call_that_fits_no_mock_is_told_in_what():
    listed = [{"when": {"arguments": {"id": 1}}, "returns": 1}, {"when": {"regex": {"id": "^B"}}, "returns": 2}]
    mocks = Mocks(
        scenario({"f": listed}), Setting(mock_positions={("turns", 0, "mocks", "f", 1): Position("s.yaml", 7, 9)})
    )
    with pytest.raises(MockError) as caught:
        answer(mocks, 0, [call("f", id="A")])
    assert caught.value.message.splitlines() == [
        'f was called and no mock of it is for these arguments: f({"id": "A"})',
        '  mock 1 of f: id: expected 1, got "A"',
        '  mock 2 of f (s.yaml:7:9): id: expected what matches "^B", got "A"',
    ]
    assert caught.value.hint == "write a mock for them, or one without `when` at the end of the list"


def test_a_sequence_may_go_on_with_its_last_answer():
    written = {"sequence": [{"error": "busy"}, {"returns": {"ok": True}}], "then": "repeat_last"}
    mocks = Mocks(scenario({"f": written}))
    assert outputs(mocks, *[call("f")] * 3) == ['{"error": "busy"}', '{"ok": true}', '{"ok": true}']


def test_a_sequence_counts_only_the_calls_it_is_for():
    listed = [{"when": {"arguments": {"n": 1}}, "sequence": [{"returns": "a"}, {"returns": "b"}]}, {"returns": "rest"}]
    mocks = Mocks(scenario({"f": listed}))
    assert outputs(mocks, call("f", n=1), call("f", n=2), call("f", n=1)) == ["a", "rest", "b"]


def test_delays_of_calls_made_together_pass_side_by_side():
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    written = {"f": {"delay_ms": 20, "sequence": [{"returns": 1, "delay_ms": 30}]}, "g": {"returns": 2, "delay_ms": 40}}
    mocks = Mocks(scenario(written), sleep=sleep)
    answer(mocks, 0, [call("f"), call("g")])
    answer(mocks, 0, [call("g"), call("g")])
    assert waited == [0.05, 0.04]


def test_a_delay_is_waited_for():
    async def check() -> float:
        mocks = Mocks(scenario({"f": {"returns": 1, "delay_ms": 30}}))
        clock = asyncio.get_running_loop().time
        start = clock()
        await mocks.answer(0, [call("f")])
        return clock() - start

    assert asyncio.run(check()) >= 0.029


@pytest.mark.parametrize(
    ("times", "calls", "told"),
    [
        (None, 0, "the mock of f was never used"),
        (None, 3, None),
        (1, 1, None),
        (0, 0, None),
        (0, 1, "the mock of f was used once, expected never"),
        (1, 2, "the mock of f was used twice, expected once"),
        ({"min": 2}, 1, "the mock of f was used once, expected twice or more"),
        ({"max": 1}, 0, None),
        ({"min": 1, "max": 2}, 3, "the mock of f was used 3 times, expected 1 to 2 times"),
    ],
)
def test_how_often_a_mock_is_used_is_held_against_what_it_says(times, calls, told):
    mocks = Mocks(scenario({"f": {"returns": 1, "times": times}}))
    for _ in range(calls):
        answer(mocks, 0, [call("f")])
    assert [each.message for each in mocks.find_unmet(0)] == ([told] if told else [])
    assert mocks.find_all_unmet() == tuple(mocks.find_unmet(0))


def test_unused_mocks_are_told_by_turn_and_by_place():
    place = ("turns", 1, "mocks", "g", 0)
    written = scenario({}, {"g": [{"when": {"arguments": {"n": 1}}, "returns": 1}]}, f={"returns": 1})
    mocks = Mocks(written, Setting(mock_positions={place: Position("s.yaml", 9, 5)}))
    assert mocks.find_unmet(0) == []
    [own] = mocks.find_unmet(1)
    assert str(own) == "s.yaml:9:5: mock 1 of g was never used"
    assert own.hint == "remove it, or write `times: {min: 0}` beside it"
    assert [each.message for each in mocks.find_all_unmet()] == ["the mock of f was never used", own.message]


def test_what_cannot_be_given_is_told_with_the_mock_it_is_in():
    mocks = Mocks(scenario({"f": [{"template": "{{ arguments.id }}"}]}))
    with pytest.raises(MockError, match=r"^mock 1 of f: .*id"):
        answer(mocks, 0, [call("f")])
