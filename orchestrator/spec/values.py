"""YAML nodes as plain data that remembers where each value stands.

Keys are text and stand once, `<<` merges mappings, aliases are written out up to a limit, and tags are refused: a tag
would be a second way to say what a field's own type says.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from orchestrator.spec.nodes import (
    MAX_DEPTH,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlError,
    is_collection_tag,
    is_text_tag,
    plain_type,
    short_tag,
)

MAX_NODES = 200_000  # of one file, aliases written out; a large project's file has some thousands

Path_ = tuple[Hashable, ...]
"""Keys and indexes from a document's root to a value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value (and the key before it) begins, counted from 1."""

    line: int
    column: int
    key_line: int
    key_column: int
    block: bool = False
    """Whether it is a block scalar, whose text begins on the next line."""


class Builder:
    """Turns the documents of one file into data, noting places and problems on the way."""

    def __init__(self) -> None:
        self.places: dict[Path_, Place] = {}
        self.problems: list[YamlError] = []
        self._seen = 0

    def build(self, root: Node) -> Any:
        """Give the data of a document, `places` being its own from now on; raises `YamlError` to end the reading."""
        self.places = {}
        return self._build(root, (), root)

    def _build(self, node: Node, path: Path_, key: Node) -> Any:
        self._count(node)
        _check_depth(len(path), node)
        block = isinstance(node, Scalar) and node.block
        self.places[path] = Place(node.mark.line, node.mark.column, key.mark.line, key.mark.column, block)
        if isinstance(node, Scalar):
            return self._scalar(node)
        if not is_collection_tag(node.tag):
            self._refuse_tag(node)
        if isinstance(node, Sequence):
            return [self._build(item, (*path, index), item) for index, item in enumerate(node.items)]
        pairs = self._own_pairs(node)
        self._merge(node, pairs, len(path))
        return {name: self._build(item, (*path, name), at) for name, (at, item) in pairs.items()}

    def _count(self, node: Node, values: int = 1) -> None:
        self._seen += values
        if self._seen > MAX_NODES:
            hint = "use fewer aliases, or split the file"
            raise YamlError(f"more than {MAX_NODES:,} values once aliases are written out", node.mark, hint)

    def _scalar(self, node: Scalar) -> Any:
        if node.tag is None or is_text_tag(node.tag):
            return node.value
        match plain_type(node.tag, node.value):
            case "null":
                return None
            case "bool":
                return node.value == "true"
            case "int" if len(node.value) <= 400:  # Python reads no more than some thousands of digits
                return int(node.value)
            case "int" | "float":
                number = float(node.value)
                if math.isfinite(number):
                    return number
                self.problems.append(YamlError("a number is too large", node.mark, "quote it if it is meant as text"))
            case _:
                self._refuse_tag(node)
        return node.value

    def _refuse_tag(self, node: Node) -> None:
        message = f"the tag {short_tag(node.tag or '!')} is not part of the language"
        self.problems.append(YamlError(message, node.mark, "leave the tag out; quote the text if it is no tag"))

    def _own_pairs(self, node: Mapping) -> dict[str, tuple[Node, Node]]:
        pairs: dict[str, tuple[Node, Node]] = {}
        for key, item in node.pairs:
            if isinstance(key, Scalar) and key.is_merge:
                continue
            name = self._key(key)
            if name is None:
                continue
            if name in pairs:
                line = pairs[name][0].mark.line
                hint = f"first given on line {line}; keep one"
                self.problems.append(YamlError(f"duplicate key `{name}`", key.mark, hint))
            else:
                pairs[name] = (key, item)
        return pairs

    def _key(self, key: Node) -> str | None:
        if not isinstance(key, Scalar):
            hint = "quote text that begins with {{" if isinstance(key, Mapping) else "write the key as text"
            self.problems.append(YamlError("a key is not text", key.mark, hint))
            return None
        before = len(self.problems)
        name = self._scalar(key)
        if isinstance(name, str):
            return name if len(self.problems) == before else None
        shown = "true or false" if isinstance(name, bool) else "empty" if name is None else "a number"
        self.problems.append(YamlError(f"a key is {shown}", key.mark, "quote it"))
        return None

    def _merge(self, node: Mapping, pairs: dict[str, tuple[Node, Node]], depth: int) -> None:
        """Add what `<<` brings in; a key of one's own wins, then the mapping named first."""
        _check_depth(depth, node)
        for key, item in node.pairs:
            if not (isinstance(key, Scalar) and key.is_merge):
                continue
            for part in item.items if isinstance(item, Sequence) else [item]:
                if not isinstance(part, Mapping):
                    self.problems.append(YamlError("`<<` takes a mapping", part.mark, "name an alias: <<: *it"))
                    continue
                self._count(part, 1 + len(part.keys))
                merged = self._own_pairs(part)
                self._merge(part, merged, depth + 1)
                for name, pair in merged.items():
                    pairs.setdefault(name, pair)


def _check_depth(depth: int, node: Node) -> None:
    if depth > MAX_DEPTH:
        raise YamlError("nested too deeply once aliases are written out", node.mark, "use fewer aliases")
