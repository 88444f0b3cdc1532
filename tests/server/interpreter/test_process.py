import asyncio
import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.process import KernelStartError, start_kernel
from orchestrator.server.interpreter.watch import find_descendants

SERVER = """
import asyncio, sys
from orchestrator.server.interpreter.pool import KernelPool

async def main():
    pool = KernelPool()
    running = asyncio.ensure_future(pool.run("t", "import time; time.sleep(600)", ()))
    while not pool.thread_ids:
        await asyncio.sleep(0.01)
    print("running", flush=True)
    await running

asyncio.run(main())
"""


def open_handles():
    return len(os.listdir("/proc/self/fd"))


def test_a_kernel_that_does_not_start_says_why(sandbox):
    broken = replace(sandbox, layout=replace(sandbox.layout, executable="/usr/bin/false"))
    missing = replace(sandbox, layout=replace(sandbox.layout, executable="/nowhere/python"))
    before = open_handles()
    with pytest.raises(KernelStartError, match=r"the kernel's process ended before it listened|reset|Broken pipe"):
        asyncio.run(start_kernel(broken, Limits()))
    with pytest.raises(KernelStartError, match=r"/nowhere/python: No such file"):
        asyncio.run(start_kernel(missing, Limits()))
    assert open_handles() == before


def test_a_kernel_that_is_too_slow_is_ended(sandbox):
    with pytest.raises(KernelStartError, match=r"no answer within 0\.01 s"):
        asyncio.run(start_kernel(sandbox, Limits(start_seconds=0.01)))


def test_a_server_killed_with_9_leaves_no_process(sandbox):
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stdout.readline() == b"running\n"
        family = find_descendants(server.pid)
        assert len(family) >= 3  # bwrap, its first process in the sandbox, the kernel
        server.send_signal(signal.SIGKILL)
    for process_id in family:
        wait_until_gone(process_id)


def wait_until_gone(process_id):
    """Block on the kernel's own notice that a process has ended."""
    try:
        handle = os.pidfd_open(process_id)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([handle], [], [], 10)
        assert ready, Path(f"/proc/{process_id}/cmdline").read_text()
    finally:
        os.close(handle)
