"""Two values as people compare them: short ones side by side, long texts as the lines or words that moved.

Everything shown comes from specs and from a live API, so all of it is made `visible`: nothing steers the terminal.
"""

import json
import re
from collections.abc import Collection, Mapping
from difflib import SequenceMatcher, unified_diff
from typing import Any, NamedTuple
from unicodedata import normalize

from orchestrator.model.address import Address
from orchestrator.model.fields import Ref, as_json
from orchestrator.reconcile.plan import FieldChange
from orchestrator.reporting.characters import visible

LONG = 60
"""Characters above which a value gets lines of its own."""
CONTEXT = 2
"""Unchanged lines shown around a change."""
WORDS_AROUND = 6
"""Unchanged words shown around a change."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """A part of a comparison: `sign` is `-` gone, `+` new, `@` a place, or a space for what stayed."""

    sign: str
    text: str


def inline(value: Any, known: Collection[Address]) -> str:
    """Give a value in one line; references to what is not in `known` are known after apply only."""
    match value:
        case None:
            return "none"
        case Ref(address):
            return str(address) if address in known else f"{address} (known after apply)"
        case list() | tuple() if any(isinstance(item, Ref) for item in value):
            return f"[{', '.join(inline(item, known) for item in value)}]"
        case {"sha256": str(sha256), "attributes": attributes, "chunking": chunking}:
            return visible(_file(sha256, attributes, chunking, value.get("failed")))
        case {"sha256": None, "attributes": attributes, "chunking": chunking}:
            return visible(_file(None, attributes, chunking, value.get("failed")))
        case _:
            return visible(json.dumps(as_json(value), ensure_ascii=False))


def is_long(value: Any) -> bool:
    """Tell whether a value is a long text, or JSON data too long for a line."""
    if isinstance(value, Mapping) and "sha256" in value:
        return False
    if isinstance(value, str):
        return len(value) > LONG or "\n" in value
    return len(json.dumps(as_json(value), ensure_ascii=False)) > LONG


def lines(value: Any) -> list[str]:
    """Give a long value as lines: a text as it stands, JSON data indented."""
    if value is None:
        return []
    text = value if isinstance(value, str) else json.dumps(as_json(value), ensure_ascii=False, indent=2, sort_keys=True)
    return [visible(line) for line in text.split("\n")]


def compare_lines(old: Any, new: Any) -> list[Piece]:
    """Give the lines that moved with a little around them; `@` pieces stand between distant places."""
    pieces = []
    for line in list(unified_diff(lines(old), lines(new), lineterm="", n=CONTEXT))[2:]:
        pieces.append(Piece("@", line) if line.startswith("@@") else Piece(line[0], line[1:]))
    return pieces


def compare_words(old: str, new: str) -> list[Piece]:
    """Give a one-line text as words that stayed, went and came; long stretches that stayed are cut to `…`."""
    before, after = _WORDS.findall(visible(old)), _WORDS.findall(visible(new))
    pieces: list[Piece] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(" ", _cut(before[start:end], start == 0, end == len(before))))
            continue
        if end > start:
            pieces.append(Piece("-", "".join(before[start:end])))
        if new_end > new_start:
            pieces.append(Piece("+", "".join(after[new_start:new_end])))
    return pieces


def _cut(words: list[str], first: bool, last: bool) -> str:
    around = WORDS_AROUND * 2  # the spaces between words are pieces too
    head = [] if first else words[:around]
    tail = [] if last else words[-around:]
    if len(words) <= len(head) + len(tail) + 2:
        return "".join(words)
    return "".join([*head, "…", *tail])


def renaming(old: str, field: FieldChange) -> str:
    """Say that a file's content is there under an `old` path, and what it takes the place of."""
    same = normalize("NFC", old) == normalize("NFC", field.path)
    other = " (it reads the same: other code points)" if same else ""
    over = f", in place of sha256 {str(field.old.get('sha256'))[:12]}" if field.old is not None else ""
    return f"{old} -> {field.path}: renamed{other}{over}"


def _file(sha256: str | None, attributes: Mapping[str, Any], chunking: Mapping[str, Any], failed: str | None) -> str:
    parts = [f"sha256 {sha256[:12]}" if sha256 is not None else "somebody else's upload"]
    if attributes:
        parts.append(json.dumps(attributes, ensure_ascii=False, sort_keys=True))
    size, overlap = chunking.get("max_chunk_size_tokens"), chunking.get("chunk_overlap_tokens")
    if (size, overlap) != (800, 400):
        parts.append(f"chunks of {size} tokens, {overlap} overlapping")
    if failed is not None:
        parts.append(f"not indexed: {failed}")
    return ", ".join(parts)
