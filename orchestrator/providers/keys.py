"""Keys that a command gives, such as a cloud's access tokens: asked for when needed, and again once they expired."""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import TargetAccessError

SECONDS = 60.0
"""How long a command may take; a cloud's own takes a few."""


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
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=self._folder, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            message = f"the command of api_key cannot be started: {argv[0]}: {error.strerror or error}"
            raise TargetAccessError(message, "install it, or write the path to it") from error
        try:
            output, said = await asyncio.wait_for(process.communicate(), self._seconds)
        except TimeoutError as error:
            message = f"the command of api_key was not done after {self._seconds:g} s: {self._command}"
            raise TargetAccessError(message, "does it wait for an answer? run it yourself") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            why = " ".join(said.decode(errors="replace").split())[-300:] or "it says nothing"
            message = f"the command of api_key failed (exit {process.returncode}): {self._command}: {why}"
            raise TargetAccessError(message, "run it yourself; you may have to log in")
        return output.decode(errors="replace")
