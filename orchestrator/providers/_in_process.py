"""Requests to an application in this process, whose replies are read as they are written.

httpx2's own transport gives a reply when it is whole; a stream of events without an end never is.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx2

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class InProcess(httpx2.AsyncBaseTransport):
    """Hands requests to an ASGI application."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Give the reply once it has begun; what the application raises before that is raised here."""
        exchange = _Exchange(request)
        task = asyncio.ensure_future(self._app(_scope(request), exchange.receive, exchange.send))
        task.add_done_callback(exchange.ended)
        try:
            status, headers = await exchange.begun
        except BaseException:  # cancelled or failed: nobody will read what it still writes
            task.cancel()
            raise
        return httpx2.Response(status, headers=headers, stream=_Body(exchange, task))


class _Exchange:
    """One request and its reply, between the client and the application."""

    def __init__(self, request: httpx2.Request) -> None:
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            raise TypeError("an asynchronous client sends asynchronous bodies")
        self._given = request.stream.__aiter__()
        self._sent_all = False
        self.gone = asyncio.Event()
        self.begun: asyncio.Future[tuple[int, Any]] = asyncio.get_running_loop().create_future()
        self.chunks: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def receive(self) -> Message:
        if self._sent_all:
            await self.gone.wait()
            return {"type": "http.disconnect"}
        chunk = await anext(self._given, None)
        self._sent_all = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": not self._sent_all}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun.set_result((message["status"], message.get("headers", [])))
        elif message["type"] == "http.response.body":
            if message.get("body"):
                self.chunks.put_nowait(message["body"])
            if not message.get("more_body", False):
                self.chunks.put_nowait(None)
                self.gone.set()

    def ended(self, task: asyncio.Future[None]) -> None:
        """Take note that the application is done, however it ended."""
        self.chunks.put_nowait(None)
        if not self.begun.done():
            error = None if task.cancelled() else task.exception()
            self.begun.set_exception(error or RuntimeError("the application ended without a reply"))


class _Body(httpx2.AsyncByteStream):
    """The body of a reply, as it comes."""

    def __init__(self, exchange: _Exchange, task: asyncio.Future[None]) -> None:
        self._exchange = exchange
        self._task = task

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._exchange.chunks.get()) is not None:
            yield chunk
        await self._task  # a bug of the application's is not to pass for a reply

    async def aclose(self) -> None:
        """Tell the application that nobody reads on."""
        self._exchange.gone.set()
        if not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _scope(request: httpx2.Request) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
