"""The same thing for each of very many, some at a time: files of a store are uploaded, removed and changed so."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from orchestrator.errors import TargetError

AT_ONCE = 8
"""Unless somebody says otherwise (`--concurrency`)."""
T = TypeVar("T")


async def for_all(
    items: Iterable[T], do: Callable[[T], Awaitable[object]], hear: Callable[[int], None], at_once: int = AT_ONCE
) -> None:
    """Do it for every item, so many `at_once`; `hear` is told how many are done.

    Where the target refuses one nothing more begins, and its error is raised once those under way have ended.
    """
    limit = asyncio.Semaphore(at_once)
    failed: list[TargetError] = []
    done = 0

    async def one(item: T) -> None:
        nonlocal done
        async with limit:
            if failed:
                return
            try:
                await do(item)
            except TargetError as error:
                failed.append(error)
                return
        done += 1
        hear(done)

    await asyncio.gather(*map(one, items))
    if failed:
        raise failed[0]
