"""Checks of a text; a failure says what was expected and what came instead."""

import unicodedata
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.check_text import TEXT_CHECKS, AnyTextCheck
from orchestrator.scenario.check_text import OF_TEXT
from tests.scenario.checking import reason, said, verdict

HOLDING: list[tuple[dict[str, Any], str]] = [
    ({"contains": "피드백"}, "좋아요. 피드백: a"),
    ({"contains": "a\nb"}, "a\nb"),
    ({"contains": "STRASSE", "ignore_case": True}, "die Straße"),
    ({"contains_all": ["a", "b"]}, "b a"),
    ({"contains_all": ["A", "B"], "ignore_case": True}, "b a"),
    ({"contains_any": ["x", "b"]}, "a b"),
    ({"contains_any": ["X", "B"], "ignore_case": True}, "a b"),
    ({"equals": "  x = 1\n"}, "x = 1 "),
    ({"equals": "X = 1", "ignore_case": True}, "x = 1"),
    ({"equals": ""}, " "),
    ({"regex": r"x\s*=\s*\d"}, "so x = 1"),
    ({"regex": "(?i)DONE$"}, "all done"),
    ({"regex": "DONE$", "ignore_case": True}, "all done"),
    ({"starts_with": "Dear"}, "\n Dear Ada"),
    ({"starts_with": "dear", "ignore_case": True}, "Dear Ada"),
    ({"similar": {"to": "the quick brown fox"}}, "the quick brown fix"),
    ({"similar": {"to": "THE FOX", "min": 1}, "ignore_case": True}, " the fox\n"),
    ({"similar": {"to": "abcd", "min": 0.5}}, "abxy"),
    ({"words": {"max": 2}}, "two  words\n"),
    ({"words": {"min": 2, "max": 2}}, "두 단어"),
    ({"words": {"min": 1}}, "one"),
]
FAILING: list[tuple[dict[str, Any], str]] = [
    ({"contains": "x"}, "y"),
    ({"contains": "Y"}, "y"),
    ({"contains_all": ["a", "x"]}, "a"),
    ({"contains_any": ["x", "z"]}, "a"),
    ({"equals": "a"}, "a b"),
    ({"equals": "A"}, "a"),
    ({"regex": "^b"}, "ab"),
    ({"starts_with": "b"}, "ab"),
    ({"similar": {"to": "abcd", "min": 0.76}}, "abcx"),
    ({"words": {"max": 2}}, "one two three"),
    ({"words": {"min": 2}}, "one"),
]


@pytest.mark.parametrize(("check", "text"), HOLDING)
def test_holds(check, text):
    given = verdict(check, said(text))
    assert given.passed, given.reason
    assert (given.check, bool(given.reason)) == (next(iter(check)), True)
    assert not verdict({"not": check}, said(text)).passed


@pytest.mark.parametrize(("check", "text"), FAILING)
def test_does_not_hold(check, text):
    assert reason(check, said(text)).startswith("expected: ")
    assert verdict({"not": check}, said(text)).passed


def test_every_check_of_a_text_has_a_function_and_is_tried_here():
    assert len(OF_TEXT) == len(TEXT_CHECKS) == len(get_args(get_args(AnyTextCheck)[0]))
    assert {next(iter(check)) for check, _ in HOLDING} == set(TEXT_CHECKS)
    assert {next(iter(check)) for check, _ in FAILING} == set(TEXT_CHECKS)


def test_several_messages_and_turns_are_one_text():
    assert verdict({"contains": "a\nb"}, said("a", "b")).passed
    assert verdict({"contains": "a\nb"}, said("a"), said("b")).passed


def test_contains_shows_the_reply_and_a_near_miss():
    assert reason({"contains": "x = 1"}, said("y = 2")) == (
        'expected: a reply that contains "x = 1"\ngot:      "y = 2"'
    )
    near = reason({"contains": "Hello"}, said("hello"))
    assert near.endswith("it is there, but in upper or lower case; `ignore_case: true` allows that")
    assert reason({"contains": "a b"}, said("a\n b")).endswith("but with other white space")
    assert "Unicode form" in reason({"contains": unicodedata.normalize("NFD", "한")}, said("한글"))


def test_a_long_reply_is_cut_in_the_middle():
    text = reason({"contains": "x"}, said("a" * 5000 + "b" * 5000))
    assert "characters ...]" in text
    assert len(text) < 600
    assert text.rstrip('"').endswith("b")


def test_contains_all_names_what_is_missing_and_scores_what_is_there():
    check = {"contains_all": ["a", "x", "B"]}
    assert reason(check, said("a b")) == (
        'expected: a reply that contains "a", "x", "B"\n'
        'missing:  "x", "B"\n'
        'got:      "a b"\n'
        '"B": it is there, but in upper or lower case; `ignore_case: true` allows that'
    )
    assert verdict(check, said("a b")).score == pytest.approx(1 / 3)


def test_contains_any_names_all_it_looked_for():
    assert reason({"contains_any": ["x", "y"]}, said("z")) == (
        'expected: a reply that contains one of "x", "y"\ngot:      "z"'
    )


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


def test_equals_shows_the_lines_that_differ():
    lines = [f"line {n}" for n in range(50)]
    text = reason({"equals": "\n".join(lines)}, said("\n".join([*lines[:30], "another", *lines[31:]])))
    assert text.split("\n")[3:] == [
        "    line 28",
        "    line 29",
        "  - line 30",
        "  + another",
        "    line 31",
        "    line 32",
    ]


def test_regex_and_starts_with_show_the_reply():
    assert reason({"regex": "^a"}, said("b")) == 'expected: a reply that matches "^a"\ngot:      "b"'
    assert reason({"starts_with": "Dear"}, said("dear Ada")).split("\n") == [
        'expected: a reply that begins with "Dear"',
        'got:      "dear Ada"',
        "it is there, but in upper or lower case; `ignore_case: true` allows that",
    ]


def test_similar_says_how_like_it_is():
    check = {"similar": {"to": "kitten", "min": 0.7}}
    given = verdict(check, said("sitting"))
    assert given.score == pytest.approx(1 - 3 / 7)
    assert given.reason == 'expected: a reply that is 0.7 or more like "kitten"\ngot:      0.57: "sitting"'
    assert verdict({"similar": {"to": "kitten", "min": 0.5}}, said("sitting")).score == pytest.approx(1 - 3 / 7)
    assert "  - b\n  + c" in reason({"similar": {"to": "a\nb"}}, said("a\nc"))
    assert "got:      0.79: " in reason({"similar": {"to": "a" * 1000}}, said("a" * 799 + "b" * 201))


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_likeness_is_that_of_the_edit_distance(one, other):
    """A text takes as many edits to become another as the other to become it, and none to stay."""
    least = {"min": 0.0}
    there = verdict({"similar": {"to": other, **least}}, said(one))
    assert 0 <= there.score <= 1
    assert (there.score == 1) == (one.strip() == other.strip())
    if one:
        assert verdict({"similar": {"to": one, **least}}, said(other)).score == pytest.approx(there.score)


def test_words_are_counted():
    assert reason({"words": {"max": 2}}, said("a b c")) == 'expected: a reply of at most 2 words\ngot:      3: "a b c"'
    assert "of 5 or more words" in reason({"words": {"min": 5}}, said("a"))
    assert "of 2 to 3 words" in reason({"words": {"min": 2, "max": 3}}, said(""))
