"""The server as one ASGI application: settings in, Starlette out.

Importing this module loads no parser, no kernel and no search: tools come in through `Settings`.
"""

import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.server.addresses import is_loopback
from orchestrator.server.agents.sessions import Sessions
from orchestrator.server.models.interface import Model
from orchestrator.server.objects import RUN_SECONDS
from orchestrator.server.responses.conversations import Conversations
from orchestrator.server.responses.responses import Responses
from orchestrator.server.routes import (
    agents,
    assistants,
    conversations,
    messages,
    models,
    responses,
    runs,
    sessions,
    steps,
    threads,
)
from orchestrator.server.routes.http import Services
from orchestrator.server.runs.drive import Parts
from orchestrator.server.runs.engine import BEAT_SECONDS, Engine
from orchestrator.server.runs.events import Feed
from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.runs.toolwork import Toolbox
from orchestrator.server.store import Store, UnknownCursorError
from orchestrator.server.tools import CodeRunner, Files, Searcher, VectorStores
from orchestrator.server.wire import WireError, not_built, unknown_cursor

log = logging.getLogger("orch.server")

_METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH")
_APIS = {
    "files": "files: it was started without them",
    "vector_stores": "vector stores: it was started without them",
    "uploads": "uploads in parts (/uploads); send the whole file to /files",
    "chat": "chat completions; it speaks the Assistants protocol",
    "responses/input_tokens": "a count of an input's tokens (/responses/input_tokens)",
    "responses/compact": "compaction of a talk (/responses/compact)",
    "agents/environments": "environments of agents",
    "agents/automations": "automations of agents",
    "vaults": "vaults",
    "skills": "skills",
}
"""What the hosted API has below these paths, where this server has no routes of its own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is made of. Store and tools belong to the caller; `assembly.assemble` fills all of it."""

    store: Store
    models: Sequence[Model] = ()
    code_runner: CodeRunner | None = None
    searcher: Searcher | None = None
    files: Files | None = None
    vector_stores: VectorStores | None = None
    routes: Sequence[BaseRoute] = ()
    """Routes beyond assistants, threads and runs: files, vector stores. Without `/v1`."""

    on_start: Sequence[Callable[[], None]] = ()
    """Called before the server begins to work on runs."""

    on_stop: Sequence[Callable[[], Awaitable[None]]] = ()
    """Awaited in this order when the server has stopped working on runs."""

    api_key: str | None = field(default=None, repr=False)
    """Asked of every request if set; a server beyond loopback must have one."""

    run_seconds: int = RUN_SECONDS
    beat_seconds: float = BEAT_SECONDS
    poll_after_ms: int = 20
    """How soon a client that polls a run should ask again."""


