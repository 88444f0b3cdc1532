import pytest

from orchestrator.reconcile.breaking import breaking
from orchestrator.reconcile.plan import FieldChange, Who

PATH = "tools.quiz.parameters"


def reasons(old, new, path=PATH):
    return breaking(FieldChange(path, old, new, Who.SPEC))


def one(old, new):
    """Compare two schemas of the parameter `a`."""
    return reasons({"type": "object", "properties": {"a": old}}, {"type": "object", "properties": {"a": new}})


def test_a_removed_parameter_and_a_newly_required_one():
    old = {"properties": {"a": {}, "b": {}}, "required": ["a"]}
    assert reasons(old, {"properties": {"a": {}}, "required": ["a"]}) == ("parameter b is gone",)
    assert reasons(old, old | {"required": ["a", "b"]}) == ("parameter b is required now",)


def test_a_closed_object():
    said = ("the call takes no further parameters (additionalProperties: false)",)
    assert reasons({"properties": {}}, {"properties": {}, "additionalProperties": False}) == said
    assert reasons({"additionalProperties": False}, {"additionalProperties": False}) == ()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ({"enum": ["x", "y"]}, {"enum": ["x"]}, 'parameter a does not take "y" any more'),
        ({}, {"enum": ["x"]}, "parameter a takes listed values only"),
        ({"enum": ["x", "y"]}, {"const": "x"}, 'parameter a does not take "y" any more'),
        ({"type": ["string", "null"]}, {"type": "string"}, "parameter a was null, string, is string only"),
        ({"type": "number"}, {"type": "integer"}, "parameter a was number, is integer only"),
        ({}, {"type": "string"}, "parameter a was anything, is string only"),
        ({"maximum": 9}, {"maximum": 5}, "parameter a has a tighter limit: maximum 5"),
        ({}, {"minLength": 1}, "parameter a has a tighter limit: minLength 1"),
        ({}, {"pattern": "^a"}, 'parameter a has another pattern: "^a"'),
        ({"items": {"enum": [1, 2]}}, {"items": {"enum": [1]}}, "parameter a[] does not take 2 any more"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"anyOf": [{"type": "string"}]}, "has 1 form less"),
        ({"type": "string"}, False, "parameter a takes no value any more"),
        (
            {"properties": {"b": {"type": "string"}}},
            {"properties": {"b": {"type": "object"}}},
            "parameter a.b was string, is object only",
        ),
    ],
)
def test_what_was_allowed_and_is_not(old, new, reason):
    assert [reason in said for said in one(old, new)] == [True]
    assert one(new, new) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"enum": ["x"]}, {"enum": ["x", "y"]}),
        ({"enum": [1]}, {"enum": [1.0]}),
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string", "description": "a"}, {"type": "string", "description": "b"}),
        ({"minimum": 5}, {"minimum": 1}),
        ({}, {"minItems": 0}),
        ({"type": "string"}, True),
        ({"properties": {"b": {}}}, {"properties": {"b": {}, "c": {}}}),
    ],
)
def test_what_only_widens_breaks_nothing(old, new):
    assert one(old, new) == ()


def test_references_are_followed_and_circles_end():
    tree = {"$defs": {"t": {"properties": {"v": {"enum": [1, 2]}, "next": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"}
    narrowed = {
        "$defs": {"t": {"properties": {"v": {"enum": [1]}, "next": {"$ref": "#/$defs/t"}}}},
        "$ref": "#/$defs/t",
    }
    assert reasons(tree, tree) == ()
    assert reasons(tree, narrowed)[0] == "parameter v does not take 2 any more"
    endless = {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    assert reasons(endless, endless) == ()


def test_only_a_functions_parameters_are_judged():
    old: dict[str, object] = {"properties": {"a": {}}}
    new: dict[str, object] = {"properties": {}}
    assert reasons(old, new) == ("parameter a is gone",)
    for path in ("metadata.x.parameters", "tools.quiz.description", "response_format", "tools.quiz.parameters.x"):
        assert reasons(old, new, path) == ()
    assert reasons(None, new) == reasons(old, None) == ()
    assert reasons({"properties": "odd", "required": 3}, {"properties": [], "required": "a", "enum": 1}) == ()
