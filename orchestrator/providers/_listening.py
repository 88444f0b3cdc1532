"""A stream that goes on between messages, read as it comes: one that broke is noticed before it is needed."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from orchestrator.errors import TargetError, TargetUnknownError
from orchestrator.providers._events import Event

REMEMBERED = 1024
"""How many ids of events are kept to know repeats by, as the SDK does (API facts 1.6)."""


class Listening:
    """The events of one stream, each once. Close it; what it reads from is closed with it."""

    def __init__(self, events: AsyncIterator[Event]) -> None:
        """Begins to read at once."""
        self._queue: asyncio.Queue[Event | TargetError] = asyncio.Queue()
        self._recent: deque[str] = deque(maxlen=REMEMBERED)
        self._task = asyncio.create_task(self._read(events))

    @property
    def alive(self) -> bool:
        """Whether more can come."""
        return not self._task.done()

    async def next(self) -> Event:
        """Give the next event; raises `TargetError` where the stream broke or ended."""
        item = await self._queue.get()
        if isinstance(item, TargetError):
            self._queue.put_nowait(item)  # whoever asks again hears the same
            raise item
        return item

    async def close(self) -> None:
        """Stop reading."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _read(self, events: AsyncIterator[Event]) -> None:
        try:
            async for event in events:
                id = str(event.data.get("event_id") or "")
                if not id or id not in self._recent:
                    self._recent.append(id)
                    self._queue.put_nowait(event)
        except TargetError as error:
            self._queue.put_nowait(error)
            return
        message = "the target ended its stream before the turn was done"
        self._queue.put_nowait(TargetUnknownError(message, "run the scenario again"))
