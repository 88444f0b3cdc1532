"""JSON Schema, out and in: schemas of the language for editors, and judgement of what authors write as JSON Schema.

The only home of `jsonschema`. Strict mode's rules are those of structured outputs (API facts 3.1, OpenAI's guide
"Structured outputs"): every object closed, every property required.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from orchestrator.spec.reader import Path_
from orchestrator.spec.shape import KINDS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def kind_schema(kind: str) -> dict[str, Any]:
    """Give the JSON Schema of a kind, for editors."""
    model = KINDS[kind]
    schema = model.model_json_schema()
    required = [*schema.get("required", []), *(["kind"] if "kind" not in schema.get("required", []) else [])]
    return {"$schema": _DIALECT, **schema, "title": kind, "required": required}


def schema_text(kind: str) -> str:
    """Give a kind's schema as it is written to `schemas/`."""
    return json.dumps(kind_schema(kind), indent=2, ensure_ascii=False) + "\n"


def schema_file(kind: str) -> str:
    """Give the file name of a kind's schema: `vector-store.schema.json`."""
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("-")
    return f"{words}.schema.json"


class Problem(NamedTuple):
    """What is wrong in an author's JSON Schema."""

    path: Path_
    """Keys and indexes from the schema's root."""
    message: str
    hint: str | None


def check_parameters(parameters: Mapping[str, Any], strict: bool) -> list[Problem]:
    """Check a function's `parameters`: valid JSON Schema of an object, and closed everywhere where `strict`."""
    found = [
        _as_problem(error) for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(parameters)
    ]
    if found:
        return sorted(found, key=str)
    if parameters.get("type") != "object":
        return [Problem((), "parameters must have type: object", "arguments are a JSON object: type: object")]
    found = list(_dangling(parameters, parameters, ()))
    return found + (list(_not_strict(parameters, ())) if strict else [])


def _as_problem(error: Any) -> Problem:
    message = error.message if len(error.message) <= 120 else error.message[:117] + "..."
    hint = None
    if error.validator == "anyOf" and error.absolute_path and error.absolute_path[-1] == "type":
        message = f"{error.instance!r} is no JSON Schema type"
        hint = "write array, boolean, integer, null, number, object or string"
    return Problem(tuple(error.absolute_path), f"not valid JSON Schema: {message}", hint)


def _dangling(schema: Any, root: Mapping[str, Any], path: Path_) -> Iterator[Problem]:
    if isinstance(schema, Mapping):
        reference = schema.get("$ref")
        if isinstance(reference, str) and not _resolves(reference, root):
            hint = "refer to a definition in this schema: #/$defs/NAME"
            yield Problem((*path, "$ref"), f"{reference!r} refers to nothing", hint)
        for key, item in schema.items():
            if key not in ("enum", "const", "default", "examples"):
                yield from _dangling(item, root, (*path, key))
    elif isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _dangling(item, root, (*path, index))


def _resolves(reference: str, root: Any) -> bool:
    if not reference.startswith("#"):
        return False
    here = root
    for part in reference[1:].split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(here, Mapping) or name not in here:
            return False
        here = here[name]
    return True


def _not_strict(schema: Any, path: Path_) -> Iterator[Problem]:
    if not isinstance(schema, Mapping):
        return
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            hint = "add additionalProperties: false"
            yield Problem(path, "with strict: true every object is closed", hint)
        missing = sorted(set(properties) - set(schema.get("required", [])))
        if missing:
            hint = "list it in required; make it optional with type: [..., 'null']"
            yield Problem(path, f"with strict: true every property is required: {', '.join(missing)}", hint)
    for key in ("properties", "$defs"):
        for name, item in schema.get(key, {}).items():
            yield from _not_strict(item, (*path, key, name))
    yield from _not_strict(schema.get("items"), (*path, "items"))
    for index, item in enumerate(schema.get("anyOf", [])):
        yield from _not_strict(item, (*path, "anyOf", index))


def first_error(schema: Mapping[str, Any], value: Any) -> str | None:
    """Say why `value` does not follow a schema, or None where it does; raises SchemaError for no schema."""
    Draft202012Validator.check_schema(schema)
    error = next(iter(Draft202012Validator(schema).iter_errors(value)), None)
    return None if error is None else f"{error.json_path}: {error.message}"


__all__ = ["Problem", "SchemaError", "check_parameters", "first_error", "kind_schema", "schema_file", "schema_text"]
