"""Values for arguments against the function's own schema: only what can never be right is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.spec.argument_faults import Signature


def faults(schema, value, whole=False, strict=True):
    parameters = {"type": "object", "properties": {"x": schema}, "required": ["x"], "additionalProperties": False}
    function = Signature("f", parameters, strict)
    return [problem.message for problem in function.find_faults(value, ("at",), whole)]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "maxLength": 1}, "long"),
        ({"type": "integer", "minimum": 5}, 1),
        ({"type": "integer"}, 3.0),
        ({"type": "number"}, 3),
        ({}, object),
        (True, 1),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 3),
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"type": "object", "patternProperties": {"^a": {}}, "properties": {}}, {"ab": 1}),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, ["a", 1]),
        ({"enum": [1, "a"]}, 1),
        ({"const": None}, None),
        ({"type": "array"}, [1, "a"]),
    ],
)
def test_what_may_be_meant_is_not_told(schema, value):
    assert faults(schema, {"x": value}) == []


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"type": "string"}, 1, "`x` of function `f` must be text, not 1"),
        ({"type": "integer"}, True, "`x` of function `f` must be a whole number, not true"),
        ({"type": "number"}, "1", '`x` of function `f` must be a number, not "1"'),
        ({"type": ["string", "null"]}, [], "`x` of function `f` must be text or null, not []"),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "`x[1]` of function `f` must be text, not 1"),
        ({"enum": [1]}, True, "`x` of function `f` cannot be true"),
        ({"const": "a"}, "b", '`x` of function `f` cannot be "b"'),
        ({"allOf": [{}, {"type": "string"}]}, 1, "`x` of function `f` must be text, not 1"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "`x` of function `f` must be text, not 1"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, [], "`x` of function `f` cannot be []"),
        ({"type": "object", "properties": {"a": {}}}, {"b": 1}, "function `f` has no argument `x.b`"),
    ],
)
def test_what_cannot_be_is_told(schema, value, told):
    assert faults(schema, {"x": value}) == [told]


def test_what_is_required_is_asked_for_where_all_is_said_and_every_call_has_it():
    assert faults({}, {}, whole=True) == ["every call of `f` has x"]
    assert faults({}, {}, whole=True, strict=False) == []
    assert faults({}, {}) == []


def test_a_schema_that_goes_round_in_circles_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "additionalProperties": False}
    parameters = {"type": "object", "properties": {"x": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}}
    function = Signature("f", parameters)
    good: dict[str, object] = {"x": {"next": {"next": {}}}}
    bad: dict[str, object] = {"x": {"next": {"nxt": {}}}}
    assert list(function.find_faults(good, (), whole=False)) == []
    [problem] = function.find_faults(bad, (), whole=False)
    assert (problem.path, problem.hint) == (("x", "next", "nxt"), "did you mean `next`?")
    itself = {"$ref": "#/properties/x"}
    assert faults(itself, {"x": 1}) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)


@given(JSON, JSON)
def test_any_schema_and_any_value_give_an_answer(schema, value):
    for problem in faults(schema, {"x": value}):
        assert "function `f`" in problem
