"""What may stand where: the keys a kind knows at a place, for messages that speak of that place and no other."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from orchestrator.model.language import Spec
from orchestrator.spec.reader import Path_


class Form(NamedTuple):
    """One way to write a mapping."""

    keys: Mapping[str, str | None]
    """Every key it may have, with what the key is for."""
    required: tuple[str, ...]


def forms_at(kind: type[Spec], path: Path_) -> list[Form]:
    """Give the ways to write the mapping at a place in a document; none where no mapping belongs there."""
    root = _schema(kind)
    here = [root]
    for part in path:
        here = [below for schema in here for below in _step(root, schema, part)]
    return [_form(schema) for schema in here for schema in _expanded(root, schema) if schema.get("properties")]


@cache
def _schema(kind: type[Spec]) -> dict[str, Any]:
    return kind.model_json_schema()


def _form(schema: dict[str, Any]) -> Form:
    keys = {key: below.get("description") for key, below in schema["properties"].items()}
    return Form(keys, tuple(schema.get("required", ())))


def _expanded(root: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the schemas of which a value follows one: `$ref` followed, unions taken apart."""
    branches = schema.get("anyOf") or schema.get("oneOf")
    if "$ref" in schema:
        yield from _expanded(root, root["$defs"][schema["$ref"].rpartition("/")[2]])
    elif branches:
        for branch in branches:
            yield from _expanded(root, branch)
    else:
        yield schema


def _step(root: dict[str, Any], schema: dict[str, Any], part: object) -> Iterator[dict[str, Any]]:
    for each in _expanded(root, schema):
        if isinstance(part, int):
            below = [each.get("items")]
        elif part in each.get("properties", {}):
            below = [each["properties"][part]]
        else:
            below = [each.get("additionalProperties"), *each.get("patternProperties", {}).values()]
        yield from (one for one in below if isinstance(one, dict))
