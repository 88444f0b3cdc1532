"""Where something stands and what is wrong with it: the messages an author of specs reads.

A diagnostic is a value, not an exception, so that a whole project can be checked and every problem shown at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file, as editors count it."""

    file: str
    """Path as it should be shown, relative to the current folder where that is shorter."""
    line: int = 1
    """First line is 1."""
    column: int = 1
    """First column is 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One located message to the author of a spec."""

    message: str
    """What is wrong, without a full stop."""
    position: Position
    """Where it is."""
    hint: str | None = None
    """What to do about it."""
    excerpt: str | None = None
    """The source line it speaks of, as written."""

    def __str__(self) -> str:
        return f"{self.position}: {self.message}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word somebody probably meant by `word`, or None where nothing is close."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Give the hint that asks whether the nearest known word was meant, or None where nothing is close."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else None


def counted(number: int, word: str) -> str:
    """Give a number with its word: `1 request`, `2 requests`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
