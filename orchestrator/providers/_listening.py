"""A stream that goes on between messages, read as it comes: one that broke is noticed before it is needed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from orchestrator.errors import TargetUnknownError
from orchestrator.providers._events import Event

REMEMBERED = 1024
"""How many ids of events are kept to know repeats by, as the SDK does (API facts 1.6)."""


class Listening:
    """The events of one stream, each once. Close it; what it reads from is closed with it."""

    def __init__(self, events: AsyncIterator[Event]) -> None:
        """Begins to read at once."""
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        """Events, and None once no more come."""
        self._recent: deque[str] = deque(maxlen=REMEMBERED)
        self._task = asyncio.create_task(self._read(events))

    @property
    def alive(self) -> bool:
        """Whether more can come."""
        return not self._task.done()

    async def next(self) -> Event:
        """Give the next event; raises `TargetError` where the stream ended, and whatever broke it."""
        event = await self._queue.get()
        if event is not None:
            return event
        self._queue.put_nowait(None)  # whoever asks again hears the same
        await asyncio.wait([self._task])
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            raise error
        raise TargetUnknownError("the target ended its stream before the turn was done", "run the scenario again")

    def heard(self) -> Event | None:
        """Give the next event where it is here already."""
        event = None if self._queue.empty() else self._queue.get_nowait()
        if event is None and not self.alive:
            self._queue.put_nowait(None)  # as for `next`
        return event

    async def close(self) -> None:
        """Stop reading. What broke the stream is not told any more."""
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()

    async def _read(self, events: AsyncIterator[Event]) -> None:
        try:
            async for event in events:
                id = str(event.data.get("event_id") or "")
                if not id or id not in self._recent:
                    self._recent.append(id)
                    self._queue.put_nowait(event)
        finally:
            self._queue.put_nowait(None)
