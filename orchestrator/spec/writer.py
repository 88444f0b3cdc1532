"""YAML edited in place: comments, order, quotes and every line that is not concerned stay as they are.

The only home of ruamel.yaml. It keeps comments and styles but has its own mind on indentation and on lines that are
broken; so a text is written twice, unchanged and changed, and only what differs between the two is carried over into
the author's own text. What comes out is for the caller to read again and compare; nothing here is trusted.
"""

import io
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString, SingleQuotedScalarString

from orchestrator.errors import OrchError
from orchestrator.model.fields import equal
from orchestrator.spec.carrying import carried
from orchestrator.spec.template import is_template
from orchestrator.spec.values import Path_
from orchestrator.spec.verbatim import verbatim

_WIDE = 1_000_000  # characters a line may have before ruamel breaks it; the author's own lines are never broken
_LINE = 100  # characters that a new list of plain values may have on one line
_START = re.compile(r"^---(\s|$)")
_END = re.compile(r"^(---|\.\.\.)(\s|$)")
_ITEM = re.compile(r"^( *)- ")
_NOT_TEXT = re.compile(r"(?:[-+.]?[0-9][-+.:_0-9a-fxozT]*|yes|no|on|off|true|false|null|~)\Z", re.IGNORECASE)
"""What other readers of YAML, or people, take for more than text: dates, times, hexadecimal, `no`."""
_KEY = re.compile(r"^( *)[^\s#-][^#]*:\s*$")


class Gone(Enum):
    """The one value that says: nothing, take it out."""

    GONE = "gone"


class Edit(NamedTuple):
    """One value to write."""

    path: Path_
    """Where it stands in its document; a list's own length as the last part adds an item."""
    was: Any
    """The value the specs give, rendered; None where there is none."""
    value: Any
    """The value to write, as plain data, or `Gone.GONE`."""


