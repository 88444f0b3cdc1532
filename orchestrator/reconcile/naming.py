"""Names for what has none yet: addresses made from what people called an object, numbers where one is taken. Pure.

Functions are told apart without regard to case: names become file names, and some file systems know no case.
"""

import re
import unicodedata
from collections.abc import Collection, Container, Iterator
from itertools import count

from orchestrator.model.address import MAX_NAME, Address, Kind

_FALLBACKS = {Kind.ASSISTANT: "assistant", Kind.VECTOR_STORE: "vector-store"}


def slug(text: str) -> str | None:
    """Give a name in lower case and dashes: `Café Tutor 2` is `cafe-tutor-2`; None where no Latin letter is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_NAME].strip("-")
    return name if re.search("[a-z]", name) else None


def free_address(kind: Kind, display_name: str | None, taken: Container[Address]) -> Address:
    """Give an address that is not taken: after the name, else `assistant-1`, `assistant-2` and so on."""
    base = slug(display_name or "")
    names = _numbered(base) if base is not None else (f"{_FALLBACKS[kind]}-{number}" for number in count(1))
    return next(address for address in (Address(kind, name) for name in names) if address not in taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Give a function's name, with a number where it is taken."""
    folded = {each.casefold() for each in taken}
    return next(each for each in _numbered(name) if each.casefold() not in folded)


def _numbered(base: str) -> Iterator[str]:
    yield base
    for number in count(2):
        end = f"-{number}"
        yield base[: MAX_NAME - len(end)].rstrip("-") + end
