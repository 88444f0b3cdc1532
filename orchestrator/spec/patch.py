"""A target's overrides: a patch by address, merged into a document before it is rendered and shaped.

Keys given replace what the spec says, mappings are merged, `null` removes (RFC 7396). What a patch brings keeps its
place in orch.yaml, so that a message about it points there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, nearest
from orchestrator.spec.reader import Document, Path_

PREFIXES = {
    "Assistant": "assistant",
    "Function": "function",
    "VectorStore": "vector_store",
    "ScriptedModel": "scripted_model",
    "Scenario": "scenario",
}


@dataclass(frozen=True, slots=True)
class PatchedDocument(Document):
    """A document with a patch merged in; places inside the patch are found in orch.yaml."""

    head: Document | None = None
    source: Path_ = ()
    """Where the patch stands in `head`."""
    touched: frozenset[Path_] = field(default_factory=frozenset)
    """Paths of this document that the patch gave."""

    def position(self, path: Path_ = (), key: bool = False) -> Position:
        """Give the place of a value, in the patch where it came from there."""
        above = next((path[:size] for size in range(len(path), 0, -1) if path[:size] in self.touched), None)
        if above is None or self.head is None:
            return Document.position(self, path, key)
        return self.head.position((*self.source, *path), key)

    def at(self, position: Position, message: str, hint: str | None = None) -> Diagnostic:
        """Make a located message, with the line of the file it is in."""
        if self.head is not None and position.file == self.head.shown:
            return self.head.at(position, message, hint)
        return Document.at(self, position, message, hint)


class Overrides:
    """The overrides of one target."""

    def __init__(self, head: Document, target: str, patches: Mapping[str, Mapping[str, Any]]) -> None:
        self._head = head
        self._path: Path_ = ("targets", target, "overrides")
        self._patches = patches
        self._known: list[str] = []

    def apply(self, document: Document, kind: str) -> Document:
        """Give the document with its patch merged in, or as it is where it has none."""
        name = document.data.get("name") if isinstance(document.data, dict) else None
        address = f"{PREFIXES[kind]}.{name}"
        self._known.append(address)
        patch = self._patches.get(address)
        if patch is None:
            return document
        touched: set[Path_] = set()
        data = _merge(document.data, patch, (), touched)
        plain = {name: getattr(document, name) for name in ("path", "shown", "places", "lines", "body", "body_line")}
        return PatchedDocument(
            **plain, data=data, head=self._head, source=(*self._path, address), touched=frozenset(touched)
        )

    def unused(self) -> list[Diagnostic]:
        """Say which patches are for addresses that do not exist."""
        found = []
        for address in self._patches:
            if address not in self._known:
                near = nearest(address, self._known)
                hint = f"did you mean `{near}`?" if near else f"there are: {', '.join(sorted(self._known)) or 'none'}"
                message = f"an override for `{address}`, which no spec declares"
                found.append(self._head.diagnostic(message, (*self._path, address), hint, key=True))
        return found


def _merge(data: Any, patch: Mapping[str, Any], path: Path_, touched: set[Path_]) -> dict[str, Any]:
    result = dict(data) if isinstance(data, dict) else {}
    for key, value in patch.items():
        at = (*path, key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merge(result[key], value, at, touched)
        else:
            result[key] = value
            touched.add(at)
    return result
