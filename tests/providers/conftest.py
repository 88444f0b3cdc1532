"""A tiny HTTP server that answers as it is told: what a real API does only on a bad day."""

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest


@dataclass(frozen=True)
class Answer:
    """One reply; `reset` cuts the connection once `body` is sent (before anything where there is none)."""

    body: Any = field(default_factory=dict)
    """JSON data, or text sent as it is."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False


class Asked(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class TinyServer:
    """Plays its answers in order, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: list[Answer] = []
        self._lock = threading.Lock()
        tiny = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                tiny.handle(self)

            do_POST = do_DELETE = do_GET  # the names are http.server's

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output clean."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def will(self, *answers: Answer | dict[str, Any]) -> None:
        """Say what comes next: a dict is a JSON reply with status 200."""
        self._answers = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        headers = {key.lower(): value for key, value in handler.headers.items()}
        with self._lock:
            self.asked.append(Asked(handler.command, url.path, parse_qsl(url.query), headers, body))
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        if answer.reset and not isinstance(answer.body, str):
            self._reset(handler)
            return
        handler.send_response(answer.status)
        sent = {"content-type": "application/json", "content-length": str(len(text.encode()) + answer.reset)}
        for key, value in {**sent, **answer.headers}.items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(text.encode())
        if answer.reset:
            handler.close_connection = True

    def _reset(self, handler: BaseHTTPRequestHandler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def tiny_server() -> Iterator[TinyServer]:
    server = TinyServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def tiny() -> Iterator[TinyServer]:
    with tiny_server() as server:
        yield server


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


def _frames(events: Sequence[tuple[str, Any]]) -> Answer:
    text = "".join(
        f"event: {name}\ndata: {data if isinstance(data, str) else json.dumps(data)}\n\n" for name, data in events
    )
    return Answer(text, headers={"content-type": "text/event-stream"})


@pytest.fixture
def frames() -> Any:
    """Make a stream of events: `frames([("thread.created", {...}), ("done", "[DONE]")])`."""
    return _frames
