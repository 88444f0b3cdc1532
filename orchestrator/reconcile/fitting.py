"""What a target makes of declared resources, field by field: carried as it is, changed, refused, or not seen. Pure.

Nothing is known here of any target: `refusals` says what it refuses, its capabilities what it keeps less of and what it
fills in, the path of a field whether it is of another wire alone.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Fields, as_json, equal
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Capabilities
from orchestrator.reconcile.refusals import WHOLE, refused

LONGEST = 40
"""Characters of a value in a message."""
_TOOLS = "tools."


class Fate(StrEnum):
    """What becomes of a field on a target."""

    CARRIED = "carried"
    CHANGED = "changed"
    REFUSED = "refused"
    UNSEEN = "unseen"
    """Of another wire alone: this target is not told."""


@dataclass(frozen=True, slots=True)
class FieldFate:
    """One declared field on one target."""

    address: Address
    path: str
    fate: Fate
    diagnostic: Diagnostic
    """Where it is written; what becomes of it, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What one target makes of all resources."""

    target: str
    fields: tuple[FieldFate, ...]
    filled_in: Fields
    """What it fills in of assistants where nothing is declared, and the source did not."""
    not_filled_in: Fields
    """What the source filled in and this target does not: its own choice holds."""

    def count(self, fate: Fate) -> int:
        """Give how many fields have this fate."""
        return sum(item.fate is fate for item in self.fields)


def fit(
    resources: Sequence[Resource],
    capabilities: Capabilities,
    target: str,
    wires: Collection[str],
    source: Mapping[Kind, Fields],
) -> Fit:
    """Tell what `target` makes of the resources; a field under another name of `wires` is not for it.

    `source` is what the API they come from filled in.
    """
    fields = tuple(item for resource in resources for item in _fates(resource, capabilities, target, wires))
    taken = {(item.address, item.path) for item in fields if item.fate is not Fate.REFUSED}
    assistants = [resource for resource in resources if resource.address.kind is Kind.ASSISTANT]
    before, after = source.get(Kind.ASSISTANT, {}), capabilities.defaults.get(Kind.ASSISTANT, {})

    def new(old: Fields, values: Fields) -> dict[str, Any]:
        """Give the defaults that `old` has not and that count for somebody: of a tool, those who have it there."""
        return {
            path: value
            for path, value in values.items()
            if not (path in old and equal(old[path], value))
            and any(
                path not in each.fields and (not path.startswith(_TOOLS) or (each.address, _tool(path)) in taken)
                for each in assistants
            )
        }

    return Fit(target, fields, new(before, after), new(after, before))


def _fates(resource: Resource, capabilities: Capabilities, target: str, wires: Collection[str]) -> Iterator[FieldFate]:
    problems = refused(resource, capabilities, target)
    kept = resource.fields
    if capabilities.kept is not None:
        kept = capabilities.kept(resource.address.kind, resource.fields)
    for path, value in resource.fields.items():
        problem = problems.get(WHOLE) or problems.get(path) or problems.get(_tool(path))
        wire = next((name for name in wires if path.removeprefix(_TOOLS).startswith((f"{name}.", f"{name}:"))), None)
        if problem is not None:
            fate, told = Fate.REFUSED, problem
        elif wire is not None:
            fate, told = Fate.UNSEEN, _unseen(resource, path, wire)
        elif path not in kept or not equal(value, kept[path]):
            fate, told = Fate.CHANGED, _changed(resource, path, kept.get(path), target)
        else:
            fate, told = Fate.CARRIED, resource.diagnostic(path, "as it is")
        yield FieldFate(resource.address, path, fate, told)


def _tool(path: str) -> str:
    return ".".join(path.split(".")[:2]) if path.startswith(_TOOLS) else path


def _unseen(resource: Resource, path: str, wire: str) -> Diagnostic:
    message = f"only targets that speak {wire} are told `{path}`"
    return resource.diagnostic(
        path, message, "give this target what stands for it, under its own name or as a function"
    )


def _changed(resource: Resource, path: str, kept: Any, target: str) -> Diagnostic:
    parts = "; ".join(_differences(resource.fields[path], kept, path))
    return resource.diagnostic(path, f"target {target} keeps less of it: {parts}", "nothing to do: no plan shows this")


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    """Say what differs between two values, as deep as both are mappings."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}")
    elif not equal(old, new):
        yield f"`{path}` {_short(old)} becomes {_short(new)}" if new is not None else f"`{path}` is not kept"


def _short(value: Any) -> str:
    text = json.dumps(as_json(value), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
