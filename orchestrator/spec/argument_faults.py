"""Values that a spec gives for arguments of a function, held against the function's own `parameters`.

What is told can only be a slip: a name the function does not have, a value of another type, a word that is not among
those listed. Limits (`minimum`, `maxLength`, `pattern`) are not told: a scenario may be about the very value that lies
beyond them. Where a schema is put together of others in ways not followed here, nothing is told.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from orchestrator.diagnostics import did_you_mean
from orchestrator.spec.reader import Path_
from orchestrator.spec.schema import Problem, resolve

_OPEN = frozenset(["allOf", "anyOf", "oneOf", "patternProperties", "if", "$ref", "$dynamicRef"])
"""Keywords beside `properties` that may let other names in."""
_WORDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


class Signature(NamedTuple):
    """A function as its callers see it."""

    name: str
    parameters: Mapping[str, Any]
    """JSON Schema of an object."""
    strict: bool = False
    """Whether every call follows the schema."""

    def find_unknown(self, names: Collection[str], at: Path_) -> Iterator[Problem]:
        """Say which of these names, keys of the mapping at `at`, no argument has."""
        for name in names:
            yield from (_at(problem, at) for problem in _unknown(self.name, self.parameters, (), name))

    def find_faults(self, values: Mapping[str, Any], at: Path_, whole: bool) -> Iterator[Problem]:
        """Say what is wrong with values for its arguments, which stand at `at`; `whole`: they are all there are."""
        judge = _Judge(self.name, self.parameters, whole and self.strict)
        yield from (_at(problem, at) for problem in judge.faults(self.parameters, values, ()))


class _Judge(NamedTuple):
    """Judges values within one call of a function; paths are from its arguments."""

    function: str
    root: Mapping[str, Any]
    whole: bool
    """Whether what is required has to be there."""

    def faults(self, schema: Any, value: Any, at: Path_, seen: frozenset[int] = frozenset()) -> Iterator[Problem]:
        """Say what is wrong with a value; `seen` are schemas it is being judged by: they may go round in a circle."""
        if not isinstance(schema, Mapping) or id(schema) in seen:
            return
        seen |= {id(schema)}
        if problem := _wrong_type(self.function, schema, value, at) or _wrong_word(self.function, schema, value, at):
            yield problem
            return
        if isinstance(schema.get("$ref"), str):
            yield from self.faults(resolve(schema["$ref"], self.root), value, at, seen)
        for branch in _list(schema, "allOf"):
            yield from self.faults(branch, value, at, seen)
        for key in ("anyOf", "oneOf"):
            yield from self._in_branches(_list(schema, key), value, at, seen)
        if isinstance(value, Mapping):
            yield from self._in_mapping(schema, value, at)
        elif isinstance(value, list) and "prefixItems" not in schema:
            for index, item in enumerate(value):
                yield from self.faults(schema.get("items"), item, (*at, index))

    def _in_branches(self, branches: list[Any], value: Any, at: Path_, seen: frozenset[int]) -> Iterator[Problem]:
        """Tell what is wrong by the only branch that is not null; of several nobody knows which one is meant."""
        found = [list(self.faults(branch, value, at, seen)) for branch in branches]
        if not found or not all(found):
            return
        meant = [faults for branch, faults in zip(branches, found, strict=True) if branch != {"type": "null"}]
        if len(meant) == 1:
            yield from meant[0]
        else:
            yield Problem(at, f"{_subject(self.function, at)} cannot be {_short(value)}", "see its `parameters`")

    def _in_mapping(self, schema: Mapping[str, Any], value: Mapping[str, Any], at: Path_) -> Iterator[Problem]:
        properties = schema.get("properties")
        for name, item in value.items():
            yield from _unknown(self.function, schema, at, name)
            if isinstance(properties, Mapping) and name in properties:
                yield from self.faults(properties[name], item, (*at, name))
        missing = [str(name) for name in _list(schema, "required") if name not in value] if self.whole else []
        if missing:
            message = f"every call of `{self.function}` has {', '.join(_shown((*at, name)) for name in missing)}"
            yield Problem(at, message, "add it, or write `arguments:` for a part of them")


def _at(problem: Problem, at: Path_) -> Problem:
    return problem._replace(path=(*at, *problem.path))


def _unknown(function: str, schema: Mapping[str, Any], at: Path_, name: str) -> Iterator[Problem]:
    """Say that a mapping has no such key; nothing where its schema may know more keys than it lists."""
    properties = schema.get("properties")
    closed = schema.get("additionalProperties", False) is False and not _OPEN.intersection(schema)
    if not closed or not isinstance(properties, Mapping) or name in properties:
        return
    known = f"it has: {', '.join(properties)}" if properties else "it has none"
    hint = did_you_mean(name, properties) or known
    yield Problem((*at, name), f"function `{function}` has no argument `{_shown((*at, name))}`", hint, of_key=True)


def _wrong_type(function: str, schema: Mapping[str, Any], value: Any, at: Path_) -> Problem | None:
    declared = schema.get("type")
    types = declared if isinstance(declared, list) else [declared]
    if declared is None or any(_is(value, each) for each in types):
        return None
    words = " or ".join(dict.fromkeys(_WORDS.get(str(each), str(each)) for each in types))
    hint = None
    if isinstance(value, str) and {"integer", "number", "boolean"}.intersection(types):
        hint = "write it without quotes"
    elif isinstance(value, bool | int | float) and "string" in types:
        hint = f"quote it: {json.dumps(json.dumps(value))}"
    return Problem(at, f"{_subject(function, at)} must be {words}, not {_short(value)}", hint)


def _wrong_word(function: str, schema: Mapping[str, Any], value: Any, at: Path_) -> Problem | None:
    words = [schema["const"]] if "const" in schema else _list(schema, "enum")
    if not words or any(value == word and isinstance(value, bool) is isinstance(word, bool) for word in words):
        return None
    meant = did_you_mean(value, [word for word in words if isinstance(word, str)]) if isinstance(value, str) else None
    hint = meant or f"one of: {', '.join(map(_short, words))}"
    return Problem(at, f"{_subject(function, at)} cannot be {_short(value)}", hint)


def _is(value: Any, type_: Any) -> bool:
    match type_:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, Mapping)
        case "null":
            return value is None
        case _:
            return True


def _list(schema: Mapping[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _subject(function: str, at: Path_) -> str:
    return f"`{_shown(at)}` of function `{function}`" if at else f"the arguments of function `{function}`"


def _shown(path: Sequence[object]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
