"""What happens to a response, as the events of its wire, from the events of the run it is a part of.

Only the process that works on a run can stream it; what a listener missed is in the response.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from orchestrator.server.runs.engine import Engine
from orchestrator.server.runs.events import Event, pieces
from orchestrator.server.store import Body
from orchestrator.server.wire import WireError

_TELLING = ("thread.message.", "thread.run.step.completed", "thread.run.requires_action")
_ENDS = ("completed", "failed", "incomplete")
LOOK_SECONDS = 1.0
"""How long to wait for an event before the response itself is looked at."""


class Streams:
    """Who listens to the responses of one engine's runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queues: dict[str, list[asyncio.Queue[Event]]] = {}

    def open(self, run_id: str) -> "Stream":
        """Listen to a run from now on, until it ends or waits."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues.setdefault(run_id, []).append(queue)
        self._engine.feed.follow(run_id, partial(self._heard, run_id))
        return Stream(queue)

    def _heard(self, run_id: str, event: Event) -> None:
        for queue in self._queues.get(run_id, ()):
            queue.put_nowait(event)
        if event.ends_stream:
            self._queues.pop(run_id, None)


class Stream:
    """The events of one run, as far as one response goes; without a queue of one that is over."""

    def __init__(self, queue: asyncio.Queue[Event] | None = None) -> None:
        self._queue = queue if queue is not None else asyncio.Queue()

    async def ended(self) -> None:
        """Wait for the end; raises WireError 503 where this process will not see it."""
        while True:
            event = await self._queue.get()
            if event.name == "error":
                raise WireError(503, event.data["message"], type="server_error")
            if event.ends_stream:
                return

    async def events(self, view: Callable[[], Body], after: int = -1) -> AsyncIterator[bytes]:
        """Tell a response from its beginning to its end, but for the events up to the number `after`.

        `view` gives it as it is by then. What is told of an item depends on the item alone, so the numbers are the same
        whenever it is told.
        """
        number = 0
        async for name, fields in self._told(view):
            if number > after:
                yield _frame(name, number, fields)
            number += 1

    async def _told(self, view: Callable[[], Body]) -> AsyncIterator[tuple[str, Body]]:
        told, event = 0, None
        try:
            for name in ("created", "in_progress"):
                yield f"response.{name}", {"response": {**view(), **_BEGUN}}
            while True:
                seen = view()
                for index in range(told, len(seen["output"])):
                    for named in item_events(index, seen["output"][index]):
                        yield named
                told = len(seen["output"])
                if seen["status"] not in ("queued", "in_progress"):
                    status = seen["status"] if seen["status"] in _ENDS else "failed"
                    yield f"response.{status}", {"response": seen}
                    return
                if event is not None and event.name == "error":
                    yield _broken(event.data["message"])
                    return
                event = await self._next()
        except WireError as error:  # it was deleted
            yield _broken(error.message)

    async def _next(self) -> Event | None:
        """Wait for something to look at, or for a while: another process may work on the run."""
        while True:
            try:
                event = await asyncio.wait_for(self._queue.get(), LOOK_SECONDS)
            except TimeoutError:
                return None
            if event.name.startswith(_TELLING) or event.ends_stream:
                return event


_BEGUN: Body = {
    **{"status": "in_progress", "output": list[Body](), "usage": None},
    **{"completed_at": None, "error": None, "incomplete_details": None},
}
"""What a response looks like when it begins."""


def _broken(message: str) -> tuple[str, Body]:
    return "error", {"code": "server_error", "message": message, "param": None}


def _frame(name: str, number: int, fields: Mapping[str, Any]) -> bytes:
    data = json.dumps({"type": name, "sequence_number": number, **fields})
    return f"event: {name}\ndata: {data}\n\n".encode()


def item_events(index: int, item: Mapping[str, Any]) -> Iterator[tuple[str, Body]]:
    """Tell one item of the output from its beginning to its end."""
    place: Body = {"output_index": index, "item_id": item["id"]}
    yield "response.output_item.added", {"output_index": index, "item": _begun(item)}
    match item["type"]:
        case "message":
            for number, part in enumerate(item["content"]):
                yield from _part_events({**place, "content_index": number}, part)
        case "function_call":
            for piece in pieces(item["arguments"]):
                yield "response.function_call_arguments.delta", {**place, "delta": piece}
            whole = {"arguments": item["arguments"], "name": item["name"]}
            yield "response.function_call_arguments.done", {**place, **whole}
        case "file_search_call":
            for status in ("in_progress", "searching", "completed"):
                yield f"response.file_search_call.{status}", place
        case "code_interpreter_call":
            yield "response.code_interpreter_call.in_progress", place
            for piece in pieces(item["code"]):
                yield "response.code_interpreter_call_code.delta", {**place, "delta": piece}
            yield "response.code_interpreter_call_code.done", {**place, "code": item["code"]}
            yield "response.code_interpreter_call.interpreting", place
            yield "response.code_interpreter_call.completed", place
    yield "response.output_item.done", {"output_index": index, "item": dict(item)}


_EMPTY: Mapping[str, Body] = {
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "code_interpreter_call": {"code": ""},
}


def _begun(item: Mapping[str, Any]) -> Body:
    return {**item, "status": "in_progress", **_EMPTY.get(item["type"], {})}


def _part_events(place: Body, part: Mapping[str, Any]) -> Iterator[tuple[str, Body]]:
    yield "response.content_part.added", {**place, "part": {**part, "text": "", "annotations": []}}
    for piece in pieces(part["text"]):
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
    for number, note in enumerate(part["annotations"]):
        yield "response.output_text.annotation.added", {**place, "annotation_index": number, "annotation": note}
    yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**place, "part": dict(part)}
