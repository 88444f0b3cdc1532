"""The same on the agents wire, whose list has no filter and whose names are not unique: no duplicate, no orphan.

Files of stores go the way they go on the other wire (`test_crash`), so here are agents alone.
"""

import asyncio
import shutil
import time

import httpx2
import pytest

from orchestrator.errors import TargetError
from tests.crash.applying import applied
from tests.crash.line import FAULTS, KILLS
from tests.crash.test_crash import LONG, SHORT, converged
from tests.crash.world import Warm, World, look, write_specs

BEFORE = """
{kind: Assistant, name: tutor, model: gpt-4o, instructions: Teach.}
---
{kind: Assistant, name: steady, model: gpt-4o}
---
{kind: Assistant, name: old, model: gpt-4o}
"""
AFTER = """
{kind: Assistant, name: tutor, model: gpt-4o, instructions: Teach well.}
---
{kind: Assistant, name: steady, model: gpt-4o}
---
{kind: Assistant, name: librarian, display_name: tutor, model: gpt-4o, agents: {verbosity: low, tools: [web_search]}}
"""
CALLS = range(1, 11)
"""Requests at which it is struck; `test_every_request_is_struck` holds this to the number there are."""


@pytest.fixture(scope="module")
def world():
    with World() as world:
        yield world


@pytest.fixture(scope="module")
def warm():
    with Warm() as warm:
        yield warm


async def foreign(url):
    async with httpx2.AsyncClient(base_url=url, headers={"OpenAI-Beta": "agents=v1"}) as client:
        marks = {"orch.owner": "other/assistant.tutor"}
        await client.post("/agents", json={"model": "theirs", "name": "librarian", "metadata": marks})
        await client.post("/agents", json={"model": "theirs", "name": "tutor"})


@pytest.fixture(scope="module")
def start(world, tmp_path_factory):
    """A database in the first state, with agents of somebody else that bear the same names."""
    folder = tmp_path_factory.mktemp("agents")
    root = write_specs(folder / "before", BEFORE, "agents")
    with world.server(folder / "server.db") as url:
        asyncio.run(foreign(url))
        assert asyncio.run(applied(root, url)).exit_code == 0
    write_specs(folder / "after", AFTER, "agents")
    return folder


def case(start, tmp_path):
    shutil.copy(start / "server.db", tmp_path / "server.db")
    shutil.copytree(start / "after", tmp_path / "project")
    return tmp_path / "server.db", tmp_path / "project"


@pytest.fixture(scope="module")
def expected(world, start, tmp_path_factory):
    """What an apply leaves that nothing disturbs."""
    database, root = case(start, tmp_path_factory.mktemp("clean"))
    with world.server(database) as url:
        assert asyncio.run(applied(root, url)).exit_code == 0
        seen = look(url)
    assert len(seen["agents"]) == 5
    return seen


def test_every_request_is_struck(world, start, tmp_path):
    database, root = case(start, tmp_path)
    with world.server(database) as url:
        asyncio.run(applied(root, url))
        assert 8 <= len(world.line.seen) <= CALLS[-1], world.line.seen


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