def create_app(settings: Settings) -> Starlette:
    """Build the application. It works on runs while `running(app)` is open: a server's lifespan opens it."""
    tools = Toolbox(settings.store, settings.code_runner, settings.searcher, settings.files, settings.vector_stores)
    parts = Parts(settings.store, ActiveRuns(settings.store), Feed(), tuple(settings.models), tools)
    engine = Engine(parts, run_seconds=settings.run_seconds, beat_seconds=settings.beat_seconds)
    app = Starlette(
        routes=[*_routes(settings.routes)],
        middleware=[Middleware(_Door, api_key=settings.api_key)],
        exception_handlers={
            WireError: _on_wire_error,
            UnknownCursorError: _on_unknown_cursor,
            HTTPException: _on_http_error,
            Exception: _on_bug,
        },
        lifespan=running,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    talks = Sessions(settings.store, parts.active, engine)
    answers = Responses(settings.store, parts.active, engine, parts.models)
    app.state.services = Services(
        settings.store,
        engine,
        talks,
        answers,
        Conversations(settings.store, answers),
        tools,
        parts.models,
        settings.poll_after_ms,
    )
    return app


@contextlib.asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[None]:
    """Work on runs while this is open; for use of the app in process, over an ASGI transport."""
    settings = cast(Settings, app.state.settings)
    services = cast(Services, app.state.services)
    try:
        for begin in settings.on_start:
            begin()
        await services.engine.start()
        yield
    finally:
        await services.engine.stop()
        end_streams(app)
        for end in settings.on_stop:
            await end()


def end_streams(app: Starlette) -> None:
    """End the streams that have no end of their own, so that a server that stops need not wait for them."""
    cast(Services, app.state.services).sessions.feed.end_all()


def _routes(more: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    # /threads/runs stands before /threads/{thread_id}, and so with what lies below /agents
    built = {route.path.split("/")[1] for route in more if isinstance(route, Route)}
    missing = {name: what for name, what in _APIS.items() if name not in built}
    for name, what in missing.items():
        yield Route(f"/{name}", _NotBuilt(what), methods=_METHODS)
        yield Route(f"/{name}/{{rest:path}}", _NotBuilt(what), methods=_METHODS)
    for module in (assistants, runs, threads, messages, steps, models, sessions, agents, responses, conversations):
        for endpoint in module.ENDPOINTS:
            yield Route(endpoint.path, endpoint.handler, methods=[endpoint.method])
    yield from more


class _NotBuilt:
    """Answers for an API that this server does not have."""

    def __init__(self, what: str) -> None:
        self._what = what

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise not_built(self._what)


class _Door:
    """Around every request: `/v1` or not, the key, an id for the reply, one line in the log."""

    def __init__(self, app: ASGIApp, api_key: str | None) -> None:
        self._app = app
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        request_id = scope["orch_request_id"] = f"req_{secrets.token_hex(16)}"

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            refusal = self._refusal(Headers(scope=scope))
            if refusal is not None:
                await _error_reply(refusal)(scope, receive, send_with_id)
            else:
                await self._app({**scope, "path": _unversioned(scope["path"])}, receive, send_with_id)
        finally:
            took = (time.perf_counter() - started) * 1000
            log.info("%s %s %d %.1f ms", scope["method"], ascii(scope["path"])[1:-1], status, took)

    def _refusal(self, headers: Headers) -> WireError | None:
        if self._api_key is None:
            # Without a key any web page in a browser on this machine could send requests here.
            origin = headers.get("origin")
            if origin is not None and not is_loopback(urlsplit(origin).hostname or ""):
                return WireError(403, f"Requests from the web page {origin} are refused; start the server with a key.")
            # A page may also have its own name point to this machine (DNS rebinding); the name tells.
            name = headers.get("host", "localhost")
            if not is_loopback(urlsplit(f"//{name}").hostname or ""):
                return WireError(403, f"Requests to the name {name} are refused; start the server with a key.")
            return None
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return WireError(
                401,
                "You didn't provide an API key. You need to provide your API key in an Authorization header "
                "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            )
        if not secrets.compare_digest(key.encode(), self._api_key.encode()):
            return WireError(401, "Incorrect API key provided.", code="invalid_api_key")
        return None


def _unversioned(path: str) -> str:
    return path[3:] or "/" if path == "/v1" or path.startswith("/v1/") else path


def _error_reply(error: WireError) -> Response:
    return JSONResponse(error.to_json(), status_code=error.status)


async def _on_wire_error(request: Request, error: Exception) -> Response:
    return _error_reply(cast(WireError, error))


async def _on_unknown_cursor(request: Request, error: Exception) -> Response:
    return _error_reply(unknown_cursor(cast(UnknownCursorError, error)))


async def _on_http_error(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    what = f"({request.method} {request.url.path})"
    if status == 404:
        return _error_reply(WireError(404, f"Invalid URL {what}"))
    if status == 405:
        return _error_reply(WireError(405, f"Invalid method for URL {what}", code="method_not_supported"))
    return _error_reply(WireError(status, cast(HTTPException, error).detail))


async def _on_bug(request: Request, error: Exception) -> Response:
    """A bug of ours: Starlette raises it again for the log once the client has its answer."""
    request_id: Any = request.scope.get("orch_request_id")
    message = "The server had an error while processing your request. Its log has the details."
    reply = _error_reply(WireError(500, message, type="server_error"))
    reply.headers["x-request-id"] = str(request_id)
    return reply
