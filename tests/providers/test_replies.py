"""What every wire's conversation has in common."""

import pytest

from orchestrator.errors import TargetRejectedError
from orchestrator.model.conversation import Answer, Call, Failure, Usage
from orchestrator.providers._replies import get_call, get_failure, get_usage, must_answer_each, must_be_done


@pytest.mark.parametrize(
    ("written", "arguments", "invalid"),
    [
        ({"n": 1}, {"n": 1}, None),
        ('{"n": 1}', {"n": 1}, None),
        ("", {}, None),
        (None, {}, None),
        ('{"n": ', {}, '{"n": '),
        ("[1]", {}, "[1]"),
        ([1], {}, "[1]"),
        ("null", {}, "null"),
    ],
)
def test_arguments_are_an_object_or_its_text_or_kept_as_they_were_written(written, arguments, invalid):
    assert get_call("call_1", "quiz", written) == Call("call_1", "quiz", arguments, invalid)


@pytest.mark.parametrize("told", [None, {}, "many", {"input_tokens": None}, {"input_tokens": "7"}, [7]])
def test_usage_that_is_not_known_is_none(told):
    assert get_usage(told) == Usage()


def test_usage_goes_by_the_names_of_the_wire():
    assert get_usage({"input_tokens": 7, "output_tokens": 5}) == Usage(7, 5)
    assert get_usage({"prompt_tokens": 7, "completion_tokens": 5}, "prompt_tokens", "completion_tokens") == Usage(7, 5)


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        ({"error": {"code": "c", "message": "m"}}, Failure("c", "m")),
        ({"error": "boom"}, Failure("failed", "boom")),
        ({"error": None, "incomplete_details": {"reason": "max_tokens"}}, Failure("incomplete", "max_tokens")),
        ({"incomplete_details": "max_tokens"}, Failure("incomplete", "max_tokens")),
        ({"error": None, "incomplete_details": None}, None),
    ],
)
def test_why_something_did_not_complete(told, failure):
    assert get_failure(told, "error") == failure


@pytest.mark.parametrize("given", [[], ["a"], ["a", "a"], ["a", "b", "b"], ["a", "c"]])
def test_calls_are_answered_together_and_each_once(given):
    with pytest.raises(TargetRejectedError, match="results are wanted for a, b"):
        must_answer_each({"b", "a"}, [Answer(id, "x") for id in given])
    must_answer_each({"b", "a"}, [Answer("a", "x"), Answer("b", "x")])


def test_nothing_is_answered_where_nothing_waits_and_nothing_said_while_something_does():
    with pytest.raises(TargetRejectedError, match="results are wanted for no call"):
        must_answer_each({}, [])
    with pytest.raises(TargetRejectedError, match="the turn before is not done"):
        must_be_done(False)
