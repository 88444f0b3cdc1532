"""Documents in pieces small enough to rank and quote.

No tokenizer can be downloaded, so tokens are counted by a fixed rule, the same on every machine: a word of an
alphabet counts one token for each six letters begun, a CJK character (Hangul, Han, Kana) counts one, and so does
any other visible character. English comes out near 1.2 tokens a word, as with the tokenizers of the hosted API;
Korean comes out somewhat higher than there, so a chunk is rather too small than too large.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
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


def count_tokens(text: str) -> int:
    """How many tokens a text counts by this module's rule."""
    return sum(1 for _ in _TOKEN.finditer(text))


def split(text: str | Iterable[str], strategy: ChunkingStrategy = AUTO) -> Iterator[Chunk]:
    """The pieces of a document, in order; together they cover every token.

    A piece ends at the best border (paragraph, then line, sentence, word) in the last quarter of its room, and the
    next one begins at the best border in the first half of the overlap: neighbours share at most
    `overlap_tokens` and, except where the document ends, at least half of them. Raises DocumentTooLongError.

    The document may come in parts, cut anywhere: no more of it is held in memory than a piece and a part.
    """
    window = _Window((text,) if isinstance(text, str) else text)
    most, overlap, position = strategy.max_tokens, strategy.overlap_tokens, 0
    while window.fill(most + 1):
        if len(window.starts) <= most:
            yield Chunk(position, *window.cut(window.starts[0], window.ends[-1]))
            return
        end = _best_border(window.borders, most * 3 // 4 + 1, most)
        # The blanks up to the next token belong to the piece, so that the pieces add up to the document.
        yield Chunk(position, *window.cut(window.starts[0], window.starts[end]))
        window.drop(_best_border(window.borders, end - overlap, end - (overlap + 1) // 2, earliest=True))
        position += 1


class _Window:
    """The tokens of a document from one on, with where they are and how good a border stands before each."""

    def __init__(self, parts: Iterable[str]) -> None:
        self.starts, self.ends, self.borders = array("L"), array("L"), bytearray()
        self._parts, self._exhausted = iter(parts), False
        self._text, self._base = "", 0  # what is held of the document, and where it begins there
        self._reached = self._count = 0

    def fill(self, wanted: int) -> bool:
        """Have so many tokens, or all there are; tell whether there is any."""
        while len(self.starts) < wanted and not self._exhausted:
            part = next(self._parts, None)
            self._exhausted = part is None
            keep = self.starts[0] if self.starts else self._reached
            keep = max(0, min(keep, self._reached) - 1)  # the sign before tells what border it is
            self._text = self._text[keep - self._base :] + (part or "")
            self._base = keep
            self._scan()
        return bool(self.starts)

    def cut(self, start: int, end: int) -> tuple[int, int, str]:
        """A stretch of the document."""
        return start, end, self._text[start - self._base : end - self._base]

    def drop(self, count: int) -> None:
        """Let the first tokens go."""
        del self.starts[:count], self.ends[:count], self.borders[:count]

    def _scan(self) -> None:
        found = list(_TOKEN.finditer(self._text, self._reached - self._base))
        if not self._exhausted and found:
            found.pop()  # it may go on in the next part
        for match in found:
            if self._count == MAX_DOCUMENT_TOKENS:
                raise DocumentTooLongError(f"more than {MAX_DOCUMENT_TOKENS:,} tokens")
            self._count += 1
            self.borders.append(_border(self._text, self._reached - self._base, match.start()))
            self.starts.append(match.start() + self._base)
            self._reached = match.end() + self._base
            self.ends.append(self._reached)


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
