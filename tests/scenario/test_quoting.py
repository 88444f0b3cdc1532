"""Texts in reasons stay on one line and stay short."""

from orchestrator.scenario.quoting import around, cut, quoted, shown, shown_call


def test_a_long_text_keeps_its_beginning_and_end():
    assert cut("x" * 400) == "x" * 400
    assert cut("a" * 300 + "b" * 300, 30) == "a" * 20 + " [... 570 characters ...] " + "b" * 10


def test_quotes_are_on_one_line():
    assert quoted('한 "줄"\n둘') == '"한 \\"줄\\"\\n둘"'


def test_around_marks_what_is_left_out():
    assert around("abcdefghij", 4, 6, 2) == '"...cdefgh..."'
    assert around("abcdefghij", 0, 2, 2) == '"abcd..."'
    assert around("abcdefghij", 8, 10, 2) == '"...ghij"'


def test_values_and_calls():
    assert shown({"a": [1, None, "가"]}) == '{"a": [1, null, "가"]}'
    assert shown_call("f", {"a": 1}) == 'f({"a": 1})'
    assert shown_call("f", {}, "{broken") == "f({broken)"
    assert len(shown_call("f", {"a": "x" * 10_000})) < 500
