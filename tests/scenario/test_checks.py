"""Every check, holding and not; a failure says what was expected and what came instead."""

import unicodedata
from collections.abc import Mapping

import pytest
from pydantic import TypeAdapter

from orchestrator.model.checks import Check
from orchestrator.model.conversation import (
    Call,
    Citation,
    Evidence,
    Failure,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
)
from orchestrator.scenario.checks import judge
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange

CHECK: TypeAdapter[Check] = TypeAdapter(Check)


def said(*texts: str) -> Exchange:
    return Exchange("hi", (Reply(ReplyStatus.COMPLETED, tuple(Message(text) for text in texts)),))


def called(*calls: Call) -> Exchange:
    return Exchange("hi", (Reply(ReplyStatus.NEEDS_ANSWERS, calls=calls), Reply(ReplyStatus.COMPLETED)))


def cited(*files: str | None, found: tuple[tuple[str, str], ...] = (), searched: bool = True) -> Exchange:
    ids = {name: f"file-{n}" for n, (name, _) in enumerate(found)}
    citations = tuple(Citation(ids.get(file or "", "file-0"), file, "[1]") for file in files)
    passages = tuple(Passage(ids[name], name, 0.5, text) for name, text in found)
    evidence = Evidence((Search(passages),) if searched else ())
    return Exchange("hi", (Reply(ReplyStatus.COMPLETED, (Message("see [1]", citations),), (), evidence),))


def verdict(check: Mapping[str, object], *exchanges: Exchange) -> Verdict:
    return judge(CHECK.validate_python(check), exchanges)


def reason(check: Mapping[str, object], *exchanges: Exchange) -> str:
    """Give the reason of a failure, having seen that it is one."""
    given = verdict(check, *exchanges)
    assert (given.passed, given.score, given.check) == (False, 0.0, next(iter(check)))
    return given.reason


TWO_QUIZZES = called(
    Call("c1", "display_quiz", {"title": "하나", "questions": [{"type": "FREE"}], "extra": {"a": 1, "b": 2}}),
    Call("c2", "display_quiz", {"title": "둘", "questions": []}),
)

HOLDING = [
    ({"contains": "피드백"}, [said("좋아요. 피드백: a")]),
    ({"contains": "a\nb"}, [said("a", "b")]),
    ({"contains": "a\nb"}, [said("a"), said("b")]),
    ({"not_contains": "sorry"}, [said("fine")]),
    ({"equals": "  x = 1\n"}, [said("x = 1 ")]),
    ({"regex": r"x\s*=\s*\d"}, [said("so x = 1")]),
    ({"regex": "(?i)DONE$"}, [said("all done")]),
    ({"tool_called": "display_quiz"}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": 2}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": {"min": 1, "max": 2}}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": 0}}, [said("no")]),
    ({"tool_called": {"name": "display_quiz", "arguments": {"title": "둘"}, "times": 1}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "arguments": {"extra": {"b": 2}}}}, [TWO_QUIZZES]),
    ({"tool_called": {"name": "display_quiz", "times": 4}}, [TWO_QUIZZES, TWO_QUIZZES]),
    ({"tool_not_called": "lookup"}, [TWO_QUIZZES]),
    ({"status": "completed"}, [said("a")]),
    ({"status": "completed"}, [Exchange("x", (Reply(ReplyStatus.FAILED),)), said("a")]),
    ({"cites": "gpt.pdf"}, [cited("papers/gpt.pdf")]),
    ({"cites": "docs/gpt.pdf"}, [cited("gpt.pdf")]),
    ({"cites": "gpt.pdf"}, [said("nothing"), cited("gpt.pdf")]),
    ({"cites": "gpt.pdf"}, [cited(None, found=(("gpt.pdf", "text"),))]),
    ({"cites": unicodedata.normalize("NFD", "논문.pdf")}, [cited("논문.pdf")]),
    (
        {"cites": {"file": "gpt.pdf", "quote": "language  models are\nlearners"}},
        [cited("gpt.pdf", found=(("bert.pdf", "no"), ("gpt.pdf", "Here language models\n are learners.")))],
    ),
]


@pytest.mark.parametrize(("check", "exchanges"), HOLDING)
def test_holds(check, exchanges):
    given = verdict(check, *exchanges)
    assert given.passed, given.reason
    assert (given.score, given.check) == (1.0, next(iter(check)))
    assert given.reason


