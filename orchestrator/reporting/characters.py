"""Making any text fit for a terminal, for XML and for UTF-8: what a model or a function says may hold anything."""

import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_STEERING = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNFIT = re.compile(f"[{_STEERING}\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """Write out, as `\\x1b`, what steers a terminal, turns the reading direction, or fits neither XML 1.0 nor UTF-8.

    Line breaks and tabs stay.
    """
    return _UNFIT.sub(_written_out, text.replace("\r\n", "\n"))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def storable(value: Any) -> Any:
    """Give a JSON value whose texts can be written as UTF-8: halves of surrogate pairs are replaced."""
    match value:
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
        case _:
            return value
