"""A Chat-Completions API for tests: it answers what it was told to, and notes what it was asked."""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
MODELS = ("llama3.2", "qwen3")


def says(text: Any, finish: str = "stop", **message: Any) -> Json:
    """Give a reply with this text, or these parts of one."""
    return {
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 7, "total_tokens": 1007},
    }


def calls(*wanted: tuple[str, Any], finish: str = "tool_calls") -> Json:
    """Give a reply that calls functions; arguments that are no text are written as JSON."""
    made = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(wanted)
    ]
    return says(None, finish, tool_calls=made)


def error(status: int, message: str, **more: Any) -> JSONResponse:
    """Give a refusal."""
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error", **more}}, status)


def shopkeeper(body: Json) -> Json:
    """Answer as a model that looks orders up, searches for policies and runs code for sums."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        before = [m for m in body["messages"] if m["role"] == "assistant" and m.get("tool_calls")][-1]
        name = before["tool_calls"][0]["function"]["name"]
        return says("Within 30 days 【1】." if name == "file_search" else f"It is {last['content'].strip()}.")
    text = last["content"]
    if "A-1" in text:
        return calls(("look_up", {"id": "A-1"}))
    if "return" in text:
        return calls(("file_search", {"query": "returns"}))
    if "sum" in text:
        return calls(("code_interpreter", {"code": "print(1 + 2)"}))
    return says("Goodbye")


class Chat:
    """The API: `answer` is given each body and gives a reply, or a whole response; `hang` leaves all unanswered."""

    def __init__(
        self, answer: Callable[[Json], Mapping[str, Any] | Response] = shopkeeper, key: str | None = None
    ) -> None:
        self._answer, self._key = answer, key
        self.hang = False
        self.bodies: list[Json] = []
        self.asked, self.hung_up = threading.Event(), threading.Event()

    @property
    def app(self) -> Starlette:
        """The same as an application: `POST /v1/chat/completions` and `GET /v1/models`."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/v1/models", self._models),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if self._key is None or given == f"Bearer {self._key}":
            return None
        return error(401, f"Incorrect API key provided: {given.removeprefix('Bearer ')}")

    async def _complete(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        self.bodies.append(await request.json())
        self.asked.set()
        while self.hang:
            if await request.is_disconnected():
                self.hung_up.set()
                break
            await asyncio.sleep(0.01)
        answer = self._answer(self.bodies[-1])
        return answer if isinstance(answer, Response) else JSONResponse(dict(answer))

    async def _models(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})
