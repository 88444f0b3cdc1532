"""JSON Schema, out and in: schemas of the language for editors, and judgement of what authors write as JSON Schema.

The only home of `jsonschema`, which is loaded only to say what is wrong. Strict
mode's rules are those of structured outputs (API facts 3.1, OpenAI's guide
"Structured outputs"): every object closed, every property required.
"""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from orchestrator.spec.plain_schema import is_plain, subschemas
from orchestrator.spec.reader import Path_
from orchestrator.spec.shape import KINDS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES_HINT = "write array, boolean, integer, null, number, object or string"


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


def check_parameters(parameters: Mapping[str, Any], strict: bool, called: str = "parameters") -> list[Problem]:
    """Check a function's `parameters`: valid JSON Schema of an object, and closed everywhere where `strict`.

    `called` is what messages call it, so that the schema of a structured reply is checked the same way.
    """
    if wrong := _malformed(parameters):
        return wrong
    if parameters.get("type") != "object":
        message = f"{called} must have type: object"
        return [
            Problem(("type",) if "type" in parameters else (), message, "what goes in is a JSON object: type: object")
        ]
    found = list(_dangling(parameters))
    return found + (list(_not_strict(parameters)) if strict else [])


def check_schema(schema: Mapping[str, Any]) -> list[Problem]:
    """Check a schema that values are judged by here: valid JSON Schema whose references and patterns work."""
    return _malformed(schema) or [*_dangling(schema), *_not_patterns(schema)]


def find_faults(schema: Mapping[str, Any], value: Any, most: int = 5) -> list[str]:
    """Say where a value does not follow a schema that `check_schema` found nothing wrong with; at most so many places.

    Each is `PATH: what is wrong`; the path is left out where it is the whole value.
    """
    errors = sorted(_validator()(schema).iter_errors(value), key=lambda error: [str(part) for part in error.path])
    places = [(str(error.json_path).removeprefix("$").removeprefix("."), error) for error in errors[:most]]
    return [f"{place}: {_brief(error.message)}" if place else _brief(error.message) for place, error in places]


def _malformed(schema: Mapping[str, Any]) -> list[Problem]:
    if is_plain(schema):
        return []
    # Each vocabulary of the metaschema says the same of what is no schema at all.
    wrong = {_as_problem(error) for error in _metaschema().iter_errors(schema)}
    return sorted(wrong, key=lambda problem: ([str(part) for part in problem.path], problem.message))


@cache
def _metaschema() -> Any:
    return _validator()(_validator().META_SCHEMA)


def _validator() -> Any:
    # Imported only where it is needed: it takes as long as all the rest of this package.
    return importlib.import_module("jsonschema").Draft202012Validator


def _as_problem(error: Any) -> Problem:
    path: Path_ = tuple(error.absolute_path)
    given = _short(error.instance)
    match error.validator:
        case "anyOf" if path and path[-1] == "type":
            return Problem(path, f"not valid JSON Schema: {given} is no type", _TYPES_HINT)
        case "type" if "boolean" in error.validator_value and "object" in error.validator_value:
            hint = "write {type: string}" if isinstance(error.instance, str) else None
            return Problem(path, f"not valid JSON Schema: {given} is no schema", hint)
        case "type" if path and path[-1] == "required":
            return Problem(path, f"not valid JSON Schema: {given} is no list of names", "required: [NAME, ...]")
        case "type":
            wanted = (
                error.validator_value if isinstance(error.validator_value, str) else "/".join(error.validator_value)
            )
            return Problem(path, f"not valid JSON Schema: {given} is no {wanted}", None)
    return Problem(path, f"not valid JSON Schema: {_brief(error.message)}", None)


def _brief(message: str) -> str:
    return message if len(message) <= 120 else f"{message[:117]}..."


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _dangling(root: Mapping[str, Any]) -> Iterator[Problem]:
    for path, schema in subschemas(root):
        reference = schema.get("$ref")
        if isinstance(reference, str) and not _resolves(reference, root):
            hint = "refer to a definition in this schema: #/$defs/NAME"
            yield Problem((*path, "$ref"), f"{reference!r} refers to nothing", hint)


def _not_patterns(root: Mapping[str, Any]) -> Iterator[Problem]:
    """JSON Schema's own patterns are those of JavaScript; values are judged with Python's, which know less."""
    for path, schema in subschemas(root):
        written: list[tuple[Path_, str]] = [((*path, "pattern"), schema["pattern"])] if "pattern" in schema else []
        written += [((*path, "patternProperties", key), key) for key in schema.get("patternProperties", {})]
        for place, pattern in written:
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                yield Problem(place, f"not a regular expression: {error}", "write it for Python's re")


def _resolves(reference: str, root: Any) -> bool:
    start, *parts = unquote(reference).split("/")
    if start != "#":
        return False
    here = root
    for part in parts:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, Mapping) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return False
    return isinstance(here, Mapping | bool)


def _not_strict(root: Mapping[str, Any]) -> Iterator[Problem]:
    for path, schema in subschemas(root):
        declared = schema.get("type")
        types = declared if isinstance(declared, list) else [declared]
        if "object" not in types and "properties" not in schema:
            continue
        if schema.get("additionalProperties") is not False:
            yield Problem(path, "with strict: true every object is closed", "add additionalProperties: false")
        missing = sorted(set(schema.get("properties", {})) - set(schema.get("required", [])))
        if missing:
            hint = "list it in required; make it optional with type: [..., 'null']"
            yield Problem(path, f"with strict: true every property is required: {', '.join(missing)}", hint)
