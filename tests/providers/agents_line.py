"""A line to an Agents API that is played by a test: what a session tells, and when its stream is cut."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import httpx2

from orchestrator.providers._client import Client
from orchestrator.providers._limits import Pace
from orchestrator.providers.agents import BETAS
from orchestrator.providers.agents_conversation import AgentsConversation

TURN = "agent.session.turn."
SESSION = {"id": "sess_1", "status": "in_progress", "required_actions": []}
NUMBERS = count(1)


def tells(name: str, **fields: Any) -> bytes:
    data = {"type": name, "event_id": f"evt_{next(NUMBERS)}", "session_id": "sess_1", **fields}
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def session(status: str, **fields: Any) -> bytes:
    return tells(f"agent.session.{status}", session={**SESSION, "status": status, **fields})


def turn(status: str, id: str = "turn_1", **fields: Any) -> bytes:
    return tells(f"{TURN}{status}", turn_id=id, turn={"id": id, "status": status, "subagent_id": None, **fields})


def message(text: str, id: str = "msg_1", of: str = "turn_1") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text}]
    made = {"id": id, "type": "message", "role": "assistant", "status": "completed", "turn_id": of}
    return {**made, "content": content}


def says(text: str, id: str = "msg_1", of: str = "turn_1") -> bytes:
    return tells(f"{TURN}item.done", turn_id=of, output_index=0, item=message(text, id, of))


def call(id: str, name: str = "look_up") -> dict[str, Any]:
    return {"type": "function_call", "call_id": id, "name": name, "arguments": {}, "turn_id": "turn_1"}


CUT = b""
"""Ends a stream."""
BEGUN = (session("created"), turn("created"), session("in_progress"))
DONE = (says("hello"), turn("completed"), session("idle"))
Answers = Callable[[str, str, Any], httpx2.Response | None]


class Stream(httpx2.AsyncByteStream):
    """Gives what it is fed until it is cut."""

    def __init__(self, *frames: bytes) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.feed(*frames)

    def feed(self, *frames: bytes) -> None:
        for frame in frames:
            self._queue.put_nowait(frame)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while frame := await self._queue.get():
            yield frame

    async def aclose(self) -> None:
        """Nothing is held."""


class Line(httpx2.AsyncBaseTransport):
    """Answers by `answers(method, path, body)`; what that leaves open is 202, and a delete is done."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.seen: list[tuple[str, str, Any]] = []

    @property
    def asked(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.seen]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        content = await request.aread()
        path = request.url.path.removeprefix("/v1/agents/sessions")
        path += f"?{request.url.query.decode()}" if request.method == "GET" and not path else ""
        self.seen.append((request.method, path, json.loads(content) if content else None))
        answer = self._answers(*self.seen[-1])
        deleted = httpx2.Response(200, json={"id": "sess_1", "deleted": True})
        return answer or (deleted if request.method == "DELETE" else httpx2.Response(202))


def streamed(stream: Stream) -> httpx2.Response:
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)


def reply(value: Any, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, json=value)


def refused(text: str, status: int = 400) -> httpx2.Response:
    return reply({"error": {"message": text, "code": None, "type": None, "param": None}}, status)


def opening(stream: Stream, then: Answers = lambda method, path, body: None) -> Answers:
    """Answer the creation with a stream, and everything else as `then` does."""

    def answers(method: str, path: str, body: Any) -> httpx2.Response | None:
        return streamed(stream) if (method, path) == ("POST", "") else then(method, path, body)

    return answers


def on(answers: Answers, pace: Pace | None = None, **more: Any) -> tuple[AgentsConversation, Line]:
    line = Line(answers)
    client = Client("http://agents.example/v1", "sk-x", transport=line, betas=BETAS, pace=pace)
    return AgentsConversation(client, "agent_1", **more), line


def is_cancel(method: str, body: Any) -> bool:
    return method == "POST" and bool(body) and body.get("events", [{}])[0].get("type") == "agent.session.input.cancel"
