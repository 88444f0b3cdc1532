"""Two states of a project, a server that holds them, and a look at what is live that leaves out ids and times."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx2
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.server.app import create_app, running
from orchestrator.server.assembly import assemble
from orchestrator.server.serving import PortServer
from orchestrator.server.store import Store
from tests.crash.line import Line

PROJECT = """
kind: Project
name: crash
default_target: server
targets: {server: {provider: PROVIDER, base_url: "http://127.0.0.1:1/v1"}}
"""
BEFORE = """
kind: Assistant
name: tutor
model: gpt-4o
instructions: Teach.
tools: [{file_search: {vector_stores: [papers]}}]
---
{kind: Assistant, name: steady, model: gpt-4o}
---
{kind: Assistant, name: old, model: gpt-4o, tools: [{file_search: {vector_stores: [attic]}}]}
---
kind: VectorStore
name: papers
files:
  - path: docs/a.md
  - {path: docs/b.md, attributes: {topic: before}}
  - {path: docs/c.md, chunking: {max_chunk_size_tokens: 200, chunk_overlap_tokens: 50}}
  - path: docs/gone.md
---
{kind: VectorStore, name: attic, files: [{path: docs/z.md}]}
"""
AFTER = """
kind: Assistant
name: tutor
model: gpt-4o
instructions: Teach well.
tools: [{file_search: {vector_stores: [papers]}}]
---
{kind: Assistant, name: steady, model: gpt-4o}
---
{kind: Assistant, name: librarian, model: gpt-4o, tools: [{file_search: {vector_stores: [library]}}]}
---
kind: VectorStore
name: papers
files:
  - path: docs/a.md
  - {path: docs/b.md, attributes: {topic: after}}
  - {path: docs/c.md, chunking: {max_chunk_size_tokens: 300, chunk_overlap_tokens: 50}}
  - path: docs/new.md
---
{kind: VectorStore, name: library, files: [{path: docs/l.md}]}
"""


def write_specs(root: Path, specs: str, provider: str = "assistants") -> Path:
    """Write one state of the project, documents included; what a document says follows the state."""
    (root / "docs").mkdir(parents=True, exist_ok=True)
    (root / "orch.yaml").write_text(PROJECT.replace("PROVIDER", provider))
    (root / "specs.yaml").write_text(specs)
    for name in ("a", "b", "c", "gone", "new", "l", "z"):
        changed = " changed" if name == "a" and specs is AFTER else ""
        (root / "docs" / f"{name}.md").write_text(f"The document {name}{changed}.")
    return root


class World:
    """One server process's worth: a port, a line to it, and one application after the other behind them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._apps: dict[str, ASGIApp] = {}
        self._ready = threading.Event()
        self._number = 0
        config = uvicorn.Config(self._dispatch, port=0, log_config=None, lifespan="off", interface="asgi3")
        self._server = PortServer(config, lambda: None)
        self.line = Line(0)
        self._line_port = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.should_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.line.upstream = self._server.servers[0].sockets[0].getsockname()[1]
        line = asyncio.create_task(self.line.serve(self._listening))
        await serving
        line.cancel()
        await asyncio.gather(line, return_exceptions=True)

    def _listening(self, port: int) -> None:
        self._line_port = port
        self._ready.set()

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix, _, rest = scope["path"].removeprefix("/").partition("/")
        raw = scope["raw_path"].decode().removeprefix(f"/{prefix}").encode()
        await self._apps[prefix]({**scope, "path": f"/{rest}", "raw_path": raw}, receive, send)

    @contextmanager
    def server(self, database: Path) -> Iterator[str]:
        """An application over a database of its own; gives its base URL, on the line."""
        self._number += 1
        prefix = f"case{self._number}"
        with Store.open(database) as store:
            app = create_app(assemble(store, []))
            started, over = threading.Event(), asyncio.Event()

            async def live() -> None:
                async with running(app):
                    started.set()
                    await over.wait()

            task = asyncio.run_coroutine_threadsafe(live(), self._loop)
            assert started.wait(10)
            self._apps[prefix] = app
            self.line.begin(f"/{prefix}/v1")
            try:
                yield f"http://127.0.0.1:{self._line_port}/{prefix}/v1"
            finally:
                self.line.begin("/nothing")
                self._loop.call_soon_threadsafe(over.set)
                task.result(10)
                del self._apps[prefix]


class Warm:
    """The process that forks those that are killed."""

    def __enter__(self) -> Self:
        """Start."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.applying"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._process.communicate()

    def apply(self, root: Path, base_url: str, line: Line) -> int:
        """Apply in a process that the line may kill; gives how it ended, -9 where it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(root), base_url]) + "\n")
        self._process.stdin.flush()
        line.victim = int(self._process.stdout.readline())
        os.kill(line.victim, signal.SIGCONT)
        return int(self._process.stdout.readline())


def look(base_url: str) -> dict[str, Any]:
    """Give everything that is live: objects by owner or name, stores with their files, and files that no store has."""
    with httpx2.Client(base_url=base_url, verify=False, headers={"OpenAI-Beta": "agents=v1"}) as client:

        def listed(path: str) -> list[dict[str, Any]]:
            return list(client.get(path, params={"limit": 100, "order": "asc"}).json()["data"])

        stores = {item["id"]: item for item in listed("/vector_stores")}
        owners = {id: item["metadata"].get("orch.owner", item["name"]) for id, item in stores.items()}
        files = {item["id"]: item for item in listed("/files")}
        inside = {id: listed(f"/vector_stores/{id}/files") for id in stores}
        attached = {item["id"] for items in inside.values() for item in items}
        return {
            "assistants": sorted((_plain(item, owners) for item in listed("/assistants")), key=json.dumps),
            "agents": sorted((_plain(item, owners) for item in listed("/agents")), key=json.dumps),
            "stores": sorted(
                (
                    _plain(item, owners)
                    | {"files": sorted((_plain(file, owners) for file in inside[id]), key=json.dumps)}
                    for id, item in stores.items()
                ),
                key=json.dumps,
            ),
            "orphans": sorted(files[id]["filename"] for id in set(files) - attached),
        }


def _plain(value: Any, owners: dict[str, str]) -> Any:
    """Leave out ids and times; an id of a store becomes its owner."""
    moving = {"id", "created_at", "updated_at", "last_active_at", "usage_bytes", "vector_store_id"}
    if isinstance(value, dict):
        return {key: _plain(item, owners) for key, item in sorted(value.items()) if key not in moving}
    if isinstance(value, list):
        return sorted((_plain(item, owners) for item in value), key=json.dumps)
    return owners.get(value, value) if isinstance(value, str) else value
