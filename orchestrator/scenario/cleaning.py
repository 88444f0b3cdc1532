"""What no recording holds: secrets, and the ids that a target makes up anew each time.

Only ids that the wire itself names as such are replaced, and where they stand in texts only if they are long: a text
that merely looks like an id may be what a scenario is about.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SHORTEST_SECRET = 6
"""Characters; a shorter value is no key, and hiding it would spoil texts that happen to hold it."""
_LONG_ID = 12
_SHAPES = re.compile(
    r"""
    \b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}                       # OpenAI, Anthropic, OpenRouter
    | \b(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,}         # Stripe
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_\w{30,}   # GitHub
    | \bglpat-[A-Za-z0-9_-]{20,}                            # GitLab
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                      # Slack
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                         # AWS
    | \bAIza[A-Za-z0-9_-]{35}                               # Google
    | \bhf_[A-Za-z0-9]{30,}                                 # Hugging Face
    | \beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+   # JSON Web Tokens
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*?(?:-----END[ A-Z]*PRIVATE\ KEY-----|\Z)
    | (?<=\bBearer\ )[A-Za-z0-9._~+/-]{16,}=*
    """,
    re.VERBOSE | re.DOTALL,
)
_SHORTEST_SHAPE = 15
"""Characters of the shortest text that one of these finds: `xoxb-` and ten more."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Cleaner:
    """Hides secrets in texts; what it has hidden it leaves alone the next time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are known values, hidden wherever they stand, also as JSON and as part of an address."""
        known = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        spelled = {text for s in known for text in (s, json.dumps(s)[1:-1], quote(s, safe=""), quote(s), quote_plus(s))}
        self._known = _any_of(spelled)

    def text(self, text: str) -> str:
        """Give a text without secrets; half a surrogate pair, which no file can hold, becomes U+FFFD."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        if len(text) >= _SHORTEST_SHAPE:
            text = _SHAPES.sub(HIDDEN, text)
        return text if text.isascii() else _SURROGATE.sub("\ufffd", text)

    def data(self, value: Any) -> Any:
        """Give JSON data with every text in it cleaned, keys included."""
        return mapped(value, self.text)


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Give JSON data with every text in it changed, keys included."""
    match value:
        case str():
            return change(value)
        case Mapping():
            return {change(str(key)): mapped(item, change) for key, item in value.items()}
        case list() | tuple():
            return [mapped(item, change) for item in value]
        case _:
            return value


def without_ids(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give the steps of one conversation, as JSON data, with `call_1`, `file_1`, ... for the ids of the target."""
    ids = _numbered(steps)
    long = _any_of(id for id in ids if len(id) >= _LONG_ID)

    def in_text(text: str) -> str:
        return text if long is None else long.sub(lambda found: ids[found[0]], text)

    # A short id is replaced only where the wire says that it is one.
    return [_renamed(mapped(step, in_text), {in_text(raw): number for raw, number in ids.items()}) for step in steps]


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _numbered(steps: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    ids: dict[str, str] = {}
    counts = {"call": 0, "file": 0}
    for kind, id in _ids(steps):
        if id not in ids:
            counts[kind] += 1
            ids[id] = f"{kind}_{counts[kind]}"
    return ids


def _ids(value: Any) -> Iterator[tuple[str, str]]:
    """Give the ids in the order in which they stand; what a function was called with is not looked at."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "file_id":
                yield "file", item
            elif key == "files":
                yield from (("file", each["id"] if isinstance(each, Mapping) else each) for each in item)
            elif key == "calls":
                yield from (("call", each["id"]) for each in item)
            elif key != "arguments":
                yield from _ids(item)


def _renamed(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, ids) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, item in value.items():
        if key in ("id", "file_id"):
            item = ids.get(item, item)
        elif key == "files":
            item = [ids.get(each, each) if isinstance(each, str) else _renamed(each, ids) for each in item]
        elif key == "outputs":
            item = {ids.get(id, id): output for id, output in item.items()}
        elif key != "arguments":
            item = _renamed(item, ids)
        found[key] = item
    return found
