import asyncio
import contextlib
import os
import time
from pathlib import Path

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.pool import KernelPool
from orchestrator.server.interpreter.watch import find_descendants
from orchestrator.server.tools import CodeUnavailableError


async def until(condition, seconds=10.0):
    """Wait for what no event tells; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


RUNNING = "import subprocess\nsubprocess.run(['sleep', '611'])\n"


def is_running():
    """Whether code has come to `RUNNING`; the one thing about it that can be seen out here."""
    for process_id in find_descendants(os.getpid()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process_id}/cmdline").read_bytes() == b"sleep\x00611\x00":
                return True
    return False


def test_each_thread_has_its_own_state_and_runs_beside_the_others(with_pool):
    async def scene(pool):
        await asyncio.gather(pool.run("a", "x = 'a'"), pool.run("b", "x = 'b'"))
        return [e.logs for e in await asyncio.gather(pool.run("a", "x"), pool.run("b", "x"))]

    assert with_pool(scene) == ["'a'\n", "'b'\n"]


def test_calls_of_one_thread_wait_for_each_other(with_pool):
    async def scene(pool):
        calls = [pool.run("a", f"import time; time.sleep(0.05); print({n})") for n in range(3)]
        return [e.logs for e in await asyncio.gather(*calls)]

    assert with_pool(scene) == ["0\n", "1\n", "2\n"]


def test_the_least_recently_used_kernel_makes_room_and_its_thread_is_told(with_pool):
    async def scene(pool):
        for thread in ("a", "b", "a", "c"):
            await pool.run(thread, "x = 1")
        assert pool.thread_ids == ("a", "c")
        assert (await pool.run("a", "x")).logs == "1\n"
        return await pool.run("b", "'x' in globals()"), await pool.run("b", "2")

    back, after = with_pool(scene, Limits(kernels=2))
    assert back.logs == (
        "[this is a new Python session, earlier variables and files are gone: "
        "it was closed to make room for another thread]\nFalse\n"
    )
    assert after.logs == "2\n"


def test_more_threads_than_kernels_wait_for_their_turn(with_pool):
    async def scene(pool):
        executions = await asyncio.gather(*(pool.run(str(n), f"print({n})") for n in range(3)))
        assert len(pool.thread_ids) == 1
        return [e.logs for e in executions]

    assert with_pool(scene, Limits(kernels=1)) == ["0\n", "1\n", "2\n"]


def test_an_unused_kernel_is_closed(with_pool):
    async def scene(pool):
        await pool.run("a", "1")
        await until(lambda: not pool.thread_ids)
        return await pool.run("a", "2")

    assert "it was closed after 0.1 s without use" in with_pool(scene, Limits(idle_seconds=0.1)).logs


def test_cancelling_a_call_stops_the_code_and_keeps_the_kernel(with_pool):
    async def scene(pool):
        await pool.run("a", "x = 1")
        call = asyncio.ensure_future(pool.run("a", "x = 2\n" + RUNNING))
        await until(is_running)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return await pool.run("a", "x")

    assert with_pool(scene).logs == "2\n"


def test_cancelling_a_call_that_resists_ends_its_kernel(with_pool):
    resist = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + RUNNING

    async def scene(pool):
        await pool.run("a", "x = 1")
        call = asyncio.ensure_future(pool.run("a", resist))
        await until(is_running)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert pool.thread_ids == ()
        return await pool.run("a", "2")

    assert "it did not stop within 0.1 s" in with_pool(scene, Limits(grace_seconds=0.1)).logs


def test_cancelling_while_the_kernel_starts_leaves_nothing(with_pool):
    async def scene(pool):
        call = asyncio.ensure_future(pool.run("a", "1"))
        await until(lambda: find_descendants(os.getpid()))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return pool.thread_ids, await pool.run("a", "2")

    threads, after = with_pool(scene)
    assert (threads, after.logs) == ((), "2\n")


def test_closing_ends_running_calls_and_gives_everything_back(with_pool):
    async def scene(pool):
        await pool.run("a", "1")
        call = asyncio.ensure_future(pool.run("a", RUNNING))
        await until(is_running)
        await pool.close()
        assert pool.thread_ids == ()
        with pytest.raises(CodeUnavailableError, match="the server is stopping"):
            await pool.run("a", "1")
        return await call

    before = len(os.listdir("/proc/self/fd"))
    assert "the server stopped" in (with_pool(scene).error or "")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_missing_sandbox_is_told_to_every_call_and_looked_for_again():
    asked = []

    async def find(limits):
        asked.append(limits)
        raise CodeUnavailableError("install it")

    async def scene():
        pool = KernelPool(find=find)
        for _ in range(2):
            with pytest.raises(CodeUnavailableError, match="install it"):
                await pool.run("a", "1")
        await pool.close()

    asyncio.run(scene())
    assert len(asked) == 2
