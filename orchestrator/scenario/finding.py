"""Looking for a text in another, and saying why one that looks as if it were there is not found."""

import re
import warnings
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate

from orchestrator.model.file_names import composed


def find(wanted: str, text: str, ignore_case: bool = False) -> tuple[int, int] | None:
    """Give start and end of the first place where `wanted` stands in `text`, or None."""
    if not ignore_case:
        at = text.find(wanted)
        return (at, at + len(wanted)) if at >= 0 else None
    folded = wanted.casefold()
    at = text.casefold().find(folded)
    if at < 0:
        return None
    ends = list(accumulate(len(character.casefold()) for character in text))  # ß folds to ss: places move
    return bisect_right(ends, at), bisect_left(ends, at + len(folded)) + 1


def find_pattern(pattern: str, text: str, ignore_case: bool = False) -> tuple[int, int] | None:
    """Give start and end of the first place that matches a regular expression, or None."""
    found = _compiled(pattern, ignore_case).search(text)
    return found.span() if found else None


@lru_cache(maxsize=1024)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a later Python may read in another way is no matter of this run
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)


def near_miss(wanted: str, text: str, *, whole: bool = False) -> str | None:
    """Say why a text that looks as if it were there (or, where `whole`, as if it were the text) is not."""
    folds = (
        ("but in another Unicode form: one is composed (NFC), one is not", composed),
        ("but with other white space", lambda value: " ".join(value.split())),
        ("but in upper or lower case; `ignore_case: true` allows that", str.casefold),
    )
    for what, fold in folds:
        a, b = fold(wanted), fold(text)
        if a and (a == b if whole else a in b):
            return f"it is there, {what}"
    return None


def folded_space(text: str) -> str:
    """Give a text in one Unicode form, with single spaces for white space."""
    return " ".join(composed(text).split())


def stands_across(wanted: str, before: str, after: str) -> bool:
    """Tell whether a text begins where another ends and ends where a third begins; white space is folded in all.

    What `before` ends with and `after` begins with may overlap, or leave out the space between two words.
    """
    ends = next((n for n in range(min(len(wanted) - 1, len(before)), 0, -1) if before.endswith(wanted[:n])), 0)
    rest = next((n for n in range(max(1, len(wanted) - len(after)), len(wanted)) if after.startswith(wanted[n:])), None)
    if not ends or rest is None:
        return False
    return rest <= ends or wanted[ends:rest] == " "
