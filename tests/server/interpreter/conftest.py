import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.pool import KernelPool
from orchestrator.server.interpreter.sandbox import Sandbox
from orchestrator.server.tools import Execution

T = TypeVar("T")
WithPool = Callable[..., T]


@pytest.fixture(scope="session", params=["started as root", "started as any user"])
def each_sandbox(request: pytest.FixtureRequest, sandbox: Sandbox) -> Sandbox:
    """Both ways to make a sandbox, as far as this user can."""
    privileged = request.param == "started as root"
    if privileged and os.geteuid() != 0:
        pytest.skip("the tests do not run as root")
    return replace(sandbox, privileged=privileged)


@pytest.fixture(scope="session")
def with_pool(sandbox: Sandbox) -> WithPool[T]:
    """Calls an async function with a pool, closes the pool, and gives the function's result."""

    def call(scene: Callable[[KernelPool], Awaitable[T]], limits: Limits | None = None, way: Sandbox = sandbox) -> T:
        async def found(_: Limits) -> Sandbox:
            return way

        async def play() -> T:
            pool = KernelPool(limits, found)
            try:
                return await scene(pool)
            finally:
                await pool.close()

        return asyncio.run(play())

    return call


@pytest.fixture(scope="session")
def run(with_pool: WithPool[list[Execution]]) -> Callable[..., list[Execution]]:
    """Runs pieces of code in one kernel, one call each."""

    def run_all(*pieces: str, files: Sequence[tuple[str, bytes]] = (), **options: object) -> list[Execution]:
        async def scene(pool: KernelPool) -> list[Execution]:
            return [await pool.run("thread_1", piece, files) for piece in pieces]

        return with_pool(scene, **options)

    return run_all
