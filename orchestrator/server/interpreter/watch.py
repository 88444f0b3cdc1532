"""Watches what a sandbox's processes use together, which no limit set on one process bounds.

A control group would do it, but making one needs rights that a server seldom has. This reads /proc, twice a
second: late by up to that time, which the limits on each process make harmless.
"""

import asyncio
import os
from pathlib import Path

from orchestrator.server.interpreter.limits import Limits

_INTERVAL_SECONDS = 0.5
_PAGE = os.sysconf("SC_PAGE_SIZE")


async def watch(process_id: int, limits: Limits) -> str:
    """Return, as words for the user, the limit that the processes below `process_id` have passed, once they do."""
    while True:
        await asyncio.sleep(_INTERVAL_SECONDS)
        family = find_descendants(process_id)
        # The rough sum counts shared pages for each process; only if it is too much is the exact one worth reading.
        if sum(map(read_resident, family)) > limits.memory_bytes:
            exact = sum(map(read_proportional, family))
            if exact > limits.memory_bytes:
                return f"it used more than {limits.memory_bytes >> 20} MiB of memory"
        if len(family) > limits.processes:
            return f"it started more than {limits.processes} processes"


def find_descendants(process_id: int) -> list[int]:
    """The processes below one, children first; those that end meanwhile may be missing."""
    found: list[int] = []
    waiting = [process_id]
    while waiting:
        children = _read_children(waiting.pop())
        found += children
        waiting += children
    return found


def read_resident(process_id: int) -> int:
    """A process's resident memory in bytes, shared pages included; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def read_proportional(process_id: int) -> int:
    """A process's memory in bytes, a page shared by n processes counted as 1/n; 0 if it has ended.

    Where the machine does not let us read that, the resident memory.
    """
    try:
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    except PermissionError:
        return read_resident(process_id)
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _read_children(process_id: int) -> list[int]:
    children: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process_id}/task"):
            children += map(int, Path(f"/proc/{process_id}/task/{task}/children").read_text().split())
    except OSError:
        return children
    return children
