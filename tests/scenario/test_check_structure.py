"""A reply that is JSON: its schema, and values in it."""

import pytest

from tests.scenario.checking import reason, said, verdict

ORDER = '{"items": [{"id": 3, "tags": ["a"]}, {"id": 4, "tags": []}], "note": null, "ok": true}'
SCHEMA = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "minItems": 1}}}


def fenced(text, language="json"):
    return f"Here it is:\n\n```{language}\n{text}\n```\nAnything else?"


HOLDING = [
    {"schema": SCHEMA},
    {"schema": {}},
    {"path": "items[0].id", "equals": 3},
    {"path": "items[0].id", "equals": 3.0},
    {"path": "length(items)", "equals": 2},
    {"path": "items[].id", "equals": [3, 4]},
    {"path": "note", "equals": None},
    {"path": "ok"},
    {"path": "items[?id == `4`] | [0]", "schema": {"required": ["tags"]}},
    {"path": "items[1]", "equals": {"tags": [], "id": 4}},
]
FAILING = [
    {"schema": {"type": "array"}},
    {"path": "items[0].id", "equals": 4},
    {"path": "ok", "equals": 1},
    {"path": "items[1]", "equals": {"id": 4}},
    {"path": "note"},
    {"path": "nothing.here"},
    {"path": "items[0].id", "schema": {"type": "string"}},
    {"path": "length(ok)", "equals": 1},
]


@pytest.mark.parametrize("wanted", HOLDING)
def test_holds(wanted):
    given = verdict({"json": wanted}, said(ORDER))
    assert (given.passed, given.score, given.check) == (True, 1.0, "json"), given.reason
    assert not verdict({"not": {"json": wanted}}, said(ORDER)).passed


@pytest.mark.parametrize("wanted", FAILING)
def test_does_not_hold(wanted):
    assert reason({"json": wanted}, said(ORDER)).startswith("expected: ")
    assert verdict({"not": {"json": wanted}}, said(ORDER)).passed


@pytest.mark.parametrize(
    "exchanges",
    [
        [said(f"  {ORDER}\n")],
        [said(fenced(ORDER))],
        [said(fenced(ORDER, "JSON"))],
        [said(fenced(ORDER, ""))],
        [said(fenced("not json") + fenced(ORDER))],
        [said("Let me see.", ORDER)],
        [said("hello"), said(ORDER)],
        [said(fenced("[1]", "python") + fenced(ORDER))],
    ],
)
def test_where_the_json_is(exchanges):
    assert verdict({"json": {"path": "ok"}}, *exchanges).passed


@pytest.mark.parametrize("text", ["", "hello", "{", "NaN", fenced("[1]", "python"), "[" * 100_000])
def test_a_reply_that_is_no_json(text):
    assert reason({"json": {"schema": {}}}, said(text)).startswith("expected: a reply that is JSON\ngot:      ")


def test_a_value_that_is_another_is_shown_with_all_of_it():
    assert reason({"json": {"path": "a.b", "equals": {"c": [1, 2]}}}, said('{"a": {"b": {"c": [1, 3]}}}')) == (
        'expected: {"c": [1, 2]} at a.b\n'
        'got:      {"c": [1, 3]}\n'
        'in:       {"a": {"b": {"c": [1, 3]}}}\n'
        "c[1]: expected 2, got 3"
    )


def test_a_long_value_is_shown_as_lines_that_differ():
    long = [{"id": n} for n in range(100)]
    text = reason({"json": {"equals": long}}, said(str([*long[:50], {"id": 0}, *long[51:]]).replace("'", '"')))
    assert '  -     "id": 50\n  +     "id": 0' in text


def test_a_value_against_its_schema_is_told_place_by_place():
    schema = {"properties": {"items": {"items": {"properties": {"id": {"type": "string"}}, "required": ["tags"]}}}}
    assert reason({"json": {"schema": schema}}, said('{"items": [{"id": 1, "tags": []}, {}]}')).split("\n")[2:] == [
        "  items[0].id: 1 is not of type 'string'",
        "  items[1]: 'tags' is a required property",
    ]
    assert reason({"json": {"schema": {"type": "array"}}}, said("{}")).endswith("\n  {} is not of type 'array'")


def test_a_query_that_does_not_fit_says_so():
    assert "invalid type" in reason({"json": {"path": "length(ok)", "equals": 1}}, said(ORDER))
