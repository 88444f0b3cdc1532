import pytest

from orchestrator.server.shapes import (
    Boolean,
    Choice,
    Field,
    Free,
    ListOf,
    Metadata,
    Number,
    Object,
    OrText,
    Tagged,
    Text,
)
from orchestrator.server.wire import WireError

TOOL = Tagged(
    {
        "plain": Object({"type": Field(Text(), required=True)}),
        "named": Object({"type": Field(Text(), required=True), "name": Field(Text(3), required=True)}),
    }
)
BODY = Object(
    {
        "model": Field(Text(8, 1, "[a-z]+"), required=True),
        "heat": Field(Number(0, 2)),
        "count": Field(Number(1, 50, whole=True)),
        "on": Field(Boolean(), default=True),
        "kind": Field(Choice(("a", "b", "c"))),
        "tools": Field(ListOf(TOOL, most=2, least=1), default=[]),
        "schema": Field(Free()),
        "format": Field(OrText(Choice(("auto",)), TOOL)),
        "metadata": Field(Metadata()),
    }
)


def test_defaults_are_filled_and_nulls_read_as_left_out():
    assert BODY.check({"model": "m", "heat": None, "on": None}, "") == {"model": "m", "on": True, "tools": []}


def test_defaults_are_never_shared():
    first, second = BODY.check({"model": "m"}, ""), BODY.check({"model": "m"}, "")
    first["tools"].append(1)
    assert second["tools"] == []


def test_in_a_patch_null_stays():
    patch = Object({"name": Field(Text())}, patch=True)
    assert patch.check({"name": None}, "") == {"name": None}
    assert patch.check({}, "") == {}


@pytest.mark.parametrize(
    ("body", "param", "code", "message"),
    [
        ({}, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
        ({"model": None}, "model", "invalid_type", "Invalid type for 'model': expected a value, but got null instead."),
        ({"x": 1, "model": "m"}, "x", "unknown_parameter", "Unknown parameter: 'x'."),
        ([], None, "invalid_type", "Invalid type for the request body: expected an object, but got an array instead."),
        ({"model": 1}, "model", "invalid_type", "Invalid type for 'model': expected a string, but got an integer"),
        ({"model": ""}, "model", "empty_string", "Invalid 'model': empty string."),
        ({"model": "M"}, "model", "invalid_value", "Invalid 'model': string does not match pattern."),
        (
            {"model": "m" * 9},
            "model",
            "string_above_max_length",
            "Invalid 'model': string too long. Expected a string with maximum length 8, "
            "but got a string with length 9 instead.",
        ),
        (
            {"heat": 2.1},
            "heat",
            "decimal_above_max_value",
            "Invalid 'heat': decimal above maximum value. Expected a value <= 2, but got 2.1 instead.",
        ),
        ({"heat": True}, "heat", "invalid_type", "Invalid type for 'heat': expected a decimal, but got a boolean"),
        ({"count": 1.5}, "count", "invalid_type", "Invalid type for 'count': expected an integer, but got a decimal"),
        ({"on": "yes"}, "on", "invalid_type", "Invalid type for 'on': expected a boolean, but got a string"),
        (
            {"kind": "d"},
            "kind",
            "invalid_value",
            "Invalid value: 'd'. Supported values are: 'a', 'b', and 'c'.",
        ),
        ({"kind": 1}, "kind", "invalid_type", "Invalid type for 'kind': expected one of 'a', 'b', or 'c'"),
        ({"tools": {}}, "tools", "invalid_type", "Invalid type for 'tools': expected an array, but got an object"),
        ({"tools": []}, "tools", "empty_array", "Invalid 'tools': empty array. Expected an array with minimum length"),
        (
            {"tools": [{"type": "plain"}] * 3},
            "tools",
            "array_above_max_length",
            "Invalid 'tools': array too long. Expected an array with maximum length 2, but got an array with length 3",
        ),
        (
            {"tools": [{"type": "plain"}, {"type": "x"}]},
            "tools[1].type",
            "invalid_value",
            "Invalid value: 'x'. Supported values are: 'plain' and 'named'.",
        ),
        ({"tools": [{}]}, "tools[0].type", "missing_required_parameter", "Missing required parameter: 'tools[0].type'"),
        (
            {"tools": [{"type": "named", "name": "long"}]},
            "tools[0].name",
            "string_above_max_length",
            "Invalid 'tools[0].name'",
        ),
        ({"schema": 1}, "schema", "invalid_type", "Invalid type for 'schema': expected an object"),
        ({"format": "json"}, "format", "invalid_value", "Invalid value: 'json'. Supported values are: 'auto'."),
        (
            {"metadata": {str(n): "" for n in range(17)}},
            "metadata",
            "object_above_max_properties",
            "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
            "but got an object with 17 properties instead.",
        ),
        ({"metadata": {"k" * 65: ""}}, "metadata", "string_above_max_length", "Invalid 'metadata': string too long."),
        ({"metadata": {"k": "v" * 513}}, "metadata.k", "string_above_max_length", "Invalid 'metadata.k': string too"),
        ({"metadata": {"k": 1}}, "metadata.k", "invalid_type", "Invalid type for 'metadata.k': expected a string"),
    ],
)
def test_what_is_wrong_is_named_as_openai_names_it(body, param, code, message):
    given = {"model": "m", **body} if body and isinstance(body, dict) else body
    with pytest.raises(WireError) as caught:
        BODY.check(given, "")
    assert caught.value.message.startswith(message)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)
