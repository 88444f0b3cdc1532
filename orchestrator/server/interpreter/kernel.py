"""One Jupyter kernel in its sandbox: runs one call at a time, keeps state between calls, and can always be stopped.

This is the only module that imports Jupyter and ZeroMQ; `pool.py` loads it with the first call that runs code.
The kernel runs the user's code in its own process, so nothing it sends is believed before it is looked at.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.output import Output
from orchestrator.server.interpreter.process import KernelStartError, Started, kill, start_kernel
from orchestrator.server.interpreter.sandbox import Sandbox
from orchestrator.server.interpreter.watch import watch
from orchestrator.server.interpreter.workspace import Workspace
from orchestrator.server.tools import Execution

_MESSAGE_BYTES = 32 << 20  # ZeroMQ cuts off who sends more at once: a bound on the server's memory
_SKIPPED_BYTES = 64 << 10  # the message that ends a call is far shorter
_QUIET_MS = 2_000
_HELLO_MS = 50
_LAST_WORDS_SECONDS = 0.1
_T = TypeVar("_T")


class _LostError(Exception):
    """The kernel's messages stopped, or make no sense: there is nothing to wait for."""


class Kernel:
    """A running kernel; made by `start`, ended by `close`. Its calls must not overlap."""

    def __init__(self, started: Started, limits: Limits) -> None:
        self._started = started
        self._limits = limits
        self._end_reason: str | None = None
        self._closed = False
        self._workspace = Workspace(started.work_dir, limits)
        self._session = Session(key=started.key.encode(), signature_scheme="hmac-sha256")
        self._context = zmq.asyncio.Context()
        # Connected once only: afterwards the code in the sandbox could put something else in a socket's place.
        for option, value in ((zmq.LINGER, 0), (zmq.MAXMSGSIZE, _MESSAGE_BYTES), (zmq.RECONNECT_IVL, -1)):
            self._context.setsockopt(option, value)
        self._shell = self._connect(zmq.DEALER, "shell_port")
        self._control = self._connect(zmq.DEALER, "control_port")
        self._iopub = self._connect(zmq.SUB, "iopub_port")
        self._iopub.setsockopt(zmq.SUBSCRIBE, b"")
        self._exit = asyncio.ensure_future(started.process.wait())
        self._watch = asyncio.ensure_future(watch(started.process.pid, limits))
        self._watch.add_done_callback(self._on_watch)

    @classmethod
    async def start(cls, sandbox: Sandbox, limits: Limits) -> "Kernel":
        """Start a sandbox and its kernel; raises KernelStartError when it does not come up."""
        kernel = cls(await start_kernel(sandbox, limits), limits)
        try:
            async with asyncio.timeout(limits.start_seconds):
                await kernel._greet()
        except (TimeoutError, _LostError) as error:
            await kernel.close()
            raise KernelStartError("the kernel started but did not answer") from error
        except asyncio.CancelledError:
            await kernel.close()
            raise
        return kernel

    @property
    def end_reason(self) -> str | None:
        """Why the kernel is no longer there, as words for the user; None while it lives."""
        if self._end_reason is None and self._exit.done():
            self._end_reason = f"its process ended with exit status {self._exit.result()}"
        return self._end_reason

    async def execute(self, code: str, files: Sequence[tuple[str, bytes]]) -> Execution:
        """Run code with these files in the working directory; whatever goes wrong in it is in the result.

        Cancelling interrupts the code, and ends the kernel if that does not stop it.
        """
        output = Output(self._limits)
        for remark in await _in_thread(lambda: self._workspace.place(files)):
            output.remark(f"[{remark}]")
        flooded = asyncio.Event()
        running = asyncio.ensure_future(self._run(code, output, flooded))
        try:
            problem = await self._attend(running, flooded)
        except asyncio.CancelledError:
            await self._halt(running)
            raise
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)  # whatever it says is in the result by now
        collected = await _in_thread(self._workspace.collect)
        for remark in collected.remarks:
            output.remark(f"[{remark}]")
        return Execution(output.get_logs(), tuple(output.images), collected.files, problem or output.error)

    def end(self, reason: str) -> None:
        """Kill the sandbox at once; the first reason is the one that is told. `close` is still to be called."""
        if self._end_reason is None and self._exit.done():
            return
        self._end_reason = self._end_reason or reason
        kill(self._started.process)

    async def close(self, reason: str = "it was closed") -> None:
        """End the sandbox and give everything back; twice does no harm."""
        if self._closed:
            return
        self._closed = True
        self.end(reason)
        self._watch.cancel()
        self._context.destroy(linger=0)
        self._workspace.close()
        os.close(self._started.channel_dir)
        endings: set[asyncio.Future[Any]] = {self._exit, self._watch}
        await asyncio.wait(endings)

    async def _attend(self, running: "asyncio.Future[None]", flooded: asyncio.Event) -> str | None:
        """Wait for the end of the call and stop it at its limits; returns what is wrong beyond the code's own error."""
        limits = self._limits
        flood = asyncio.ensure_future(flooded.wait())
        events: set[asyncio.Future[Any]] = {running, flood, self._exit}
        try:
            done, _ = await asyncio.wait(events, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flood.cancel()
        if running in done:
            error = running.exception()
            if error is None:
                return None
            self.end(str(error))
            return _lost(f"the call was not followed to its end: {error}")
        if self._exit in done:
            await asyncio.wait({running}, timeout=_LAST_WORDS_SECONDS)
            return _lost(f"the Python process was ended: {self.end_reason}")
        if flood in done:
            problem = f"the code printed more than {limits.output_bytes} bytes"
        else:
            problem = f"the code ran over {limits.seconds:g} s"
        if await self._halt(running):
            return f"{problem} and was interrupted; variables and files are kept"
        return _lost(f"{problem}; {self.end_reason}")

    async def _halt(self, running: "asyncio.Future[None]") -> bool:
        """Interrupt the call, end the kernel if that does not help; whether the kernel lives on."""
        try:
            await self._send(self._control, "interrupt_request", {})
            events: set[asyncio.Future[Any]] = {running, self._exit}
            await asyncio.wait(events, timeout=self._limits.grace_seconds, return_when=asyncio.FIRST_COMPLETED)
        except _LostError as error:
            self.end(str(error))
        except asyncio.CancelledError:
            self.end("it was stopped")
            raise
        if running.done() and running.exception() is None:
            return True
        self.end(f"it did not stop within {self._limits.grace_seconds:g} s of an interrupt")
        return False

    def _on_watch(self, task: "asyncio.Future[str]") -> None:
        if not task.cancelled():
            self.end(task.result())

    async def _greet(self) -> None:
        """Wait until a question's echo comes over the output channel too: messages before that would be lost."""
        while not await self._iopub.poll(_HELLO_MS):
            if self._exit.done():
                raise _LostError("the process ended")
            await self._send(self._shell, "kernel_info_request", {})

    async def _run(self, code: str, output: Output, flooded: asyncio.Event) -> None:
        """Send the code and read what comes of it until the kernel is idle again."""
        question = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        request = await self._send(self._shell, "execute_request", question)
        answered = False
        received = 0
        while True:
            if not await self._iopub.poll(_QUIET_MS):
                # The reply comes on another channel just before the last output: long after it nothing will come.
                if answered:
                    raise _LostError(f"its output stopped (one message may have at most {_MESSAGE_BYTES >> 20} MiB)")
                answered = await self._drain_replies(request)
                continue
            parts = await self._iopub.recv_multipart()
            size = sum(map(len, parts))
            received += size
            if received > self._limits.output_bytes:
                flooded.set()
                if size > _SKIPPED_BYTES:
                    continue
            kind, parent, content = self._decode(parts)
            if parent != request:
                continue
            if kind == "status" and content.get("execution_state") == "idle":
                await self._drain_replies(request)
                return
            output.feed(kind, content)

    async def _drain_replies(self, request: str) -> bool:
        """Take the replies that are there, which nobody reads otherwise; whether the request's is among them."""
        found = False
        while await self._shell.poll(0):
            _, parent, _ = self._decode(await self._shell.recv_multipart())
            found = found or parent == request
        return found

    def _connect(self, kind: int, port: str) -> zmq.asyncio.Socket:
        socket = self._context.socket(kind)
        socket.connect(self._started.get_address(port))
        return socket

    async def _send(self, socket: zmq.asyncio.Socket, kind: str, content: dict[str, Any]) -> str:
        """Send a request and return its id."""
        message = self._session.msg(kind, content)
        try:
            await socket.send_multipart(self._session.serialize(message), flags=zmq.NOBLOCK)
        except zmq.Again:
            raise _LostError("it does not take messages any more") from None
        return str(message["msg_id"])

    def _decode(self, parts: list[bytes]) -> tuple[str, str, Mapping[str, Any]]:
        """A message's type, the id of the request it belongs to, and its content."""
        try:
            _, body = self._session.feed_identities(parts)
            message = self._session.deserialize(body)
            kind, parent = str(message["msg_type"]), str(message["parent_header"].get("msg_id"))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise _LostError("its messages cannot be read") from error
        content = message["content"]
        return kind, parent, content if isinstance(content, dict) else {}


def _lost(problem: str) -> str:
    return f"{problem}; variables and files are lost, the next call starts anew"


async def _in_thread(work: Callable[[], _T]) -> _T:
    """Run file work beside the event loop; when cancelled, still wait for it: it uses handles that close soon."""
    future = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait({future})
        raise
