"""Which functions were called, how often and with which arguments."""

import pytest

from orchestrator.model.conversation import Call
from tests.scenario.checking import called, reason, said, verdict

TWO_QUIZZES = called(
    (
        Call("c1", "display_quiz", {"title": "하나", "questions": [{"type": "FREE"}], "extra": {"a": 1, "b": 2}}),
        Call("c2", "display_quiz", {"title": "둘", "questions": []}),
    )
)
HOLDING = [
    ({"tool_called": "display_quiz"}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": 2}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": {"min": 1, "max": 2}}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": 0}}, [said("no")]),
    ({"tool_called": {"name": "display_quiz", "arguments": {"title": "둘"}, "times": 1}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "arguments": {"extra": {"b": 2}}}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": 4}}, [TWO_QUIZZES, TWO_QUIZZES]),
    ({"tool_not_called": "lookup"}, [TWO_QUIZZES]),
]


@pytest.mark.parametrize(("check", "exchanges"), HOLDING)
def test_holds(check, exchanges):
    given = verdict(check, *exchanges)
    assert given.passed, given.reason
    assert (given.score, given.check) == (1.0, next(iter(check)))
    assert given.reason
    assert not verdict({"not": check}, *exchanges).passed


def test_tool_called_lists_the_calls_that_were_made():
    assert reason({"tool_called": "lookup"}, said("a")) == (
        "expected: lookup called once or more\ngot:      no function call"
    )
    other = reason({"tool_called": "display_quizz"}, TWO_QUIZZES)
    assert "no call of it, but\n  display_quiz({" in other
    assert other.endswith("did you mean `display_quiz`?")


def test_tool_called_shows_each_calls_first_difference():
    text = reason({"tool_called": {"name": "display_quiz", "arguments": {"title": "셋"}}}, TWO_QUIZZES)
    assert text.startswith('expected: display_quiz called once or more with {"title": "셋"}\ngot:      never')
    assert '    title: expected "셋", got "하나"' in text
    assert '    title: expected "셋", got "둘"' in text


def test_tool_called_counts_only_matching_calls():
    check = {"tool_called": {"name": "display_quiz", "arguments": {"title": "둘"}, "times": 2}}
    assert "expected: display_quiz called twice" in reason(check, TWO_QUIZZES)
    assert "got:      once, of these calls" in reason(check, TWO_QUIZZES)
    times = {"tool_called": {"name": "display_quiz", "times": {"min": 3, "max": 5}}}
    assert reason(times, TWO_QUIZZES).startswith(
        "expected: display_quiz called 3 to 5 times\ngot:      twice, in these calls\n  display_quiz("
    )
    assert "called never" in reason({"tool_called": {"name": "display_quiz", "times": 0}}, TWO_QUIZZES)


def test_tool_called_with_broken_arguments():
    exchange = called(Call("c1", "f", {}, invalid='{"a": '))
    assert verdict({"tool_called": "f"}, exchange).passed
    text = reason({"tool_called": {"name": "f", "arguments": {}}}, exchange)
    assert '  f({"a": )\n    the arguments are not a JSON object' in text


def test_tool_not_called_shows_the_calls():
    text = reason({"tool_not_called": "display_quiz"}, TWO_QUIZZES)
    assert text.startswith("expected: no call of display_quiz\ngot:      twice\n  display_quiz(")


def test_many_calls_are_listed_in_part():
    many = called(*(Call(f"c{n}", "f", {"n": n}) for n in range(50)))
    assert reason({"tool_not_called": "f"}, many).endswith("and 40 more")
    assert len(reason({"tool_called": {"name": "f", "times": 1}}, many).splitlines()) == 12
