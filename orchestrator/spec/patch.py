"""A target's overrides: a patch by address, merged into a document before it is rendered and shaped.

Keys given replace what the spec says, mappings are merged, `null` removes (RFC 7396). What a patch brings, or takes
away, keeps its place in orch.yaml, so that a message about it points there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, did_you_mean
from orchestrator.spec.reader import Document, Path_

PREFIXES = {
    "Assistant": "assistant",
    "Function": "function",
    "VectorStore": "vector_store",
    "ScriptedModel": "scripted_model",
    "Scenario": "scenario",
    "Knowledge": "knowledge",
    "Judge": "judge",
}

_IDENTITY = frozenset(["kind", "name"])


@dataclass(frozen=True, slots=True)
class PatchedDocument(Document):
    """A document with a patch merged in; places inside the patch are found in orch.yaml."""

    head: Document | None = None
    source: Path_ = ()
    """Where the patch stands in `head`."""
    touched: frozenset[Path_] = field(default_factory=frozenset)
    """Paths of this document that the patch gave or removed."""

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
    """The overrides of a project: one target's are applied, every target's are checked."""

    def __init__(
        self,
        head: Document,
        target: str,
        patches: Mapping[str, Mapping[str, Mapping[str, Any]]],
        lost: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`patches` are by target, then by address; `lost` are kind and name of specs that cannot be read."""
        self._head, self._target = head, target
        self._patches = patches
        self._known = {f"{PREFIXES[kind]}.{name}" for kind, name in lost if kind in PREFIXES}

    def apply(self, document: Document, kind: str) -> Document:
        """Give the document with its patch merged in, or as it is where it has none.

        A patch of `instructions` takes the place of the Markdown below a front matter.
        """
        name = document.data.get("name") if isinstance(document.data, dict) else None
        address = f"{PREFIXES[kind]}.{name}"
        self._known.add(address)
        patch = self._patches[self._target].get(address)
        if patch is None or not isinstance(document.data, dict):
            return document
        touched: set[Path_] = set()
        data = _merge(document.data, {k: v for k, v in patch.items() if k not in _IDENTITY}, (), touched)
        plain = {name: getattr(document, name) for name in ("path", "shown", "places", "lines", "body_line")}
        body = None if "instructions" in patch else document.body
        source = _source(self._target, address)
        return PatchedDocument(
            **plain, data=data, body=body, head=self._head, source=source, touched=frozenset(touched)
        )

    def problems(self) -> list[Diagnostic]:
        """Say what is wrong with the patches of any target, once all documents have been seen by `apply`."""
        return [
            problem
            for target, patches in self._patches.items()
            for address, patch in patches.items()
            for problem in self._check(_source(target, address), address, patch)
        ]

    def _check(self, source: Path_, address: str, patch: Mapping[str, Any]) -> Iterator[Diagnostic]:
        if address not in self._known:
            hint = did_you_mean(address, self._known) or f"there are: {', '.join(sorted(self._known)) or 'none'}"
            message = f"an override for `{address}`, which no spec declares"
            yield self._head.diagnostic(message, source, hint, key=True)
        for key in sorted(_IDENTITY.intersection(patch)):
            message = f"an override cannot change the `{key}` of a spec"
            hint = "leave it out; the address says which spec is meant"
            yield self._head.diagnostic(message, (*source, key), hint, key=True)


def _source(target: str, address: str) -> Path_:
    return ("targets", target, "overrides", address)


def _merge(data: Any, patch: Mapping[str, Any], path: Path_, touched: set[Path_]) -> dict[str, Any]:
    result = dict(data) if isinstance(data, dict) else {}
    for key, value in patch.items():
        at = (*path, key)
        before = result.pop(key, None)
        if isinstance(value, dict):
            result[key] = _merge(before, value, at, touched)
        elif value is not None:
            result[key] = value
        if not (isinstance(value, dict) and isinstance(before, dict)):
            touched.add(at)
    return result
