"""Server-sent events: who listens to a run, and the pieces a stream cuts objects into.

Only the process that works on a run can stream it, so listeners are kept in memory; what they miss can be read from
the store.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, NamedTuple

from orchestrator.server.runs.transitions import STREAM_ENDS, TERMINAL
from orchestrator.server.store import Body

MAX_DELTAS = 200  # a long text comes in larger pieces rather than in more of them


class Event(NamedTuple):
    """One event: its name, as `thread.run.created`, and the object it carries."""

    name: str
    data: Any

    def encode(self) -> bytes:
        """Give the bytes on the wire."""
        data = self.data if isinstance(self.data, str) else json.dumps(self.data)
        return f"event: {self.name}\ndata: {data}\n\n".encode()

    @property
    def ends_stream(self) -> bool:
        """Whether nothing can follow it in the stream of a run."""
        return self.name == "error" or self.name.removeprefix("thread.run.") in STREAM_ENDS

    @property
    def ends_run(self) -> bool:
        """Whether the run is over, or goes on where this process cannot follow it."""
        return self.name == "error" or self.name.removeprefix("thread.run.") in TERMINAL


DONE = Event("done", "[DONE]")


def run_event(run: Body) -> Event:
    """Announce the status a run is in now."""
    return Event(f"thread.run.{run['status']}", run)


class Feed:
    """Hands the events of runs to those who listen."""

    def __init__(self) -> None:
        self._queues: dict[str, list[asyncio.Queue[Event]]] = {}
        self._followers: dict[str, Callable[[Event], None]] = {}

    def has_listeners(self, run_id: str) -> bool:
        """Whether anybody listens, so that deltas are worth making."""
        return run_id in self._queues or run_id in self._followers

    def follow(self, run_id: str, follower: Callable[[Event], None]) -> None:
        """Have `follower` called with each event of a run to its end; one follower a run, and the first stays."""
        self._followers.setdefault(run_id, follower)

    def publish(self, run_id: str, *events: Event) -> None:
        """Give events to whoever listens to this run."""
        if (follower := self._followers.get(run_id)) is not None:
            for event in events:
                follower(event)
        if any(event.ends_run for event in events):
            self._followers.pop(run_id, None)
        for queue in self._queues.get(run_id, ()):
            for event in events:
                queue.put_nowait(event)
        if any(event.ends_stream for event in events):
            self._queues.pop(run_id, None)

    def break_off(self, run_id: str, message: str) -> None:
        """End the streams of a run that this process can no longer follow."""
        error = {"message": message, "type": "server_error", "param": None, "code": None}
        self.publish(run_id, Event("error", error))

    def listen(self, run_id: str, before: Sequence[Event]) -> AsyncIterator[bytes]:
        """Stream `before`, then a run's events from this call on until it ends or waits for outputs, then `done`."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues.setdefault(run_id, []).append(queue)
        return self._stream(run_id, queue, before)

    async def _stream(self, run_id: str, queue: asyncio.Queue[Event], before: Sequence[Event]) -> AsyncIterator[bytes]:
        try:
            for event in before:
                yield event.encode()
            while True:
                event = await queue.get()
                yield event.encode()
                if event.ends_stream:
                    break
            yield DONE.encode()
        finally:
            self._leave(run_id, queue)

    def _leave(self, run_id: str, queue: asyncio.Queue[Event]) -> None:
        staying = [other for other in self._queues.pop(run_id, ()) if other is not queue]
        if staying:
            self._queues[run_id] = staying


def pieces(text: str) -> list[str]:
    """Cut a text into words with the blanks before them, or into larger parts if there would be too many."""
    words = re.findall(r"\s*\S+|\s+$", text)
    size = -(-len(words) // MAX_DELTAS) or 1
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]


def message_deltas(message: Body) -> Iterator[Event]:
    """Tell a message's content piece by piece; each text's annotations come last."""
    for index, part in enumerate(message["content"]):
        if part["type"] != "text":
            yield _message_delta(message, {"index": index, **part})
            continue
        for position, piece in enumerate(pieces(part["text"]["value"])):
            text = {"value": piece, "annotations": []} if position == 0 else {"value": piece}
            yield _message_delta(message, {"index": index, "type": "text", "text": text})
        notes = [{"index": number, **note} for number, note in enumerate(part["text"]["annotations"])]
        if notes:
            yield _message_delta(message, {"index": index, "type": "text", "text": {"annotations": notes}})


def _message_delta(message: Body, content: Body) -> Event:
    data = {"id": message["id"], "object": "thread.message.delta", "delta": {"content": [content]}}
    return Event("thread.message.delta", data)


def step_delta(step_id: str, call: Body) -> Event:
    """Tell a change of one tool call; `call` has its `index` and `type`."""
    details = {"type": "tool_calls", "tool_calls": [call]}
    data = {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}
    return Event("thread.run.step.delta", data)


def function_deltas(step: Body) -> Iterator[Event]:
    """Tell the function calls of a step: each call's name first, then its arguments piece by piece."""
    for index, call in enumerate(step["step_details"]["tool_calls"]):
        function = {"name": call["function"]["name"], "arguments": "", "output": None}
        yield step_delta(step["id"], {"index": index, "id": call["id"], "type": "function", "function": function})
        for piece in pieces(call["function"]["arguments"]):
            yield step_delta(step["id"], {"index": index, "type": "function", "function": {"arguments": piece}})
