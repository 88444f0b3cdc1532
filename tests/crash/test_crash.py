"""At every request of a large apply, everything that can go wrong; the next apply makes it right, and asks nothing."""

import asyncio
import shutil
import time
from pathlib import Path

import httpx2
import pytest

from orchestrator.errors import TargetError
from tests.crash.applying import applied
from tests.crash.line import FAULTS, KILLS
from tests.crash.world import AFTER, BEFORE, Warm, World, look, write_specs

SHORT, LONG = 0.3, 60.0
"""Seconds after which a reply is given up."""
CALLS = range(1, 43)
"""Requests at which it is struck; `test_every_request_is_struck` holds this to the number there are."""


@pytest.fixture(scope="module")
def world():
    with World() as world:
        yield world


@pytest.fixture(scope="module")
def warm():
    with Warm() as warm:
        yield warm


@pytest.fixture(scope="module")
def start(world, tmp_path_factory):
    """A database in the first state, with objects and a file of somebody else."""
    folder = tmp_path_factory.mktemp("start")
    root = write_specs(folder / "before", BEFORE)
    with world.server(folder / "server.db") as url:
        asyncio.run(foreign(url))
        assert asyncio.run(applied(root, url)).exit_code == 0
    write_specs(folder / "after", AFTER)
    return folder


async def foreign(url):
    async with httpx2.AsyncClient(base_url=url) as client:
        await client.post("/assistants", json={"model": "theirs", "metadata": {"orch.owner": "other/assistant.tutor"}})
        await client.post("/vector_stores", json={"name": "theirs"})
        await client.post("/files", data={"purpose": "assistants"}, files={"file": ("theirs.md", b"The document l.")})


def case(start, tmp_path):
    shutil.copy(start / "server.db", tmp_path / "server.db")
    shutil.copytree(start / "after", tmp_path / "project")
    return tmp_path / "server.db", tmp_path / "project"


def converged(root: Path, url: str, expected):
    result = asyncio.run(applied(root, url))
    assert [(str(item.address), item.error) for item in result.outcomes if item.error is not None] == []
    assert result.exit_code == 0
    assert look(url) == expected
    assert not list((root / ".orch").glob("journal*"))


@pytest.fixture(scope="module")
def expected(world, start, tmp_path_factory):
    """What an apply leaves that nothing disturbs."""
    database, root = case(start, tmp_path_factory.mktemp("clean"))
    with world.server(database) as url:
        assert asyncio.run(applied(root, url)).exit_code == 0
        seen = look(url)
    assert seen["orphans"] == ["theirs.md"]
    return seen


def test_every_request_is_struck(world, start, expected, tmp_path):
    database, root = case(start, tmp_path)
    with world.server(database) as url:
        asyncio.run(applied(root, url))
        assert 32 <= len(world.line.seen) <= CALLS[-1], world.line.seen


@pytest.mark.parametrize("number", CALLS)
@pytest.mark.parametrize("way", KILLS)
def test_killed_at_any_request_the_next_apply_converges(world, warm, start, expected, tmp_path, way, number):
    database, root = case(start, tmp_path)
    with world.server(database) as url:
        world.line.begin(world.line.prefix, way, number)
        ended = warm.apply(root, url, world.line)
        assert (ended == -9) == world.line.struck
        while world.line.busy:
            time.sleep(0.005)
        world.line.begin(world.line.prefix)
        converged(root, url, expected)


@pytest.mark.parametrize("number", CALLS)
@pytest.mark.parametrize("way", FAULTS)
def test_with_a_fault_at_any_request_the_next_apply_converges(world, start, expected, tmp_path, way, number):
    database, root = case(start, tmp_path)
    with world.server(database) as url:
        world.line.begin(world.line.prefix, way, number)
        try:
            asyncio.run(applied(root, url, SHORT if way.startswith("timeout") else LONG))
        except TargetError:
            assert world.line.struck
        world.line.begin(world.line.prefix)
        converged(root, url, expected)
