"""One run at a time keeps its results: another on the same target, at the same time, leaves that one's log alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def sole_writer(file: Path) -> Iterator[bool]:
    """Tell whether no other process writes this file meanwhile, as long as all of them ask here; nobody waits.

    The lock belongs to the process, so one that is killed leaves none behind. Raises `OSError` where no lock can be
    made.
    """
    file.parent.mkdir(exist_ok=True)
    lock = FileLock(file.with_suffix(".lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
