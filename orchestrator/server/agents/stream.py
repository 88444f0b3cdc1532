"""The events of sessions: who listens to one, and what the events of a run mean there.

Streams never replay, and only the process that works on a session can stream it; what a listener missed is in the
session and its items.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from orchestrator.server.agents.turns import call_item, command_item, message_item, turn_id, turn_of
from orchestrator.server.runs.events import Event, pieces
from orchestrator.server.runs.transitions import TERMINAL
from orchestrator.server.store import Body
from orchestrator.server.wire import new_id

_TURN = "agent.session.turn"
_ENDS = {"completed": "completed", "cancelled": "cancelled"}


class SessionFeed:
    """Hands the events of sessions to those who listen."""

    def __init__(self) -> None:
        self._queues: dict[str, list[asyncio.Queue[bytes | None]]] = {}

    def has_listeners(self, session_id: str) -> bool:
        """Whether anybody listens."""
        return session_id in self._queues

    def publish(self, to: str, type: str, /, **fields: Any) -> None:
        """Give an event to whoever listens to the session `to`."""
        queues = self._queues.get(to, ())
        if queues:
            event = {"type": type, "event_id": new_id("evt_"), **fields}
            frame = f"event: {type}\nid: {event['event_id']}\ndata: {json.dumps(event)}\n\n".encode()
            for queue in queues:
                queue.put_nowait(frame)

    def end(self, session_id: str) -> None:
        """End the streams of a session that is gone."""
        for queue in self._queues.get(session_id, ()):
            queue.put_nowait(None)

    def end_all(self) -> None:
        """End every stream: the server stops."""
        for session_id in list(self._queues):
            self.end(session_id)

    def listen(self, session_id: str) -> AsyncIterator[bytes]:
        """Stream a session's events from this call on, until the session or the server ends."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._queues.setdefault(session_id, []).append(queue)
        return self._stream(session_id, queue)

    async def _stream(self, session_id: str, queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            staying = [other for other in self._queues.pop(session_id, ()) if other is not queue]
            if staying:
                self._queues[session_id] = staying


class TurnTeller:
    """Tells a session's listeners what happens in one of its turns, from the events of the run.

    `view` gives the session as it is now; `told` is how many items the turn has put out so far.
    """

    def __init__(self, feed: SessionFeed, session_id: str, view: Callable[[], Body | None], told: int = 0) -> None:
        self._feed = feed
        self._session_id = session_id
        self._view = view
        self._index = told
        self._begun = told > 0

    def __call__(self, event: Event) -> None:
        """Hear an event of the run."""
        if not self._feed.has_listeners(self._session_id):
            return
        if event.name == "thread.message.completed":
            self._tell_message(event.data)
        elif event.name == "thread.run.step.completed":
            self._tell_commands(event.data)
        elif event.name == "error":
            error = {**event.data, "code": event.data.get("code") or "internal_error"}
            self._feed.publish(self._session_id, "error", session_id=self._session_id, error=error)
        elif event.name.startswith("thread.run.") and not event.name.startswith("thread.run.step."):
            self._tell_run(event.data)

    def session(self, status: str) -> None:
        """Tell the status the session is in now."""
        session = self._view()
        if session is not None:
            self._feed.publish(self._session_id, f"agent.session.{status}", session=session)

    def turn(self, run: Body, status: str) -> None:
        """Tell the status a turn is in now."""
        turn = turn_of(run)
        usage = {"usage": turn["usage"]} if run["status"] in TERMINAL else {}
        self._publish(run["id"], status, turn=turn, **usage)

    def item(self, run: str, item: Body) -> None:
        """Tell an item that came from the client."""
        self._publish(run, "item.added", item=item, output_index=None)

    def _tell_run(self, run: Body) -> None:
        status = run["status"]
        if status == "in_progress":
            if not self._begun:
                self.turn(run, "in_progress")
            self._begun = True
        elif status == "requires_action":
            for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]:
                item = call_item(run["id"], call)
                self._publish(run["id"], "item.added", item={**item, "status": "in_progress"}, output_index=self._index)
                self._publish(run["id"], "item.done", item=item, output_index=self._index)
                self._index += 1
            self.session("requires_action")
        elif status in TERMINAL:
            self.turn(run, _ENDS.get(status, "failed"))
            self.session("idle")

    def _tell_commands(self, step: Body) -> None:
        for call in step["step_details"].get("tool_calls") or ():
            if call["type"] == "code_interpreter":
                item, run = command_item(step["run_id"], call), step["run_id"]
                begun = {**item, "status": "in_progress", "output": None}
                self._publish(run, "item.added", item=begun, output_index=self._index)
                self._publish(run, "item.done", item=item, output_index=self._index)
                self._index += 1

    def _tell_message(self, message: Body) -> None:
        item, run = message_item(message), message["run_id"]
        place = {"item_id": item["id"], "output_index": self._index}
        begun = {**item, "status": "in_progress", "content": list[Body]()}
        self._publish(run, "item.added", item=begun, output_index=self._index)
        for number, part in enumerate(item["content"]):
            for name, fields in _part_events(part):
                self._publish(run, name, **place, content_index=number, **fields)
        self._publish(run, "item.done", item=item, output_index=self._index)
        self._index += 1

    def _publish(self, run: str, name: str, **fields: Any) -> None:
        whose = {"session_id": self._session_id, "turn_id": turn_id(run)}
        self._feed.publish(self._session_id, f"{_TURN}.{name}", **whose, **fields)


def _part_events(part: Body) -> Iterator[tuple[str, Body]]:
    yield "content_part.added", {"part": {**part, "text": ""}}
    yield from (("output_text.delta", {"delta": piece}) for piece in pieces(part["text"]))
    yield "output_text.done", {"text": part["text"]}
    yield "content_part.done", {"part": part}
