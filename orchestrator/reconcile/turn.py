"""One writer at a time: two applies of one project to one target, on one machine, wait for each other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from filelock import FileLock, Timeout

from orchestrator.model.project import STATE_FOLDER, Project

LOOK = 0.05
"""Seconds between two tries to get the lock."""


@asynccontextmanager
async def only_writer(project: Project, on_wait: Callable[[], None]) -> AsyncIterator[None]:
    """Wait until no other orch applies this project to this target from here, and keep others waiting meanwhile.

    The lock belongs to the process, so one that is killed leaves none behind. `on_wait` is called once, where there is
    something to wait for.
    """
    folder = project.root / STATE_FOLDER
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / f"{project.target_name}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait()
        while not lock.is_locked:
            await asyncio.sleep(LOOK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
    try:
        yield
    finally:
        lock.release()
