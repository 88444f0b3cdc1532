"""An apply of 500 creates over HTTP against a server that answers 50 ms late, held to what the wire itself costs.

The floor is `requests / concurrency x latency`: with every request waiting 50 ms and eight at once, no client can be
faster. What is printed is planning and applying over that floor, within one process that has started and loaded its
specs (`startup.py` sees to that part). Exits 1 where the limit is passed.
"""

import asyncio
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.project import apply_plan, fetch_plan, open_session
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.serving import PortServer
from orchestrator.server.store import Store
from orchestrator.spec.loader import Ask, load

CREATES = 500
LATENCY = 0.05
CONCURRENCY = 8
LIMIT = 1.25


class Late:
    """An application that lets every HTTP request wait before it is looked at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then pass on."""
        if scope["type"] == "http":
            await asyncio.sleep(LATENCY)
        await self._app(scope, receive, send)


def serve(database: Path, port: Connection) -> None:
    """Serve until killed; sends the port."""
    with Store.open(database) as store:
        config = uvicorn.Config(Late(create_app(assemble(store, []))), port=0, log_config=None, lifespan="on")
        server = PortServer(config, lambda: port.send(server.servers[0].sockets[0].getsockname()[1]))
        asyncio.run(server.serve())


def write_project(folder: Path, port: int) -> None:
    """Write a project of that many assistants."""
    (folder / "orch.yaml").write_text(
        "kind: Project\nname: bench\ndefault_target: server\n"
        f"targets: {{server: {{provider: assistants, base_url: 'http://127.0.0.1:{port}/v1'}}}}\n",
        encoding="utf-8",
    )
    texts = [
        f"kind: Assistant\nname: assistant-{number:03}\nmodel: gpt-4o\ninstructions: You are number {number}.\n"
        for number in range(CREATES)
    ]
    (folder / "assistants.yaml").write_text("---\n".join(texts), encoding="utf-8")


async def apply(folder: Path) -> tuple[float, Applied]:
    """Plan and apply; gives the seconds it took."""
    project = load(Ask(start=folder, cwd=folder, target=None, variables={}, env={}))
    async with open_session(project, {}) as session:
        started = time.perf_counter()
        plan = await fetch_plan(session, PlanOptions(), CONCURRENCY)
        applied = await apply_plan(session, plan, CONCURRENCY)
        return time.perf_counter() - started, applied


def main() -> int:
    """Run it once."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, theirs = context.Pipe()
        server = context.Process(target=serve, args=(folder / "server.db", theirs), daemon=True)
        server.start()
        write_project(folder, ours.recv())
        seconds, applied = asyncio.run(apply(folder))
        server.kill()
        server.join()
    if applied.summary["applied"] != CREATES:
        raise SystemExit(f"applied {applied.summary}")
    floor = applied.requests / CONCURRENCY * LATENCY
    ratio = seconds / floor
    print(
        f"{f'apply of {CREATES} creates, 50 ms late':<36} {seconds:6.2f} s   {applied.requests} requests / "
        f"{CONCURRENCY} x {LATENCY:.2f} s {floor:5.2f} s   ratio {ratio:4.2f} (at most {LIMIT})"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
