"""The words a text is found by: one rule for indexing and for asking.

Alphabets give their words, without case and accents, plurals folded, and the parts of identifiers (`getUserName`
is also found by `user`). Scripts without blanks, and Korean, whose particles cling to nouns, give each pair of
neighbouring characters: "언어 모델은" holds 언어, 모델 and 델은, so "언어 모델" finds it. The last character of a
run is a term of its own, which makes every single character the beginning of some term.
"""

import re
import unicodedata
from typing import NamedTuple

from orchestrator.server.knowledge.chunking import CJK

_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
_IS_CJK = re.compile(rf"[{CJK}]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BLANKS = re.compile(r"\s+")

# Words too common to ask the index for, unless the question has no others.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by do doe for from how i in is it me my of on or that the this to was what when where"
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


def fold(text: str) -> str:
    """A text without the differences that do not matter: width, composition, case, kinds of blanks."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def index_terms(text: str) -> str:
    """The terms a chunk is stored under, separated by blanks, in the order of the text."""
    terms: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text)):
        if _IS_CJK.match(run):
            terms += _pairs(run)
            terms.append(run[-1])
        else:
            terms.append(_plain(run))
            humps = _HUMP.split(run)
            if len(humps) > 1:
                terms += [_plain(hump) for hump in humps]
    return " ".join(terms)


def query_terms(query: str) -> list[QueryTerm]:
    """What to ask the index for, each term once, in the order of the question."""
    terms: dict[str, QueryTerm] = {}
    for run in _RUN.findall(unicodedata.normalize("NFKC", query)):
        if not _IS_CJK.match(run):
            word = _plain(run)
            terms.setdefault(word, QueryTerm(word, cjk=False, prefix=False))
        elif len(run) == 1:
            terms.setdefault(run, QueryTerm(run, cjk=True, prefix=True))
        else:
            terms.update({pair: QueryTerm(pair, cjk=True, prefix=False) for pair in _pairs(run) if pair not in terms})
    telling = [term for term in terms.values() if term.text not in STOP_WORDS]
    return telling or list(terms.values())


def rewritten(query: str) -> str:
    """A question without the words that ask for nothing, and without what is polite; as it is where nothing is left."""
    words = [word for word in _WORD.findall(query) if word.casefold() not in STOP_WORDS | _POLITE]
    return " ".join(words) or query


def stem(word: str) -> str:
    """An English plural as its singular (Harman's S-stemmer); other words as they are."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1]


def is_near(word: str, other: str) -> bool:
    """Whether two words differ by a slip: one edit, two in words of eight letters or more; a swap is one edit."""
    allowed = 1 if len(word) < 8 else 2
    return abs(len(word) - len(other)) <= allowed and _edits(word, other) <= allowed


def _plain(word: str) -> str:
    """A word as it is stored: no case, no accents, singular."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    return stem("".join(letter for letter in letters if not unicodedata.combining(letter)))


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _edits(a: str, b: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, before, row = before, row, [i]
        for j, right in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                best = min(best, previous[j - 2] + 1)
            row.append(best)
    return row[-1]
