"""The words a text is found by: one rule for indexing and for asking.

Alphabets give their words, without case, accents and the commonest English endings, and the parts of identifiers
(`getUserName` is also found by `user`). Scripts without blanks, and Korean, whose particles cling to nouns, give each
pair of neighbouring characters: "언어 모델은" holds 언어, 모델 and 델은, so "언어 모델" finds it. The last character
of a run is a term of its own, which makes every single character the beginning of some term.
"""

import importlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from orchestrator.server.knowledge.chunking import CJK

_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
_IS_CJK = re.compile(rf"[{CJK}]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_VOWEL = re.compile(r"[aeiouy]")
_LONGEST_WITH_SLIPS = 40  # what is longer was not typed by hand

# Words too common to ask the index for, unless the question has no others.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by do does for from how i in is it me my of on or that the this to was what when where"
        " which who why with you your",
    )
)

_POLITE = frozenset(
    re.findall(r"\w+", "can could please tell show would 무엇인가요 뭐예요 뭐야 알려줘 알려주세요 궁금해요")
)
_WORD = re.compile(r"[\w'’-]+")


class QueryTerm(NamedTuple):
    """One thing a question asks for."""

    text: str
    cjk: bool
    prefix: bool
    """A single CJK character: any term that begins with it will do."""
    joint: bool = False
    """Made of other terms of the question, or where two of its words meet: that it is nowhere says little."""


def index_terms(text: str) -> str:
    """The terms a chunk is stored under, separated by blanks, in the order of the text."""
    terms: list[str] = []
    for run in _runs(text):
        if _IS_CJK.match(run):
            terms += _pairs(run)
            terms.append(run[-1])
        else:
            terms.append(_plain(run))
            terms += [_plain(hump) for hump in _humps(run)]
    return " ".join(terms)


def query_terms(query: str) -> list[QueryTerm]:
    """What to ask the index for, each term once, in the order of the question."""
    terms: dict[str, QueryTerm] = {}
    for run in _runs(query):
        for term in _asked(run):
            terms.setdefault(term.text, term)
    telling = [term for term in terms.values() if term.text not in _STOP_TERMS]
    return telling or list(terms.values())


def neighbours(query: str) -> list[str]:
    """The stretches of terms, with blanks between, that a text holds where it has the question word for word.

    They are of two neighbouring words each, or of one that stands alone.
    """
    runs = [([term.text for term in _asked(run)], run) for run in _runs(query)]
    if len(runs) == 1:
        return [f"{left} {right}" for left, right in pairwise(runs[0][0])]
    ends = [[*texts, run[-1]] if len(run) > 1 and _IS_CJK.match(run) else texts for texts, run in runs]
    return [" ".join([*left, *texts]) for left, (texts, _) in zip(ends, runs[1:], strict=False)]


def rewritten(query: str) -> str:
    """A question without the words that ask for nothing, and without what is polite; as it is where nothing is left."""
    words = [word for word in _WORD.findall(query) if word.casefold() not in STOP_WORDS | _POLITE]
    return " ".join(words) or query


def stem(word: str) -> str:
    """An English word without its commonest endings, the same for texts and questions: plurals, -ed, -ing, last -e.

    What is left need not be a word, and short words stay as they are. Done until nothing changes, so that the stem of a
    stem is itself.
    """
    while (shorter := _shorter(word)) != word:
        word = shorter
    return word


def near_words(word: str, others: Iterable[str]) -> list[str]:
    """Those that differ from a word by a slip: one edit, two in words of eight letters or more; a swap is one edit."""
    if len(word) > _LONGEST_WITH_SLIPS:
        return []
    allowed, distance = 1 if len(word) < 8 else 2, _distance()
    return [other for other in others if other != word and distance(word, other, score_cutoff=allowed) <= allowed]


def _shorter(word: str) -> str:
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    if len(word) > 6 and word.endswith("ing") and _VOWEL.search(word[:-3]):
        return word[:-3]
    if len(word) > 5 and word.endswith("ed") and not word.endswith("eed") and _VOWEL.search(word[:-2]):
        return word[:-1]
    if len(word) > 4 and word.endswith("e"):
        return word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1].isalpha() and word[-1] != "s":
        return word[:-1]
    return word


def _runs(text: str) -> list[str]:
    runs: list[str] = _RUN.findall(unicodedata.normalize("NFKC", text))
    return runs


def _asked(run: str) -> list[QueryTerm]:
    """The terms that one run of a question asks for."""
    if _IS_CJK.match(run):
        pairs = [QueryTerm(pair, cjk=True, prefix=False, joint=True) for pair in _pairs(run)]
        return pairs or [QueryTerm(run, cjk=True, prefix=True, joint=True)]
    humps = _humps(run)
    whole = QueryTerm(_plain(run), cjk=False, prefix=False, joint=bool(humps))
    return [whole, *(QueryTerm(_plain(hump), cjk=False, prefix=False) for hump in humps)]


@cache
def _distance() -> Callable[..., int]:
    """The optimal string alignment distance; loaded where a slip is looked for, because that takes its time."""
    distance: Callable[..., int] = importlib.import_module("rapidfuzz.distance.OSA").distance
    return distance


@lru_cache(maxsize=8192)  # a text has few words, and most of them many times
def _plain(word: str) -> str:
    """A word as it is stored: no case, no accents, no ending."""
    if not word.isascii():
        letters = unicodedata.normalize("NFKD", word.casefold())
        return stem("".join(letter for letter in letters if not unicodedata.combining(letter)))
    return stem(word.lower())


def _humps(run: str) -> list[str]:
    """The parts of an identifier in camel case; none where it has one part."""
    parts = _HUMP.split(run) if not run.islower() else []
    return parts if len(parts) > 1 else []


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


_STOP_TERMS = frozenset(map(stem, STOP_WORDS))
