"""A resource as a flat map from path to value: the one shape in which specs and live objects are compared.

`model`, `tools.display_quiz.parameters`, `metadata.team`, `files["papers/a.pdf"]` are paths. A reference to another
resource is a value of its own, `Ref`, because its id may not exist yet. Values compare as parsed data, never as text.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.model.address import Address


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a resource of this project; its id is known after apply."""

    address: Address

    def __str__(self) -> str:
        return f"${{{self.address}}}"


Fields = Mapping[str, Any]
"""Path to value; a value is JSON data in which `Ref` may stand for an id."""


UNKNOWN_TOOL = "tools.unknown:"
"""How the path of a live tool begins that specs have no words for; a function's name has no colon."""
_UNKNOWN = (UNKNOWN_TOOL, "tool_resources.", "unknown.", "assistants.unknown.", "agents.unknown.", "responses.unknown.")
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_PLAIN = frozenset([str, int, float, bool, type(None)])


def is_unknown(path: str) -> bool:
    """Tell whether specs have no words for a live field: it is shown and kept, and never a difference."""
    return path.startswith(_UNKNOWN)


def references(value: Any) -> frozenset[Address]:
    """Give the addresses that a value, or a whole map of fields, refers to."""
    found: set[Address] = set()
    _collect((value,), found, {})
    return frozenset(found)


def _collect(values: Iterable[Any], found: set[Address], seen: dict[int, Any]) -> None:
    for value in values:
        # Nearly everything is plain, and files share what their entry says: a store may have very many.
        if type(value) in _PLAIN or id(value) in seen:
            continue
        seen[id(value)] = value  # held, so that its id stays its own
        if isinstance(value, Ref):
            found.add(value.address)
        elif isinstance(value, dict | Mapping):
            _collect(value.values(), found, seen)
        elif isinstance(value, list | tuple):
            _collect(value, found, seen)


def resolved(value: Any, ids: Mapping[Address, str]) -> Any:
    """Give `value` with ids in place of references; raises KeyError for one that has none."""
    match value:
        case Ref(address):
            return ids[address]
        case Mapping():
            return {key: resolved(item, ids) for key, item in value.items()}
        case list() | tuple():
            return [resolved(item, ids) for item in value]
        case _:
            return value


def as_json(value: Any) -> Any:
    """Give `value` as plain JSON data; a reference becomes `${kind.name}`."""
    match value:
        case Ref():
            return str(value)
        case Mapping():
            return {str(key): as_json(item) for key, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case _:
            return value


def canonical(value: Any) -> str:
    """Give the one text two equal values share: sorted keys, no spaces, whole floats as integers."""
    return _CANONICAL.encode(_plain(value))


def equal(left: Any, right: Any) -> bool:
    """Tell whether two values mean the same: `1` and `1.0` do, `1` and `true` do not."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return canonical(left) == canonical(right)


def digest(value: Any) -> bytes:
    """Give the SHA-256 of a value's canonical text (32 bytes)."""
    # Half a surrogate pair may come from a live API's JSON; it has to have a fingerprint too.
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).digest()


def _plain(value: Any) -> Any:
    """Give `as_json` with whole floats as integers, in one walk: a plan compares every field of every resource."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return {str(key): _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else as_json(value)


def file_path(label: str) -> str:
    """Give the field path of a store's file: `files["papers/a.pdf"]`; `label` is relative to the project, with `/`."""
    return f"files[{_CANONICAL.encode(label)}]"


def file_label(path: str) -> str | None:
    """Give the label inside a `files["…"]` path, or None where `path` is another field."""
    if not (path.startswith('files["') and path.endswith('"]')):
        return None
    if "\\" not in path and '"' not in path[len('files["') : -2]:
        return path[len('files["') : -2]  # nothing in it is escaped
    try:
        label: str = json.loads(path[len("files[") : -1])
    except ValueError:
        return None
    return label
