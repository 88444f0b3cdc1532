"""Checking a request body against a declared shape, with the hosted API's words for what is wrong.

A shape is a frozen value with `check(value, path) -> value`: it gives the value back with defaults filled in, or
raises WireError 400. `path` is how the API names a place: `tools[0].function.name`. Bodies are declared in
`bodies.py`; other modules may declare their own the same way:

    BODY = Object({"name": Field(Text(256)), "file_id": Field(Text(), required=True)})
    values = BODY.check(parse_json(data), "")
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from orchestrator.server.wire import WireError, check_range, invalid


class _Absent:
    """Marks a field without a default: left out of the body, it is left out of the result."""


ABSENT: Final = _Absent()


class Shape(Protocol):
    """What a value must look like."""

    def check(self, value: Any, path: str) -> Any:
        """Give the value with defaults filled in; raises WireError."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of an object. An optional field may also be null, which reads as its default."""

    shape: Shape
    required: bool = False
    default: Any = ABSENT


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `least`..`most` characters that matches `pattern` as a whole."""

    most: int | None = None
    least: int = 0
    pattern: str | None = None

    def check(self, value: Any, path: str) -> str:
        """See Shape."""
        if not isinstance(value, str):
            raise wrong_type(path, "a string", value)
        if len(value) < self.least:
            raise _too_small(path, "string", self.least)
        if self.most is not None and len(value) > self.most:
            raise _too_big(path, "string", self.most, len(value))
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise invalid(
                f"Invalid '{path}': string does not match pattern. "
                f"Expected a string that matches the pattern '{self.pattern}'.",
                param=path,
                code="invalid_value",
            )
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A number in `low`..`high`, whole if `whole`."""

    low: float | None = None
    high: float | None = None
    whole: bool = False

    def check(self, value: Any, path: str) -> float:
        """See Shape."""
        noun = "integer" if self.whole else "decimal"
        allowed = isinstance(value, int) or (isinstance(value, float) and not self.whole)
        if not allowed or isinstance(value, bool):
            raise wrong_type(path, f"{'an' if self.whole else 'a'} {noun}", value)
        check_range(path, value, low=self.low, high=self.high, noun=noun)
        number: float = value
        return number


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    def check(self, value: Any, path: str) -> bool:
        """See Shape."""
        if not isinstance(value, bool):
            raise wrong_type(path, "a boolean", value)
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these strings."""

    values: tuple[str, ...]

    def check(self, value: Any, path: str) -> str:
        """See Shape."""
        if not isinstance(value, str):
            raise wrong_type(path, f"one of {_series(self.values, 'or')}", value)
        if value not in self.values:
            raise _unsupported(value, self.values, path)
        return value


@dataclass(frozen=True, slots=True)
class Free:
    """Any JSON object: its inside is somebody else's language (a JSON Schema, a filter)."""

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        return as_object(value, path)


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array of `least`..`most` items of one shape."""

    item: Shape
    most: int | None = None
    least: int = 0

    def check(self, value: Any, path: str) -> list[Any]:
        """See Shape."""
        if not isinstance(value, list):
            raise wrong_type(path, "an array", value)
        if len(value) < self.least:
            raise _too_small(path, "array", self.least)
        if self.most is not None and len(value) > self.most:
            raise _too_big(path, "array", self.most, len(value))
        return [self.item.check(item, f"{path}[{index}]") for index, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class Object:
    """An object with these fields and no others.

    In a `patch` a null stays null, since it says something other than leaving the field out.
    """

    fields: Mapping[str, Field]
    patch: bool = False

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        given = as_object(value, path)
        checked: dict[str, Any] = {}
        for name, field in self.fields.items():
            place = f"{path}.{name}" if path else name
            if given.get(name) is not None:
                checked[name] = field.shape.check(given[name], place)
            elif field.required:
                if name in given:
                    raise wrong_type(place, "a value", None)
                raise invalid(f"Missing required parameter: '{place}'.", param=place, code="missing_required_parameter")
            elif field.default is not ABSENT:
                checked[name] = copy.copy(field.default)
            elif name in given and self.patch:
                checked[name] = None
        for name in given:
            if name not in self.fields:
                place = f"{path}.{name}" if path else name
                raise invalid(f"Unknown parameter: '{place}'.", param=place, code="unknown_parameter")
        return checked


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of several objects, told apart by their `tag` field, which the variants declare too."""

    variants: Mapping[str, Object]
    tag: str = "type"

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        given = as_object(value, path)
        place = f"{path}.{self.tag}" if path else self.tag
        if self.tag not in given:
            raise invalid(f"Missing required parameter: '{place}'.", param=place, code="missing_required_parameter")
        kind = Choice(tuple(self.variants)).check(given[self.tag], place)
        return self.variants[kind].check(given, path)


@dataclass(frozen=True, slots=True)
class OrText:
    """A string that passes `text`, or else the `other` shape."""

    text: Text | Choice
    other: Shape

    def check(self, value: Any, path: str) -> Any:
        """See Shape."""
        return (self.text if isinstance(value, str) else self.other).check(value, path)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Up to 16 pairs of strings; keys up to 64 characters, values up to 512."""

    def check(self, value: Any, path: str) -> dict[str, str]:
        """See Shape."""
        pairs = as_object(value, path)
        if len(pairs) > 16:
            raise invalid(
                f"Invalid '{path}': too many properties. Expected an object with at most 16 properties, "
                f"but got an object with {len(pairs)} properties instead.",
                param=path,
                code="object_above_max_properties",
            )
        for key, text in pairs.items():
            Text(64).check(key, path)
            Text(512).check(text, f"{path}.{key}")
        return pairs


def as_object(value: Any, path: str) -> dict[str, Any]:
    """Give the value if it is a JSON object; raises WireError."""
    if not isinstance(value, dict):
        raise wrong_type(path, "an object", value)
    return value


def wrong_type(path: str, expected: str, value: Any) -> WireError:
    """Make the 400 for a value of the wrong type; `expected` has its article."""
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array"}
    got = "null" if value is None else names.get(type(value), "an object")
    where = f"Invalid type for '{path}'" if path else "Invalid type for the request body"
    return invalid(f"{where}: expected {expected}, but got {got} instead.", param=path or None, code="invalid_type")


def _unsupported(value: str, values: tuple[str, ...], path: str) -> WireError:
    return invalid(
        f"Invalid value: '{value}'. Supported values are: {_series(values, 'and')}.", param=path, code="invalid_value"
    )


def _series(values: tuple[str, ...], last: str) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {last} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"


def _too_big(path: str, noun: str, most: int, size: int) -> WireError:
    article = "an" if noun == "array" else "a"
    return invalid(
        f"Invalid '{path}': {noun} too long. Expected {article} {noun} with maximum length {most}, "
        f"but got {article} {noun} with length {size} instead.",
        param=path,
        code=f"{noun}_above_max_length",
    )


def _too_small(path: str, noun: str, least: int) -> WireError:
    article = "an" if noun == "array" else "a"
    return invalid(
        f"Invalid '{path}': empty {noun}. Expected {article} {noun} with minimum length {least}, "
        f"but got an empty {noun} instead.",
        param=path,
        code=f"empty_{noun}",
    )