def test_contains_shows_the_reply_and_a_near_miss():
    assert reason({"contains": "x = 1"}, said("y = 2")) == (
        'expected: a reply that contains "x = 1"\ngot:      "y = 2"'
    )
    assert reason({"contains": "Hello"}, said("hello")).endswith("but in upper or lower case")
    assert reason({"contains": "a b"}, said("a\n b")).endswith("but with other white space")
    assert "Unicode form" in reason({"contains": unicodedata.normalize("NFD", "한")}, said("한글"))


def test_a_long_reply_is_cut_in_the_middle():
    text = reason({"contains": "x"}, said("a" * 5000 + "b" * 5000))
    assert "characters ...]" in text
    assert len(text) < 600
    assert text.rstrip('"').endswith("b")


def test_not_contains_shows_where():
    text = reason({"not_contains": "sorry"}, said("a" * 500 + " sorry " + "b" * 500))
    assert "without" in text
    assert "... sorry bbb" not in text
    assert "a sorry b" in text
    assert len(text) < 300


def test_equals_names_the_first_difference():
    assert reason({"equals": "x = 1"}, said("x = 2")) == (
        'expected: "x = 1"\ngot:      "x = 2"\nthey differ from character 5 on'
    )
    assert "from character 4 on" in reason({"equals": "abcd"}, said("abc"))
    assert "lower case" in reason({"equals": "ABC"}, said("abc"))
    long = reason({"equals": "a" * 1000 + "X" + "b" * 1000}, said("a" * 1000 + "Y" + "b" * 1000))
    assert "aXb" in long
    assert "aYb" in long
    assert "character 1001" in long


def test_regex_that_does_not_match():
    assert '"^a"' in reason({"regex": "^a"}, said("b"))


def test_status_says_why_the_exchange_ended():
    broken = Exchange("x", (Reply(ReplyStatus.FAILED, failure=Failure("rate_limit_exceeded", "slow down")),))
    assert reason({"status": "completed"}, said("a"), broken) == (
        "expected: completed\ngot:      failed (rate_limit_exceeded: slow down)"
    )
    assert verdict({"status": "failed"}, broken).passed
    assert reason({"status": "completed"}, Exchange("x")) == "expected: completed\ngot:      no reply"


def test_tool_called_lists_the_calls_that_were_made():
    assert reason({"tool_called": "lookup"}, said("a")) == (
        "expected: lookup called once or more\ngot:      no function call"
    )
    other = reason({"tool_called": "display_quizz"}, TWO_QUIZZES)
    assert "no call of it, but\n  display_quiz({" in other
    assert other.endswith("did you mean display_quiz?")


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


@pytest.mark.parametrize(
    ("exchange", "got"),
    [
        (said("a"), "no citation; file_search was not used"),
        (cited(), "no citation; file_search found nothing"),
        (cited(found=(("gpt.pdf", "t"), ("gpt.pdf", "u"))), "no citation; file_search found passages of gpt.pdf"),
        (cited("a.pdf", "a.pdf", "b.pdf", searched=False), "citations of a.pdf, b.pdf; file_search was not used"),
        (cited(None, searched=False), "citations of file-0; file_search was not used"),
    ],
)
def test_cites_says_what_was_cited_and_found(exchange, got):
    assert reason({"cites": "gpt.pdf"}, exchange) == f"expected: a citation of gpt.pdf\ngot:      {got}"


def test_a_quote_must_stand_in_a_passage_of_the_cited_file_found_in_that_exchange():
    check = {"cites": {"file": "gpt.pdf", "quote": "few-shot"}}
    other_file = cited("gpt.pdf", found=(("gpt.pdf", "zero-shot"), ("bert.pdf", "few-shot")))
    assert reason(check, other_file).splitlines() == [
        'expected: a passage of gpt.pdf that has "few-shot"',
        "got:      these passages",
        '  "zero-shot"',
    ]
    found_elsewhere = cited("bert.pdf", found=(("gpt.pdf", "few-shot"), ("bert.pdf", "x")))
    assert "citations of bert.pdf" in reason(check, found_elsewhere)
    not_found = reason(check, cited("gpt.pdf", searched=False))
    assert not_found.endswith("a citation of gpt.pdf, but file_search found no passage of it")
    earlier = cited("gpt.pdf", searched=False)
    later = cited(found=(("gpt.pdf", "few-shot"),))
    assert not verdict(check, earlier, later).passed
