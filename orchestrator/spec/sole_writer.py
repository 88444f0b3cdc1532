"""One writer at a time on one machine: whoever comes second is told so, or waits for the first.

The lock belongs to the process, so one that is killed leaves none behind.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from orchestrator.model.project import STATE_FOLDER, Project

LOOK = 0.05
"""Seconds between two tries to get the lock."""


@contextmanager
def sole_writer(file: Path) -> Iterator[bool]:
    """Tell whether no other process writes this file meanwhile, as long as all of them ask here; nobody waits.

    Raises `OSError` where no lock can be made.
    """
    lock = _lock(file.with_suffix(".lock"))
    if not _is_ours(lock):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@asynccontextmanager
async def only_writer(project: Project, on_wait: Callable[[], None]) -> AsyncIterator[None]:
    """Wait until no other orch writes to the project's target from here, and keep others waiting meanwhile.

    `on_wait` is called once, where there is something to wait for.
    """
    lock = _lock(project.root / STATE_FOLDER / f"{project.target_name}.lock")
    if not _is_ours(lock):
        on_wait()
        while not _is_ours(lock):
            await asyncio.sleep(LOOK)
    try:
        yield
    finally:
        lock.release()


def _lock(file: Path) -> FileLock:
    file.parent.mkdir(exist_ok=True)
    return FileLock(file, thread_local=False)


def _is_ours(lock: FileLock) -> bool:
    """Try to get the lock, without waiting."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
