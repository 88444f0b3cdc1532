"""A line between client and server that fails on demand: at the k-th request, in one of the ways such things fail."""

import asyncio
import json
import os
import signal
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

KILLS = ("kill before the request", "kill before the reply", "kill after the reply")
FAULTS = (
    "timeout before",
    "timeout after",
    "reset before",
    "reset after",
    "429",
    "429 with Retry-After",
    "500 before",
    "500 after",
    "409",
    "truncated",
)


@dataclass(slots=True)
class Line:
    """A proxy on a port of its own; one request a connection, so that every one can be told and failed alone."""

    upstream: int
    """Port of the server."""
    prefix: str = ""
    """Requests whose path begins with this are counted; others are of a case that is over."""
    way: str = ""
    """How the request fails; none does where this is empty."""
    number: int = 0
    """Which request fails, from 1."""
    victim: int = 0
    """Process that is killed."""
    struck: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    """What a reply waits for that is held (the way `hold`)."""
    seen: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None] | None] = field(default_factory=set)

    def begin(self, prefix: str, way: str = "", number: int = 0) -> None:
        """Start counting anew."""
        self.prefix, self.way, self.number, self.victim, self.struck, self.seen = prefix, way, number, 0, False, []

    @property
    def busy(self) -> bool:
        """Tell whether anything that was sent is still being answered: a killed client's last requests are, too."""
        return bool(self._tasks)

    async def serve(self, ready: Callable[[int], None]) -> None:
        """Listen until cancelled; tells the port."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        async with server:
            ready(server.sockets[0].getsockname()[1])
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)  # the loop itself holds none, and what nobody holds may be collected while it waits
        try:
            await self._pass_on(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is dead, which is what was wanted
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await _request(reader)
        way = self._way(head.split(b"\r\n", 1)[0].decode())
        if way == "kill before the request":
            os.kill(self.victim, signal.SIGKILL)
            return
        if way in ("timeout before", "reset before", "429", "429 with Retry-After", "500 before", "409"):
            await self._refuse(way, reader, writer)
            return
        reply = await self._ask(head, body)
        if way == "hold":
            await asyncio.to_thread(self.released.wait, 30)
        if way == "kill before the reply":
            os.kill(self.victim, signal.SIGKILL)
        elif way == "kill after the reply":
            os.kill(self.victim, signal.SIGSTOP)  # it has the reply, and does not get to read it
            writer.write(reply)
            await writer.drain()
            os.kill(self.victim, signal.SIGKILL)
        elif way in ("timeout after", "reset after", "500 after"):
            await self._refuse(way, reader, writer)
        elif way == "truncated":
            writer.write(_cut(reply))
            await writer.drain()
        else:
            writer.write(reply)
            await writer.drain()

    def _way(self, first: str) -> str:
        method, target, _ = first.split(" ")
        if not target.startswith(self.prefix):
            return ""
        self.seen.append(f"{method} {target.removeprefix(self.prefix)}")
        if len(self.seen) != self.number:
            return ""
        self.struck = True
        return self.way

    async def _refuse(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if way.startswith("timeout"):
            await reader.read()  # until the client has had enough
        elif way.startswith("reset"):
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            more = "Retry-After: 1\r\n" if way.endswith("Retry-After") else ""
            writer.write(_refusal(int(way[:3]), more))
            await writer.drain()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        writer.write(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]) + body)
        await writer.drain()
        try:
            return await reader.read()
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one request: its head with the empty line, and its body as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return head, await reader.readuntil(b"0\r\n\r\n")
    return head, await reader.readexactly(int(fields.get(b"content-length", b"0")))


def _refusal(status: int, headers: str) -> bytes:
    error = {"message": "told to fail", "type": "server_error", "param": None, "code": None}
    body = json.dumps({"error": error})
    return (
        f"HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"{headers}Connection: close\r\n\r\n{body}"
    ).encode()


def _cut(reply: bytes) -> bytes:
    """Give a reply with the second half of its body gone and a length that agrees."""
    head, body = reply.split(b"\r\n\r\n", 1)
    half = body[: len(body) // 2]
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([*lines, f"Content-Length: {len(half)}".encode(), b"", half])
