"""Documents in pieces small enough to rank and quote.

No tokenizer can be downloaded, so tokens are counted by a fixed rule, the same on every machine: a word of an
alphabet counts one token for each six letters begun, a CJK character (Hangul, Han, Kana) counts one, and so does
any other visible character. English comes out near 1.2 tokens a word, as with the tokenizers of the hosted API;
Korean comes out somewhat higher than there, so a chunk is rather too small than too large.
"""

import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

MAX_DOCUMENT_TOKENS = 5_000_000  # guides/retrieval: the most one file may hold
CJK = (  # the inside of a character class: Hangul, Han, Kana, with their compatibility forms
    "\u1100-\u11ff\u2e80-\u2fdf\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f"
)
_TOKEN = re.compile(rf"[{CJK}]|[^\W_{CJK}]{{1,6}}|\S")
_SENTENCE_END = frozenset(".!?…。！？")

# How good a place the gap before a token is to cut at.
_INSIDE, _WORD, _SENTENCE, _LINE, _PARAGRAPH = range(5)


class ChunkingStrategy(NamedTuple):
    """How large pieces are, in tokens. The overlap is at most half of the size."""

    max_tokens: int
    overlap_tokens: int


AUTO = ChunkingStrategy(800, 400)  # what the API's `auto` stands for


class Chunk(NamedTuple):
    """One piece: `text` is `document[start:end]`, offsets in characters."""

    position: int
    start: int
    end: int
    text: str


class DocumentTooLongError(ValueError):
    """A document of more than MAX_DOCUMENT_TOKENS tokens."""


class _Tokens(NamedTuple):
    starts: "array[int]"
    ends: "array[int]"
    borders: bytearray


def count_tokens(text: str) -> int:
    """How many tokens a text counts by this module's rule."""
    return sum(1 for _ in _TOKEN.finditer(text))


def split(text: str, strategy: ChunkingStrategy = AUTO) -> Iterator[Chunk]:
    """The pieces of a document, in order; together they cover every token.

    A piece ends at the best border (paragraph, then line, sentence, word) in the last quarter of its room, and the
    next one begins at the best border in the first half of the overlap: neighbours share at most
    `overlap_tokens` and, except where the document ends, at least half of them. Raises DocumentTooLongError.
    """
    tokens = _scan(text)
    total = len(tokens.starts)
    start, position = 0, 0
    while start < total:
        room_end = start + strategy.max_tokens
        if room_end >= total:
            end = total
        else:
            end = _best_border(tokens.borders, start + strategy.max_tokens * 3 // 4 + 1, room_end)
        # The blanks up to the next token belong to the piece, so that the pieces add up to the document.
        first, last = tokens.starts[start], tokens.ends[end - 1] if end == total else tokens.starts[end]
        yield Chunk(position, first, last, text[first:last])
        if end == total:
            return
        overlap = strategy.overlap_tokens
        start = _best_border(tokens.borders, end - overlap, end - (overlap + 1) // 2, earliest=True)
        position += 1


def _scan(text: str) -> _Tokens:
    """Where tokens are, and how good a border stands before each."""
    starts, ends, borders = array("L"), array("L"), bytearray()
    previous_end = 0
    for match in _TOKEN.finditer(text):
        start = match.start()
        if len(starts) == MAX_DOCUMENT_TOKENS:
            raise DocumentTooLongError(f"more than {MAX_DOCUMENT_TOKENS:,} tokens")
        borders.append(_border(text, previous_end, start))
        starts.append(start)
        ends.append(match.end())
        previous_end = match.end()
    return _Tokens(starts, ends, borders)


def _border(text: str, previous_end: int, start: int) -> int:
    if previous_end == start:
        return _SENTENCE if text[start - 1 : start] in ("。", "！", "？") else _INSIDE
    lines = text.count("\n", previous_end, start)
    if lines:
        return _PARAGRAPH if lines > 1 else _LINE
    return _SENTENCE if text[previous_end - 1] in _SENTENCE_END else _WORD


def _best_border(borders: bytearray, low: int, high: int, earliest: bool = False) -> int:
    """The index in low..high (both included) before which the border is best; ties go to the last or the first."""
    window = borders[low : high + 1]
    best = max(window)
    return low + (window.index(best) if earliest else window.rindex(best))
