"""What a model said becomes rules that say it again."""

import re

from orchestrator.model.conversation import AnsweredCall, Said
from orchestrator.model.scripted import ScriptedModel
from orchestrator.scenario.scripting import MOST, Script


def script(*said, functions=("look",)):
    made = Script()
    made.add(said, functions)
    return made


def test_a_message_is_answered_as_it_was():
    spec = script(Said("What is 3 * (x + 1)?\nQuickly!", ("It is", "3x + 3.")), Said("thanks", ())).to_spec("m")
    [rule] = spec["rules"]
    assert rule["reply"] == "It is\n3x + 3."
    assert re.search(rule["user"], "What is 3 * (x + 1)?\nQuickly!")
    assert not re.search(rule["user"], "What is 3 * (x + 1)?")
    assert ScriptedModel.model_validate({**spec}).name == "m"


def test_calls_come_before_the_reply_and_those_of_nobody_are_left_out():
    calls = (AnsweredCall("look", {"id": 1}, None, "x"), AnsweredCall("gone", {}, None, "y"))
    spec = script(Said("go", ("done",), calls)).to_spec("m")
    assert spec["rules"] == [
        {"user": "^go$", "call": [{"name": "look", "arguments": {"id": 1}}]},
        {"user": "^go$", "after": "look", "reply": "done"},
    ]


def test_of_a_message_that_came_twice_the_first_answer_counts():
    assert len(script(Said("hi", ("a",)), Said("hi", ("b",))).to_spec("m")["rules"]) == 1


def test_nothing_said_is_no_model():
    assert script(Said("", ("a",)), Said("hi", ())).to_spec("m") is None


def test_only_so_many_messages_are_scripted_and_the_others_counted():
    made = script(*(Said(f"message {number}", ("a",)) for number in range(MOST + 3)))
    assert (len(made.to_spec("m")["rules"]), made.left_out) == (MOST, 3)
