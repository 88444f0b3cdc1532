"""Server-sent events out of the bytes of a reply, as the HTML standard has them (Server-sent events, 9.2.6).

The SDK decodes them too, field by field and each into an object; a run of scenarios reads hundreds of thousands of
them, of which most are pieces of a text that comes whole at its end. So what nobody wants is left undecoded.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
"""An empty line: what ends an event."""
_DONE = b"[DONE]"


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: dict[str, Any]


def everything(_name: str) -> bool:
    """Want every event."""
    return True


async def read_events(chunks: AsyncIterator[bytes], wanted: Callable[[str], bool] = everything) -> AsyncIterator[Event]:
    """Give the events that are wanted, by their names; reads to the end, also past `[DONE]`.

    An event without a name has that which its data says under `type`. What is not ended by an empty line is no event,
    and neither is what has no data or no name: servers send such to keep a line open. Raises `ValueError` for one that
    is wanted by its name and whose data is no JSON object.
    """
    rest = b""
    async for chunk in chunks:
        *blocks, rest = _END.split(rest + chunk)
        for block in blocks:
            if event := _read(block, wanted):
                yield event


def _read(block: bytes, wanted: Callable[[str], bool]) -> Event | None:
    name, data = "", []
    for line in block.splitlines():
        field, _, value = line.partition(b":")
        if field == b"event":
            name = value.removeprefix(b" ").decode()
            if not wanted(name):
                return None
        elif field == b"data":
            data.append(value.removeprefix(b" "))
    text = b"\n".join(data)
    if not text.strip() or text == _DONE:
        return None
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if isinstance(told, dict):
        name = name or str(told.get("type") or "")
        return Event(name, told) if name and wanted(name) else None
    if name:
        raise ValueError(f"an event {name} that is not a JSON object")
    return None
