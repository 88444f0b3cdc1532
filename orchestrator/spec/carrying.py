"""Lines changed in an author's own text, found by comparing two renderings of it in another style.

Pure text work: it knows of YAML only that a comment belongs to what follows it, and that depth is indentation. What it
makes is compared with what was meant by whoever asks.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

_Span = tuple[int, int, int, int]
"""Lines of one text, from and up to, and the lines of another that stand for them."""


def carried(original: str, normal: str, changed: str) -> str:
    """Make in `original` the changes that lead from `normal` to `changed`; `normal` is `original` in another style."""
    source, before, after = original.split("\n"), normal.split("\n"), changed.split("\n")
    blocks, hunks = _differences(before, source), _differences(before, after)
    result = list(source)
    for start, end, new_start, new_end in reversed(_grown(hunks, blocks)):
        low, high = _place(start, blocks), _place(end, blocks)
        lines = after[new_start:new_end]
        above, count = _belonging_above(source[:low], lines)
        result[low:high] = lines[count:] + _kept(source[low:high], lines)
        result[above:above] = lines[:count]
    return "\n".join(result)


def _differences(one: Sequence[str], other: Sequence[str]) -> list[_Span]:
    """Give the passages that differ; as many lines for as many are taken line by line."""
    spans: list[_Span] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "replace" and end - start == new_end - new_start:
            spans += [(start + n, start + n + 1, new_start + n, new_start + n + 1) for n in range(end - start)]
        elif tag != "equal":
            spans.append((start, end, new_start, new_end))
    return spans


def _belonging_above(before: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Give where lines that end a nested value go, above the comments of what follows it, and how many they are."""
    at, depth = len(before), _depth(new[0]) if new else 0
    while at and (not before[at - 1].strip() or (_is_comment(before[at - 1]) and _depth(before[at - 1]) < depth)):
        at -= 1
    if not any(_is_comment(line) for line in before[at:]):
        return len(before), 0
    return at, next((number for number, line in enumerate(new) if _depth(line) < depth), len(new))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _kept(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Give the comments and empty lines at the end of what goes: they belong to what comes next."""
    first = next((line for line in old if line.strip()), "")
    depth = _depth(first)
    end = len(old)
    while end and (not old[end - 1].strip() or (_is_comment(old[end - 1]) and _depth(old[end - 1]) <= depth)):
        end -= 1
    tail = list(old[end:])
    return [] if not end or list(new[len(new) - len(tail) :]) == tail else tail


def _grown(hunks: list[_Span], blocks: list[_Span]) -> list[_Span]:
    """Widen each change over the whole of a passage that is written in another style, and join what then meets."""
    grown: list[_Span] = []
    for start, end, new_start, new_end in hunks:
        for low, high, _, _ in blocks:
            if low < end and start < high:
                new_start, start = new_start - max(0, start - low), min(start, low)
                new_end, end = new_end + max(0, high - end), max(end, high)
        if grown and start < grown[-1][1]:
            start, new_start = grown[-1][0], grown[-1][2]
            end, new_end = max(end, grown[-1][1]), max(new_end, grown[-1][3])
            grown.pop()
        grown.append((start, end, new_start, new_end))
    return grown


def _place(at: int, blocks: list[_Span]) -> int:
    """Give the line of the author's text for the boundary before line `at` of the normal one."""
    shift = 0
    for start, end, new_start, new_end in blocks:
        if end > at or (start == end == at):
            break
        shift += (new_end - new_start) - (end - start)
    return at + shift
