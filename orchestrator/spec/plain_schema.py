"""The part of JSON Schema that nearly every function uses, known without a library.

A schema of this part is certainly valid JSON Schema (2020-12), at a hundredth of the cost of asking the metaschema;
any other may be right or wrong, and the metaschema decides and says why.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.spec.reader import Path_

_TYPES = frozenset(["array", "boolean", "integer", "null", "number", "object", "string"])
_ONE = frozenset(["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"])
_LISTS = frozenset(["anyOf", "allOf", "oneOf", "prefixItems"])
_NAMED = frozenset(["properties", "$defs", "definitions", "patternProperties", "dependentSchemas"])


def subschemas(schema: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    """Give a schema and every schema within it, each with its path; what is an example or a value is not one."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for key, value in schema.items():
        if key in _ONE:
            yield from subschemas(value, (*path, key))
        elif key in _LISTS and isinstance(value, list):
            for index, item in enumerate(value):
                yield from subschemas(item, (*path, key, index))
        elif key in _NAMED and isinstance(value, Mapping):
            for name, item in value.items():
                yield from subschemas(item, (*path, key, name))


def is_plain(schema: Any) -> bool:
    """Tell whether a schema is made of common keywords only, each with a value of the right form."""
    if isinstance(schema, bool):
        return True
    return isinstance(schema, Mapping) and all(_is_plain_keyword(key, value) for key, value in schema.items())


def _is_plain_keyword(key: str, value: Any) -> bool:
    if key in ("items", "additionalProperties"):
        return is_plain(value)
    if key in ("properties", "$defs"):
        return isinstance(value, Mapping) and all(is_plain(item) for item in value.values())
    if key in ("anyOf", "oneOf", "allOf"):
        return isinstance(value, list) and value != [] and all(is_plain(item) for item in value)
    check = _VALUES.get(key)
    return check is not None and check(value)


def _is_type(value: Any) -> bool:
    if isinstance(value, list):
        return value != [] and _are_names(value) and _TYPES.issuperset(value)
    return isinstance(value, str) and value in _TYPES


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_VALUES: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "required": _are_names,
    **dict.fromkeys(("$ref", "title", "format", "pattern"), _is_text),
    "description": _is_text,
    "default": lambda value: True,
    "const": lambda value: True,
    "enum": lambda value: isinstance(value, list),
    "examples": lambda value: isinstance(value, list),
    "minimum": _is_number,
    "maximum": _is_number,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
}
