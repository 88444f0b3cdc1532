"""Whether a function's new schema refuses calls that the old one took: then whoever answers the calls must know.

Two JSON Schemas are compared the way they are used for arguments: what was allowed and is no longer. A parameter
that is gone counts, though an open object would still let it through: nobody reads it any more. Pure, and careful
rather than complete: what is not understood (`not`, `if`, a reference outside of the schema) is not called breaking.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from orchestrator.diagnostics import counted
from orchestrator.model.fields import canonical, equal
from orchestrator.reconcile.plan import FieldChange

MAX_DEPTH = 32
"""Levels compared; a schema that refers to itself has no end."""
SIZES = ("minLength", "minItems", "minProperties")
"""Limits that are 0 where they are not given."""
LOWER = ("minimum", "exclusiveMinimum", *SIZES)
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class _Pair(NamedTuple):
    """An old and a new schema, and the whole schemas their references point into."""

    old: Any
    new: Any
    old_root: Any
    new_root: Any

    def at(self, old: Any, new: Any) -> "_Pair":
        return _Pair(_followed(old, self.old_root), _followed(new, self.new_root), self.old_root, self.new_root)


def breaking(field: FieldChange) -> tuple[str, ...]:
    """Give the reasons why a change of a function's parameters breaks its callers; none for any other field."""
    parts = field.path.split(".")
    if len(parts) != 3 or parts[0] != "tools" or parts[2] != "parameters":
        return ()
    if not isinstance(field.old, Mapping) or not isinstance(field.new, Mapping):
        return ()
    pair = _Pair(field.old, field.new, field.old, field.new)
    return tuple(dict.fromkeys(_compare(pair.at(field.old, field.new), "", 0)))


def _compare(pair: _Pair, at: str, depth: int) -> Iterator[str]:
    old, new = pair.old, pair.new
    if new is False and old is not False:
        yield f"{_named(at)} takes no value any more"
    if old is True:
        old = {}
    if depth > MAX_DEPTH or not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return
    yield from _values(old, new, at)
    yield from _limits(old, new, at)
    yield from _properties(pair._replace(old=old), at, depth)
    if "items" in new:
        yield from _compare(pair.at(old.get("items", True), new["items"]), f"{at}[]", depth + 1)
    for word in ("anyOf", "oneOf"):
        before, now = old.get(word), new.get(word)
        if isinstance(before, list) and isinstance(now, list):
            kept = {canonical(item) for item in now}
            gone = sum(canonical(item) not in kept for item in before)
            if gone and len(now) <= len(before):
                yield f"{_named(at)} has {counted(gone, 'form')} less or changed under {word}"


def _values(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[str]:
    """Compare types and listed values."""
    before, now = _types(old), _types(new)
    if now is not None and (before is None or not _covered(before, now)):
        gone = "anything" if before is None else ", ".join(sorted(before))
        if before is not None or not _lists(old):
            yield f"{_named(at)} was {gone}, is {', '.join(sorted(now))} only"
    listed, allowed = _lists(old), _lists(new)
    if allowed is None:
        return
    if listed is None:
        yield f"{_named(at)} takes listed values only"
        return
    gone_values = [item for item in listed if not any(equal(item, other) for other in allowed)]
    if gone_values:
        yield f"{_named(at)} does not take {', '.join(map(canonical, gone_values))} any more"


def _limits(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[str]:
    for word in (*LOWER, *UPPER):
        before, now = old.get(word, 0 if word in SIZES else None), new.get(word)
        if not _number(now):
            continue
        if not _number(before) or (now > before if word in LOWER else now < before):
            yield f"{_named(at)} has a tighter limit: {word} {now}"
    for word in ("pattern", "format", "multipleOf"):
        if word in new and not equal(old.get(word), new[word]):
            yield f"{_named(at)} has another {word}: {canonical(new[word])}"
    if new.get("uniqueItems") is True and old.get("uniqueItems") is not True:
        yield f"{_named(at)} takes no value twice"


def _properties(pair: _Pair, at: str, depth: int) -> Iterator[str]:
    old, new = pair.old, pair.new
    before, now = _mapping(old.get("properties")), _mapping(new.get("properties"))
    for name in before:
        if name not in now:
            yield f"parameter {_below(at, name)} is gone"
    needed = set(_texts(old.get("required")))
    for name in _texts(new.get("required")):
        if name not in needed:
            yield f"parameter {_below(at, name)} is required now"
    if old.get("additionalProperties") is not False and new.get("additionalProperties") is False:
        yield f"{_named(at)} takes no further parameters (additionalProperties: false)"
    for name, schema in before.items():
        if name in now:
            yield from _compare(pair.at(schema, now[name]), _below(at, name), depth + 1)


def _types(schema: Mapping[str, Any]) -> frozenset[str] | None:
    given = schema.get("type")
    names = [given] if isinstance(given, str) else _texts(given)
    return frozenset(names) or None


def _covered(before: frozenset[str], now: frozenset[str]) -> bool:
    return all(name in now or (name == "integer" and "number" in now) for name in before)


def _lists(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    given = schema.get("enum")
    return given if isinstance(given, list) else None


def _followed(schema: Any, root: Any) -> Any:
    """Give what a local reference (`#/$defs/x`) points at; a schema that is none, or leads nowhere, as it is."""
    for _ in range(MAX_DEPTH):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            return schema
        found = root
        for part in [part for part in reference[1:].split("/") if part]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                return schema
            found = found[name]
        schema = found
    return schema


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _named(at: str) -> str:
    return f"parameter {at}" if at else "the call"