class EditError(OrchError):
    """An edit that cannot be made; `path` is where in the document the reason stands."""

    def __init__(self, message: str, path: Path_, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.path = path


def edited(text: str, line: int, edits: Sequence[Edit]) -> str:
    """Give a YAML text with the edits made in the document whose first value stands on `line` (from 1).

    Raises `EditError` where a template is in the way, or the text cannot be edited by a program.
    """
    lines = text.split("\n")
    start = max((number + 1 for number in range(line - 1) if _START.match(lines[number])), default=0)
    end = next((number for number in range(line - 1, len(lines)) if _END.match(lines[number])), len(lines))
    own = "\n".join(lines[start:end])
    normal, changed = _root(own), _root(own)
    # Items of a list are taken out last and from the end, so that no index moves under another edit.
    later = sorted((edit for edit in edits if edit.value is Gone.GONE), key=lambda edit: str(edit.path[-1]).zfill(9))
    for edit in [*(edit for edit in edits if edit.value is not Gone.GONE), *reversed(later)]:
        _apply(changed, edit)
    written = _dumped(own, changed)
    made = carried(own, _dumped(own, normal), written)
    if not _alike(made, written):
        made = written  # the author's layout cannot take the change: ruamel's own, which keeps the comments too
    return "\n".join([*lines[:start], made.rstrip("\n") if end < len(lines) else made, *lines[end:]])


def composed(data: Mapping[str, Any], quoted: bool = False) -> str:
    """Give a new YAML document whose texts render to those of `data`.

    `quoted` puts every text in double quotes, for the few that survive nothing else.
    """
    yaml = YAML()
    yaml.width = _WIDE
    yaml.allow_unicode = not quoted
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    if quoted:
        yaml.dump(_quoted(data), out)
        return out.getvalue()
    root = _fresh(data)
    for value in root.values():
        _flatten(value)
    yaml.dump(root, out)
    return out.getvalue()


def _flatten(node: Any) -> None:
    """Put every mapping of a few plain values on one line, as authors do: `n: {type: string}`, but `- function: n`."""
    if isinstance(node, CommentedSeq):
        for item in node:
            if isinstance(item, CommentedMap) and len(item) == 1:
                _flatten(next(iter(item.values())))
            else:
                _flatten(item)
    elif isinstance(node, CommentedMap):
        size = sum(len(str(key)) + len(str(item)) + 4 for key, item in node.items())
        if node and size <= _LINE and not any(isinstance(item, dict) or "\n" in str(item) for item in node.values()):
            node.fa.set_flow_style()
        for item in node.values():
            _flatten(item)


def _quoted(value: Any) -> Any:
    match value:
        case str():
            return DoubleQuotedScalarString(verbatim(value))
        case Mapping():
            return CommentedMap((DoubleQuotedScalarString(key), _quoted(item)) for key, item in value.items())
        case list() | tuple():
            return CommentedSeq(map(_quoted, value))
        case _:
            return value


def _root(text: str) -> CommentedMap:
    try:
        root = _yaml(text).load(text)
    except (YAMLError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise EditError(f"this file cannot be edited by a program: {reason}", (), "edit it by hand") from None
    if not isinstance(root, CommentedMap):
        raise EditError("this document cannot be edited by a program", (), "edit it by hand")
    return root


def _dumped(text: str, root: CommentedMap) -> str:
    out = io.StringIO()
    _yaml(text).dump(root, out)
    return out.getvalue()


def _alike(one: str, other: str) -> bool:
    """Tell whether two texts hold the same data."""
    try:
        same: bool = YAML(typ="safe", pure=True).load(one) == YAML(typ="safe", pure=True).load(other)
    except (YAMLError, ValueError):
        return False
    return same


def _yaml(text: str) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    depth, offset = _layout(text.split("\n"))
    yaml.indent(mapping=depth, sequence=offset + 2, offset=offset)
    return yaml


def _layout(lines: Sequence[str]) -> tuple[int, int]:
    """Give by how much the author indents a mapping below its key, and the items of a list."""
    depth, offset = None, None
    for above, below in pairwise(lines):
        key = _KEY.match(above)
        more = len(below) - len(below.lstrip()) - len(key[1]) if key is not None else 0
        if key is None or below.lstrip().startswith("#"):
            continue
        if _ITEM.match(below):
            offset = max(more, 0) if offset is None else offset
        elif more > 0 and depth is None:
            depth = more
    return depth or 2, 2 if offset is None else offset


def _apply(root: Any, edit: Edit) -> None:
    holder = root
    for part in edit.path[:-1]:
        if isinstance(holder, dict) and holder.get(part) is None:
            holder[part] = CommentedMap()
        holder = holder[part]
    last: Any = edit.path[-1]
    there = last in holder if isinstance(holder, dict) else last < len(holder)
    if there:
        before = holder[last]
        if edit.value is Gone.GONE:
            _refuse_templates(before, edit.path)
            del holder[last]
        else:
            holder[last] = _merged(before, edit.was, edit.value, edit.path)
    elif edit.value is Gone.GONE:
        return
    elif isinstance(holder, dict):
        holder[last] = _fresh(edit.value)
    else:
        holder.append(_fresh(edit.value))


def _merged(node: Any, was: Any, value: Any, path: Path_) -> Any:
    """Give `node` (as written, worth `was`) with the value `value`; what is equal in both stays as it is written."""
    if equal(was, value):
        return node
    if isinstance(node, dict) and isinstance(was, Mapping) and isinstance(value, Mapping):
        for key in [key for key in node if key not in value]:
            _refuse_templates(node[key], (*path, key))
            del node[key]
        for key, item in value.items():
            node[key] = _merged(node[key], was.get(key), item, (*path, key)) if key in node else _fresh(item)
        return node
    if isinstance(node, list) and isinstance(was, list | tuple) and isinstance(value, list | tuple):
        for number in range(len(node) - 1, len(value) - 1, -1):
            _refuse_templates(node[number], (*path, number))
            del node[number]
        for number, item in enumerate(value):
            if number < len(node) and number < len(was):
                node[number] = _merged(node[number], was[number], item, (*path, number))
            else:
                node.append(_fresh(item))
        return node
    _refuse_templates(node, path)
    return _fresh(value, node)


def _refuse_templates(node: Any, path: Path_) -> None:
    if isinstance(node, str):
        if is_template(node):
            raise EditError("this value comes from a template", path, "edit the template, or its variables, by hand")
    elif isinstance(node, dict):
        for key, item in node.items():
            _refuse_templates(item, (*path, key))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            _refuse_templates(item, (*path, number))


def _fresh(value: Any, like: Any = None) -> Any:
    """Give a plain value as ruamel writes it, in the style of what stood there."""
    match value:
        case str():
            return _text(verbatim(value), like)
        case Mapping():
            mapping = CommentedMap((_text(str(key), None), _fresh(item)) for key, item in value.items())
            _style(mapping, like)
            return mapping
        case list() | tuple():
            sequence = CommentedSeq(_fresh(item) for item in value)
            nested = any(isinstance(item, list | tuple | Mapping) for item in value)
            if not nested and sum(len(str(item)) + 2 for item in value) <= _LINE:
                sequence.fa.set_flow_style()
            _style(sequence, like)
            return sequence
        case _:
            return value


def _text(text: str, like: Any) -> Any:
    if "\n" in text:
        if text.startswith((" ", "\n", "\t")) or text.strip() != text.rstrip("\n"):
            return DoubleQuotedScalarString(text)
        made = LiteralScalarString(text)
        if isinstance(like, LiteralScalarString) and hasattr(like, "comment"):
            made.comment = like.comment  # what stands after the block: a comment, an empty line
        return made
    if isinstance(like, DoubleQuotedScalarString):
        return DoubleQuotedScalarString(text)
    quoted = isinstance(like, SingleQuotedScalarString) or _NOT_TEXT.match(text)
    return SingleQuotedScalarString(text) if quoted else text


def _style(made: CommentedMap | CommentedSeq, like: Any) -> None:
    if isinstance(like, CommentedMap | CommentedSeq):
        (made.fa.set_flow_style if like.fa.flow_style() else made.fa.set_block_style)()
