"""An API that knows more than orch does: around the embedded server, in its requests, replies and events.

What is newer than the embedded server is told by its name: keys that begin with `x_`, the keys in `NEWER_KEYS`, and
tools of a type that is not in `KNOWN_TOOLS`. The wrapper takes it out of what is written, keeps it by object, and puts
it into what is read, as an API does that has it: a field that is not sent again stays, one that is sent replaces the
old one whole. It also sends events that nobody knows.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NEWER_KEYS = frozenset(["azure_ai_search", "mcp"])
"""What `tool_resources` has in Foundry and nowhere else."""
KNOWN_TOOLS = frozenset(
    [
        *("code_interpreter", "file_search", "function"),
        *("tool_search", "programmatic_tool_calling", "web_search", "computer_use", "automations"),
    ]
)
OBJECTS = ("/assistants", "/agents", "/vector_stores")
STRANGE = b'event: x.never.heard\ndata: {"type": "x.never.heard", "x_what": [1], "session_id": "x"}\n\n'


class Whole:
    """A value the embedded server never sees."""

    def __init__(self, value: Any) -> None:
        self.value = value


def take(value: Any, mcp: bool = False) -> tuple[Any, Any]:
    """Split a body into what the embedded server understands and the rest, which has the same shape."""
    if isinstance(value, dict):
        plain: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for key, item in value.items():
            if key.startswith("x_") or (key in NEWER_KEYS and isinstance(item, dict | list)):
                rest[key] = Whole(item)
            elif key == "tools" and isinstance(item, list):
                plain[key], rest[key] = _take_tools(item, mcp)
            elif key == "metadata":
                plain[key] = item
            else:
                plain[key], rest[key] = take(item, mcp)
        return plain, {key: item for key, item in rest.items() if item is not None} or None
    if isinstance(value, list):
        parts = [take(item, mcp) for item in value]
        rests = [rest for _, rest in parts]
        return [plain for plain, _ in parts], rests if any(rests) else None
    return value, None


def _take_tools(tools: list[Any], mcp: bool) -> tuple[list[Any], list[Any] | None]:
    plain: list[Any] = []
    rests: list[Any] = []
    for tool in tools:
        if tool.get("type") in KNOWN_TOOLS or (mcp and tool.get("type") == "mcp"):
            known, rest = take(tool, mcp)
            plain.append(known)
            rests.append(rest)
        else:
            rests.append(Whole(tool))
    return plain, rests if any(rests) else None


def put(plain: Any, rest: Any) -> Any:
    """Join the two again."""
    if isinstance(rest, Whole):
        return rest.value
    if isinstance(rest, dict):
        given = plain if isinstance(plain, dict) else {}
        return {**given, **{key: put(given.get(key), item) for key, item in rest.items()}}
    if isinstance(rest, list):
        left = list(plain or ())
        return [item.value if isinstance(item, Whole) else put(left.pop(0), item) for item in rest] + left
    return plain


class Newer:
    """The wrapper."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.held: dict[str, dict[str, Any]] = {}
        """What is newer than the embedded server, by object."""
        self.sent: list[tuple[str, dict[str, Any]]] = []
        """Path and body of every write to an object, as it came."""
        self.strange_events = False
        """Whether streams tell of what nobody knows."""
        self.strange_sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        path = str(scope.get("path", "")).removeprefix("/v1")
        parts = path.strip("/").split("/")
        about = (
            scope["type"] == "http" and path.startswith(OBJECTS) and len(parts) <= 2 and parts != ["agents", "sessions"]
        )
        if about:
            await self._object(scope, receive, send, parts)
        elif scope["type"] == "http" and self.strange_events:
            await self._app(scope, receive, self._strangely(send))
        else:
            await self._app(scope, receive, send)

    async def _object(self, scope: Scope, receive: Receive, send: Send, parts: list[str]) -> None:
        body, rest = b"", None
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["method"] == "POST" and body:
            written = json.loads(body)
            self.sent.append(("/" + "/".join(parts), written))
            plain, rest = take(written, mcp=parts[0] == "agents")
            if len(parts) == 2:
                self._keep(parts[1], written, rest)
            body = json.dumps(plain).encode()
        headers = [item for item in scope["headers"] if item[0] != b"content-length"]
        asked = {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
        begun: list[Message] = []

        async def once() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def answered(message: Message) -> None:
            begun.append(message)

        await self._app(asked, once, answered)
        answer = b"".join(message.get("body", b"") for message in begun)
        value = json.loads(answer)
        if begun[0]["status"] == 200 and scope["method"] == "POST" and len(parts) == 1:
            self.held[value["id"]] = rest or {}
        answer = json.dumps(self._shown(value)).encode()
        kept = [item for item in begun[0]["headers"] if item[0].lower() != b"content-length"]
        await send({**begun[0], "headers": [*kept, (b"content-length", str(len(answer)).encode())]})
        await send({"type": "http.response.body", "body": answer})

    def _keep(self, id: str, written: Mapping[str, Any], rest: Mapping[str, Any] | None) -> None:
        held = {key: item for key, item in self.held.get(id, {}).items() if key not in written}
        self.held[id] = held | dict(rest or {})

    def _shown(self, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("data"), list):
            return {**value, "data": [self._shown(item) for item in value["data"]]}
        held = self.held.get(value.get("id", "")) if isinstance(value, dict) else None
        return put(value, held) if held else value

    def _strangely(self, send: Send) -> Send:
        """Send an event nobody knows before each that is sent."""
        streams: list[bool] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                streams.append(any(kind.startswith(b"text/event-stream") for kind in kinds))
            elif streams == [True] and message.get("body", b"").startswith(b"event:"):
                self.strange_sent += 1
                message = {**message, "body": STRANGE + message["body"]}
            await send(message)

        return sending
