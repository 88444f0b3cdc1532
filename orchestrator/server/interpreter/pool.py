"""A kernel per thread: the `CodeRunner` that the server is given.

Light to import: Jupyter and ZeroMQ come in with the first call that runs code, so a server that runs none starts
without them, and one that lacks them says what to install.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.lookup import find_sandbox
from orchestrator.server.interpreter.process import KernelStartError
from orchestrator.server.interpreter.sandbox import Sandbox
from orchestrator.server.tools import CodeUnavailableError, Execution

if TYPE_CHECKING:
    from orchestrator.server.interpreter.kernel import Kernel

_KERNEL_MODULE = "orchestrator.server.interpreter.kernel"
_STOPPED = "the server stopped"
_REMEMBERED = 10_000  # threads of which we still know that their session ended, and why


class KernelPool:
    """Runs code, each thread's in a kernel of its own that keeps its variables and files between calls.

    All calls come from one event loop; `close` ends every kernel and comes last.
    """

    def __init__(
        self, limits: Limits | None = None, find: Callable[[Limits], Awaitable[Sandbox]] = find_sandbox
    ) -> None:
        self._limits = limits or Limits()
        self._find = find
        self._sandbox: Sandbox | None = None
        self._closed = False
        self._seats = asyncio.Semaphore(self._limits.kernels)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # gone with its last waiter
        self._running: set[str] = set()
        self._kernels: dict[str, Kernel] = {}  # least recently used first
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._ended: dict[str, str] = {}

    @property
    def thread_ids(self) -> tuple[str, ...]:
        """The threads that have a kernel now, least recently used first."""
        return tuple(self._kernels)

    async def run(self, thread_id: str, code: str, files: Sequence[tuple[str, bytes]] = ()) -> Execution:
        """Run code in the thread's kernel, with these files (name, content) in its working directory.

        Calls of one thread wait for each other. What goes wrong in the code is in the result.
        Raises CodeUnavailableError: there is no sandbox on this machine, or no kernel starts in it.
        """
        turn = self._turns.get(thread_id) or asyncio.Lock()
        self._turns[thread_id] = turn
        async with turn, self._seats:
            if self._closed:
                raise CodeUnavailableError("code_interpreter cannot run: the server is stopping")
            self._running.add(thread_id)
            try:
                return await self._run(thread_id, code, files)
            finally:
                self._running.discard(thread_id)
                self._settle(thread_id)

    async def close(self) -> None:
        """End every kernel; a call that is still running gets that as its error."""
        self._closed = True
        for kernel in self._kernels.values():
            kernel.end(_STOPPED)
        for _ in range(self._limits.kernels):  # with all seats taken, no call is running
            await self._seats.acquire()
        for thread_id in self.thread_ids:
            self._retire(thread_id, _STOPPED)
        await asyncio.gather(*self._closing)
        for _ in range(self._limits.kernels):
            self._seats.release()

    async def _run(self, thread_id: str, code: str, files: Sequence[tuple[str, bytes]]) -> Execution:
        if timer := self._timers.pop(thread_id, None):
            timer.cancel()
        kernel = self._kernels.get(thread_id)
        if kernel is None or kernel.end_reason is not None:
            kernel = await self._start(thread_id)
        execution = await kernel.execute(code, files)
        why = self._ended.pop(thread_id, None)
        if why is None:
            return execution
        note = f"[this is a new Python session, earlier variables and files are gone: {why}]\n"
        return replace(execution, logs=note + execution.logs)

    async def _start(self, thread_id: str) -> "Kernel":
        """Start a kernel, in the place of a dead one of this thread or of an idle one where there are too many."""
        self._settle(thread_id)
        if self._sandbox is None:
            self._sandbox = await self._find(self._limits)
        while len(self._kernels.keys() | self._running) > self._limits.kernels:
            idle = next(thread for thread in self._kernels if thread not in self._running)
            self._retire(idle, "it was closed to make room for another thread")
        # By name: a server that never runs code must neither need nor wait for what this module imports.
        module = await asyncio.to_thread(importlib.import_module, _KERNEL_MODULE)
        kernel_type: type[Kernel] = module.Kernel
        try:
            kernel = await kernel_type.start(self._sandbox, self._limits)
        except KernelStartError as error:
            raise CodeUnavailableError(f"code_interpreter cannot run: its kernel did not start: {error}") from error
        self._kernels[thread_id] = kernel
        if self._closed:
            kernel.end(_STOPPED)
        return kernel

    def _settle(self, thread_id: str) -> None:
        """Note where a thread's kernel stands after a call: used last, and from now on idle; or ended."""
        kernel = self._kernels.get(thread_id)
        if kernel is None:
            return
        if kernel.end_reason is not None:
            self._retire(thread_id, kernel.end_reason)
            return
        self._kernels[thread_id] = self._kernels.pop(thread_id)
        seconds = self._limits.idle_seconds
        self._timers[thread_id] = asyncio.get_running_loop().call_later(
            seconds, self._retire, thread_id, f"it was closed after {seconds:g} s without use"
        )

    def _retire(self, thread_id: str, reason: str) -> None:
        """Take a kernel out of the pool and end it; its thread will be told why."""
        kernel = self._kernels.pop(thread_id)
        if timer := self._timers.pop(thread_id, None):
            timer.cancel()
        self._ended[thread_id] = kernel.end_reason or reason
        while len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        closing = asyncio.ensure_future(kernel.close(reason))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
