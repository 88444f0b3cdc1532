"""Keys that a command gives, such as a cloud's access tokens: asked for when needed, and again once they expired."""

import asyncio
import os
import re
import shlex
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from orchestrator.errors import TargetAccessError

SECONDS = 60.0
"""How long a command may take; a cloud's own takes a few."""
LEFT_OPEN_SECONDS = 0.5
"""How long the output of a command that has ended may stay open: something it started may hold it for ever."""
_TOKEN = re.compile(r"[\w.~+/=-]{20,}", re.ASCII)
"""A word that may be a key, where there is a digit in it: no command says which of its words are."""


class CommandKey:
    """What a command prints, kept until a target refuses it."""

    def __init__(self, command: str, folder: Path, seconds: float = SECONDS) -> None:
        """`command` is split like a shell's line and started in `folder`, without a shell."""
        self._command, self._folder, self._seconds = command, folder, seconds
        self._value: str | None = None
        self._turn = asyncio.Lock()
        self.seen: list[str] = []
        """Every key it has given; none may be shown."""

    async def get(self) -> str:
        """Give the key; raises `TargetAccessError` where the command gives none."""
        async with self._turn:
            if self._value is None:
                self._value = await self._ask()
            return self._value

    async def renew(self, refused: str) -> bool:
        """Ask for another key than the one a target refused; tells whether there is one.

        Of those who were refused together the first asks, and the others take what it got.
        """
        async with self._turn:
            if self._value == refused:
                self._value = await self._ask()
            return self._value != refused

    async def _ask(self) -> str:
        argv = shlex.split(self._command)
        output = await self._output(argv)
        key = output.strip()
        if not key or not key.isascii() or not key.isprintable():
            what = "printed nothing" if not key else "printed something that is not a key"
            raise TargetAccessError(f"the command of api_key {what}: {self._command}", "make it print only the key")
        self.seen.append(key)
        return key

    async def _output(self, argv: Sequence[str]) -> str:
        pipe = asyncio.subprocess.PIPE
        loop = asyncio.get_running_loop()
        try:
            transport, output = await loop.subprocess_exec(
                _Output,
                *argv,
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                start_new_session=True,
            )
        except OSError as error:
            message = f"the command of api_key cannot be started: {argv[0]}: {error.strerror or error}"
            raise TargetAccessError(message, "install it, or write the path to it") from error
        try:
            await asyncio.wait_for(output.exited.wait(), self._seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(output.closed.wait(), LEFT_OPEN_SECONDS)
        except TimeoutError as error:
            message = f"the command of api_key was not done after {self._seconds:g} s: {self._command}"
            raise TargetAccessError(message, "does it wait for an answer? run it yourself") from error
        finally:
            if not output.exited.is_set():
                with suppress(ProcessLookupError):
                    os.killpg(transport.get_pid(), signal.SIGKILL)  # with all that it started
                await output.exited.wait()
            transport.close()
        if status := transport.get_returncode():
            why = self._masked(" ".join(output.said[2].decode(errors="replace").split()))[-300:] or "it says nothing"
            message = f"the command of api_key failed (exit {status}): {self._command}: {why}"
            raise TargetAccessError(message, "run it yourself; you may have to log in")
        return output.said[1].decode(errors="replace")

    def _masked(self, text: str) -> str:
        """Take keys out of what a command says, those it gave before and those that nobody knows yet."""
        for key in self.seen:
            text = text.replace(key, "***")
        return _TOKEN.sub(lambda word: "***" if any(map(str.isdigit, word.group())) else word.group(), text)


class _Output(asyncio.SubprocessProtocol):
    """What a command prints, and when it has ended, whoever still holds its output."""

    def __init__(self) -> None:
        self.exited, self.closed = asyncio.Event(), asyncio.Event()
        self.said = {1: bytearray(), 2: bytearray()}
        """By the number of the stream: its output, its errors."""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep what is printed."""
        self.said[fd] += data

    def process_exited(self) -> None:
        """Note that the command itself has ended."""
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nobody can print any more."""
        self.closed.set()
