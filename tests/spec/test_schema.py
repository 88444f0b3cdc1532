"""JSON Schema out (the kinds, for editors) and in (what authors write as function parameters)."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from orchestrator.spec.plain_schema import is_plain, subschemas
from orchestrator.spec.reader import read_documents
from orchestrator.spec.schema import check_parameters, kind_schema, schema_file, schema_text
from orchestrator.spec.shape import KINDS

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kinds_schema_is_valid_and_asks_for_the_kind(kind):
    schema = kind_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == kind
    assert "kind" in schema["required"]


def test_the_schemas_folder_is_what_the_models_say():
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").iterdir()}
    assert written == {schema_file(kind): schema_text(kind) for kind in KINDS}, "run `orch schema --write schemas/`"


@pytest.mark.parametrize(("kind", "name"), [("VectorStore", "vector-store"), ("Project", "project")])
def test_a_schemas_file_name(kind, name):
    assert schema_file(kind) == f"{name}.schema.json"


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.name)
def test_a_shipped_spec_follows_the_schema_its_first_line_names(spec):
    modeline, _, name = spec.read_text(encoding="utf-8").partition("\n")[0].partition("$schema=")
    assert modeline == "# yaml-language-server: "
    schema_path = (spec.parent / name).resolve()
    assert schema_path.is_file()
    for document in read_documents(spec, spec.name).documents:
        assert schema_path.name == schema_file(document.data["kind"])
        validator = Draft202012Validator(json.loads(schema_path.read_text(encoding="utf-8")))
        assert [error.message for error in validator.iter_errors(document.data)] == []


@pytest.mark.parametrize("name", ["", "kind: Assistant\nname: a\nmodel: m\nmodle: n\n", "kind: Assistant\nname: a\n"])
def test_a_schema_refuses_what_the_language_refuses(tmp_path, name):
    (tmp_path / "a.yaml").write_text(name)
    validator = Draft202012Validator(kind_schema("Assistant"))
    documents = read_documents(tmp_path / "a.yaml", "a.yaml").documents
    assert all(not validator.is_valid(document.data) for document in documents)
    assert bool(documents) == bool(name)


NAMES_HINT = "write array, boolean, integer, null, number, object or string"
REF_HINT = "refer to a definition in this schema: #/$defs/NAME"
CLOSED = {"additionalProperties": False}


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("parameters", "path", "message", "hint"),
    [
        ({}, (), "parameters must have type: object", "what goes in is a JSON object: type: object"),
        ({"type": "array"}, ("type",), "parameters must have type: object", "what goes in is"),
        ({"type": "objct"}, ("type",), 'not valid JSON Schema: "objct" is no type', NAMES_HINT),
        (
            object_of(a={"type": "str"}),
            ("properties", "a", "type"),
            'not valid JSON Schema: "str" is no type',
            NAMES_HINT,
        ),
        (
            object_of(a="string"),
            ("properties", "a"),
            'not valid JSON Schema: "string" is no schema',
            "write {type: string}",
        ),
        (object_of(a=["x"]), ("properties", "a"), 'not valid JSON Schema: ["x"] is no schema', None),
        ({"type": "object", "properties": []}, ("properties",), "not valid JSON Schema: [] is no object", None),
        (
            {"type": "object", "required": True},
            ("required",),
            "not valid JSON Schema: true is no list of names",
            "required: [",
        ),
        ({"type": "object", "required": [1]}, ("required", 0), "not valid JSON Schema: 1 is no string", None),
        (object_of(a={"enum": "x"}), ("properties", "a", "enum"), 'not valid JSON Schema: "x" is no array', None),
        (
            object_of(a={"minLength": -1}),
            ("properties", "a", "minLength"),
            "not valid JSON Schema: -1 is less than",
            None,
        ),
        (
            object_of(a={"anyOf": []}),
            ("properties", "a", "anyOf"),
            "not valid JSON Schema: [] should be non-empty",
            None,
        ),
        (object_of(a={"$ref": "#/$defs/x"}), ("properties", "a", "$ref"), "'#/$defs/x' refers to nothing", REF_HINT),
        (object_of(a={"$ref": "#anchor"}), ("properties", "a", "$ref"), "'#anchor' refers to nothing", REF_HINT),
        (object_of(a={"$ref": "other.json"}), ("properties", "a", "$ref"), "'other.json' refers to nothing", REF_HINT),
        (object_of(a={"$ref": "#/type"}), ("properties", "a", "$ref"), "'#/type' refers to nothing", REF_HINT),
    ],
)
def test_parameters_that_are_no_schema(parameters, path, message, hint):
    (problem,) = check_parameters(parameters, strict=False)
    assert problem.path == path
    assert problem.message.startswith(message)
    assert str(problem.hint).startswith(str(hint))


def test_all_problems_are_given_at_once_and_in_order():
    found = check_parameters(object_of(b={"type": "x"}, a={"type": "y"}, c={"minimum": "0"}), strict=True)
    assert [problem.path[1] for problem in found] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "object"},
        object_of(a={"type": ["string", "null"], "enum": ["x", None]}, b=True),
        {**object_of(a={"$ref": "#/$defs/x~1y"}), "$defs": {"x/y": {"type": "string"}}},
        {**object_of(a={"$ref": "#/$defs/a%20b"}), "$defs": {"a b": {"type": "string"}}},
        object_of(a={"$ref": "#"}, b={"anyOf": [{"type": "string"}, {"$ref": "#/properties/b/anyOf/0"}]}),
        object_of(**{"$ref": {"type": "string"}, "required": {"type": "string"}}),
        object_of(a={"type": "object", "default": {"$ref": "#/nowhere"}, "examples": [{"$ref": "x"}]}),
        object_of(a={"type": "string", "pattern": "^a", "minLength": 1, "if": {"const": "a"}, "then": {}}),
    ],
)
def test_parameters_that_are_right(parameters):
    assert check_parameters(parameters, strict=False) == []


def test_the_schema_of_a_reply_is_checked_under_its_own_name():
    assert check_parameters({}, strict=False, called="schema")[0].message == "schema must have type: object"


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({**object_of(a={"type": "string"}), **CLOSED, "required": ["a"]}, []),
        ({"type": "object", **CLOSED}, []),
        (object_of(), [((), "closed")]),
        ({**object_of(b={}, a={}), **CLOSED}, [((), "required: a, b")]),
        ({**object_of(a={}), "additionalProperties": True}, [((), "closed"), ((), "required: a")]),
        (
            {**object_of(a={"type": ["object", "null"]}), **CLOSED, "required": ["a"]},
            [(("properties", "a"), "closed")],
        ),
        (
            {**object_of(a={"type": "array", "items": object_of()}), **CLOSED, "required": ["a"]},
            [(("properties", "a", "items"), "closed")],
        ),
        (
            {**object_of(a={"anyOf": [{"type": "null"}, object_of()]}), **CLOSED, "required": ["a"]},
            [(("properties", "a", "anyOf", 1), "closed")],
        ),
        ({"type": "object", **CLOSED, "$defs": {"x": object_of()}}, [(("$defs", "x"), "closed")]),
    ],
)
def test_strict_means_closed_and_all_required(parameters, found):
    problems = check_parameters(parameters, strict=True)
    assert [problem.path for problem in problems] == [path for path, _ in found]
    assert all(end in problem.message for problem, (_, end) in zip(problems, found, strict=True))
    assert all(problem.hint for problem in problems)
    assert check_parameters(parameters, strict=False) == []


def test_subschemas_have_their_paths():
    schema = {"properties": {"a": {"items": {"x": 1}}}, "anyOf": [{}, True], "const": {"properties": {"b": {}}}}
    assert [path for path, _ in subschemas(schema)] == [
        (),
        ("properties", "a"),
        ("properties", "a", "items"),
        ("anyOf", 0),
    ]


_KEYWORDS = "type properties items required enum const default anyOf $ref $defs additionalProperties minimum minLength"
_SCHEMAS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from(["string", "object", "a", "", 1.5, float("1e300")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*_KEYWORDS.split(), "title", "pattern", "examples", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)


@settings(max_examples=500, deadline=None)
@given(schema=_SCHEMAS)
def test_a_plain_schema_is_always_a_valid_one(schema):
    if is_plain(schema):
        assert _META.is_valid(schema)


@settings(max_examples=300, deadline=None)
@given(schema=st.dictionaries(st.sampled_from(_KEYWORDS.split()), _SCHEMAS, max_size=5), strict=st.booleans())
def test_any_parameters_are_judged(schema, strict):
    valid = _META.is_valid(schema) and schema.get("type") == "object"
    if not valid:
        assert check_parameters(schema, strict) != []
    else:
        assert all("JSON Schema" not in problem.message for problem in check_parameters(schema, strict))


def test_two_hundred_functions_are_checked_at_once():
    properties = {f"p{n}": {"type": "string", "description": "x", "enum": ["a", "b"]} for n in range(10)}
    begin = time.perf_counter()
    for number in range(200):
        assert check_parameters({**object_of(**properties), "description": str(number)}, strict=False) == []
    assert time.perf_counter() - begin < 0.2  # asking the metaschema takes more than half a second


def test_a_project_without_faults_never_loads_the_validator():
    code = (
        "import sys; from orchestrator.spec import loader, schema;"
        "schema.check_parameters({'type': 'object'}, True); sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
