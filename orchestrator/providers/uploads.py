"""One upload of a file, however many of our stores it is declared in.

What somebody uploads in this session, others who want the same file wait for. One that another store of ours has
already is taken from there, and so is one that an apply left that was killed. It goes when the last gives it up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from orchestrator.errors import TargetError
from orchestrator.providers.interface import FileKey

K = TypeVar("K")
T = TypeVar("T")
Find = Callable[[str], Awaitable["dict[FileKey, str]"]]
"""Gives the searchable files of a store: ids by key."""


@dataclass(slots=True)
class Uploads:
    """The files that one session got hold of."""

    _files: dict[FileKey, "asyncio.Future[str]"] = field(default_factory=dict)
    _takers: dict[FileKey, set[str]] = field(default_factory=dict)
    _offered: dict[FileKey, str] = field(default_factory=dict)
    _numbers: dict[str, list[int]] = field(default_factory=dict)
    _found: dict[str, "asyncio.Future[dict[FileKey, str]]"] = field(default_factory=dict)

    def offer(self, key: FileKey, id: str, number: int) -> None:
        """Hear of a file that nothing has, and of its entry in the journal."""
        self._offered[key] = id
        self.note(id, number)

    def withdraw(self, key: FileKey) -> str | None:
        """Give the file that was offered and that nobody took."""
        return self._offered.pop(key, None)

    def note(self, id: str, number: int) -> None:
        """Hear in which entry of the journal a file is in doubt."""
        self._numbers.setdefault(id, []).append(number)

    def numbers(self, id: str) -> list[int]:
        """Give the entries of the journal in which a file is in doubt, once."""
        return self._numbers.pop(id, [])

    async def take(
        self, key: FileKey, store: str, others: Sequence[str], find: Find, send: Callable[[], Awaitable[str]]
    ) -> str:
        """Give the file's id for a store: from one of the `others`, or by `send`; raises what these raise."""
        self._takers.setdefault(key, set()).add(store)

        async def get() -> str:
            if (left := self._offered.pop(key, None)) is not None:
                return left
            for other in others:
                if (id := (await _once(self._found, other, partial(find, other))).get(key)) is not None:
                    self._takers[key].add(other)
                    return id
            return await send()

        return await _once(self._files, key, get)

    def give_up(self, key: FileKey, store: str) -> bool:
        """Hear that a store does not want a file after all; tells whether nobody else has it."""
        takers = self._takers.get(key, set())
        takers.discard(store)
        if takers:
            return False
        self._files.pop(key, None)
        return True

    def let_go(self, key: FileKey, id: str, store: str) -> bool:
        """Hear that a store is about to lose a file; tells whether nobody else has got hold of it in this session."""
        self._found.pop(store, None)
        known = self._files.get(key)
        if known is None or not known.done() or known.result() != id:
            return True
        return self.give_up(key, store)


async def _once(futures: dict[K, "asyncio.Future[T]"], key: K, make: Callable[[], Awaitable[T]]) -> T:
    """Give what `make` gives to the first who asks to all who ask; where it fails the next makes it again."""
    if (known := futures.get(key)) is not None:
        return await asyncio.shield(known)
    future = futures[key] = asyncio.get_running_loop().create_future()
    try:
        made = await make()
    except TargetError as error:
        del futures[key]
        future.set_exception(error)
        future.exception()  # those who wait hear of it, and where nobody does it is no loss
        raise
    except asyncio.CancelledError:
        del futures[key]
        future.cancel()
        raise
    future.set_result(made)
    return made
