"""The text of a YAML file as nodes with positions. The only home of PyYAML.

Nodes are made from the parser's events, one after another: the library's own composer calls itself for every level, and
a file of 200 kB of opening brackets ends the process there. Only plain decimal numbers, `true`, `false`, `null` and `~`
are more than text, so `no`, `on`, `1:30`, `0x10`, `010` and `2026-11-23` stay what they look like.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import yaml

MAX_DEPTH = 100
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML = "tag:yaml.org,2002:"
_WHOLE = r"[-+]?(?:0|[1-9][0-9]*)"
_PLAIN = {
    f"{_YAML}null": re.compile(r"null|~|"),
    f"{_YAML}bool": re.compile(r"true|false"),
    f"{_YAML}int": re.compile(_WHOLE),
    f"{_YAML}float": re.compile(rf"{_WHOLE}(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"),
}
_MERGE = f"{_YAML}merge"
_MORE_THAN_TEXT = frozenset(["", "null", "true", "false", "~"])
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Mark(NamedTuple):
    """A place in the text, counted from 1."""

    line: int
    column: int


class YamlError(Exception):
    """Something in the text that is not part of the language; ends the reading where it is raised."""

    def __init__(self, message: str, mark: Mark, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.mark, self.hint = message, mark, hint


@dataclass(slots=True, eq=False)
class Scalar:
    """One written value."""

    mark: Mark
    value: str
    tag: str | None
    """Full name of its type: the one that is written, or what a plain value looks like; None is text."""
    block: bool
    """Whether it is written with `|` or `>`, its text beginning on the next line."""

    @property
    def is_merge(self) -> bool:
        """Tell whether it is the plain key `<<`."""
        return self.tag == _MERGE


@dataclass(slots=True, eq=False)
class Sequence:
    """A list."""

    mark: Mark
    tag: str | None
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """A mapping, its pairs as written."""

    mark: Mark
    tag: str | None
    keys: list["Node"] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    @property
    def pairs(self) -> Iterator[tuple["Node", "Node"]]:
        """Give keys and values in the order of the text."""
        return zip(self.keys, self.items, strict=True)


Node = Scalar | Sequence | Mapping


def plain_type(tag: str, value: str) -> str | None:
    """Give `null`, `bool`, `int` or `float` where `value` is written as that type of `tag`; None where it is not."""
    pattern = _PLAIN.get(tag)
    return tag.removeprefix(_YAML) if pattern is not None and pattern.fullmatch(value) else None


def short_tag(tag: str) -> str:
    """Give a tag as an author writes it: `!!set`, `!include`."""
    return f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag


def is_text_tag(tag: str | None) -> bool:
    """Tell whether a tag leaves a scalar the text it is."""
    return tag in (None, "!", f"{_YAML}str", _MERGE)


def is_collection_tag(tag: str | None) -> bool:
    """Tell whether a tag leaves a list a list and a mapping a mapping."""
    return tag in (None, "!", f"{_YAML}seq", f"{_YAML}map")


def compose(text: str) -> Iterator[Node]:
    """Give the root node of every document; an alias is the node it names. Raises `YamlError`."""
    composer = _Composer(text)
    loader = _Loader(text)
    try:
        while (event := loader.get_event()) is not None:
            composer.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                yield from composer.roots
                composer = composer.next()
    except yaml.MarkedYAMLError as error:
        found = cast(Any, error.problem_mark or error.context_mark)
        index = found.index if found is not None else 0
        problem = str(error.problem or error.context)
        if "nesting depth" in problem:  # libyaml counts too, and may look ahead of us (0.2.6 and newer)
            raise _too_deep(composer.mark(index)) from None
        since = cast(Any, error.context_mark)
        where = f" {error.context} begun on line {composer.mark(since.index).line}" if since and error.problem else ""
        raise YamlError(
            f"not valid YAML: {problem}{where}", composer.mark(index), _hint(problem, text, index)
        ) from None
    except yaml.YAMLError:  # the parser's reader: a character YAML does not allow, which it names by its byte
        bad = _UNPRINTABLE.search(text)
        mark = composer.mark(bad.start() if bad else 0)
        shown = f"U+{ord(bad.group()):04X}" if bad else "a control character"
        raise YamlError(f"the control character {shown} is not allowed", mark, "remove it") from None
    finally:
        loader.dispose()


def _too_deep(mark: Mark) -> YamlError:
    return YamlError("nested too deeply", mark, f"at most {MAX_DEPTH} levels are read")


class _Composer:
    """Puts the events of one document together."""

    def __init__(self, text: str, line_starts: list[int] | None = None) -> None:
        self.roots: list[Node] = []
        self._text = text
        # Lines are those an editor shows; YAML 1.1 also ends a line at U+2028 and others.
        self._line_starts = line_starts or [0, *(found.end() for found in re.finditer("\n", text))]
        self._anchors: dict[str, Node] = {}
        self._open: list[Node] = []

    def next(self) -> "_Composer":
        """Give the composer of the next document."""
        return _Composer(self._text, self._line_starts)

    def mark(self, index: int) -> Mark:
        """Give the place of a character."""
        line = bisect_right(self._line_starts, index)
        return Mark(line, index - self._line_starts[line - 1] + 1)

    def _start(self, event: Any) -> Mark:
        return self.mark(event.start_mark.index)

    def take(self, event: Any) -> None:
        """Take the next event; raises `YamlError`."""
        match event:
            case yaml.ScalarEvent():
                tag = event.tag or (_type_of(event.value) if event.implicit[0] else None)
                self._add(Scalar(self._start(event), event.value, tag, event.style in ("|", ">")), event.anchor)
            case yaml.AliasEvent():
                self._add_alias(event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                mark = self._start(event)
                opened = Sequence if isinstance(event, yaml.SequenceStartEvent) else Mapping
                node: Node = opened(mark, event.tag)
                self._add(node, event.anchor)
                self._open.append(node)
                if len(self._open) > MAX_DEPTH:
                    raise _too_deep(mark)
            case yaml.CollectionEndEvent():
                self._open.pop()

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        match self._open[-1] if self._open else None:
            case Sequence(items=items):
                items.append(node)
            case Mapping(keys=keys, items=items):
                (keys if len(keys) == len(items) else items).append(node)
            case _:
                self.roots.append(node)

    def _add_alias(self, event: Any) -> None:
        mark = self._start(event)
        node = self._anchors.get(event.anchor)
        if node is None:
            known = ", ".join(f"&{name}" for name in sorted(self._anchors))
            hint = f"anchors above it in this document: {known or 'none'}; quote text that begins with *"
            raise YamlError(f"the alias *{event.anchor} refers to nothing", mark, hint)
        if any(node is one for one in self._open):
            raise YamlError("an alias refers to a value it is part of", mark, "write the value out")
        self._add(node, None)


def _type_of(value: str) -> str | None:
    if value == "<<":
        return _MERGE
    if value in _MORE_THAN_TEXT or value[0] in "-+0123456789":
        return next((tag for tag, pattern in _PLAIN.items() if pattern.fullmatch(value)), None)
    return None


def _hint(problem: str, text: str, index: int) -> str:
    """Say what authors most often mean to do at such a place."""
    character = text[index : index + 1]
    line = text[text.rfind("\n", 0, index) + 1 : index]
    if character == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces"
    if "cannot start any token" in problem and character:
        return f"quote text that begins with {character}"
    if "alphabetic or numeric" in problem:
        return "quote text that begins with * or &"
    if "mapping values are not allowed" in problem:
        return "quote text that contains a colon and a space"
    if "unknown escape character" in problem:
        return r"inside double quotes write \\ for a backslash, or use single quotes"
    return "check indentation, quotes and brackets above this place"
