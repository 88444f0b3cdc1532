"""1,000 conversations of three turns, 50 at a time, against a server that answers 50 ms late; and 10,000 as linear.

The measure is a bare client: httpx2, which the SDK uses too, making the same requests and reading the same events, with
nothing decided and nothing kept. Both are whole processes, start-up included, run in pairs. Then a tenth of the
conversations more often, without delay, to see that time grows with the number of scenarios and not faster.
Prints a line a case; exits 1 where a limit is passed.
"""

import asyncio
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

CONVERSATIONS, TURNS, AT_ONCE, LATENCY = 1000, 3, 50, 0.05
ROUNDS = 3
LIMIT, MEGABYTES = 2.5, 120
FEW, MANY, LINEAR = 1000, 10_000, 1.3
"""Scenarios of the second case, and how much longer each may take among many than among few."""
REPLY = "A reply of some length, in several pieces. " * 3
ORCH = [sys.executable, "-m", "orchestrator"]
TEST = [
    *ORCH,
    "test",
    "--quiet",
    "--concurrency",
    str(AT_ONCE),
    "--json",
    "out.json",
    "--junit",
    "out.xml",
    "--html",
    "out.html",
]


class Server:
    """As little of the Assistants wire as a run of scenarios asks for, late by some seconds; costs next to nothing."""

    def __init__(self, late: float) -> None:
        self._late = late
        self._assistants: dict[str, dict[str, object]] = {}
        self._number = 0

    async def serve(self, port: Connection) -> None:
        """Serve until killed; sends the port."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=1 << 20)
        port.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                method, target, _ = first.split(" ")
                await asyncio.sleep(self._late)
                writer.write(self._answer(method, target.partition("?")[0].removeprefix("/v1"), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> bytes:
        match method, path.strip("/").split("/"):
            case "POST", ["threads", "runs"]:
                self._number += 1
                return _stream(f"thread_{self._number}", self._number)
            case "POST", ["threads", thread, "runs"]:
                self._number += 1
                return _stream(thread, self._number)
            case "POST", ["assistants"]:
                self._number += 1
                made = {"id": f"asst_{self._number}", "object": "assistant", "created_at": 1} | json.loads(body)
                self._assistants[str(made["id"])] = made
                return _json(made)
            case "GET", ["assistants", id]:
                return _json(self._assistants[id])
            case "GET", ["assistants"]:
                return _json({"object": "list", "data": list(self._assistants.values()), "has_more": False})
            case "GET", _:
                return _json({"object": "list", "data": [], "has_more": False})
            case _:
                return _json({"id": path, "object": "thread.deleted", "deleted": True})


def _json(value: object) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _stream(thread: str, number: int) -> bytes:
    """Give the events of a run, as the API has them (API facts 4.4)."""
    run = {"id": f"run_{number}", "object": "thread.run", "thread_id": thread, "assistant_id": "asst_1"}
    step = {"id": f"step_{number}", "object": "thread.run.step", "run_id": run["id"], "thread_id": thread}
    said = {"id": f"msg_{number}", "object": "thread.message", "thread_id": thread, "role": "assistant"}
    content = [{"type": "text", "text": {"value": REPLY, "annotations": []}}]
    details = {"type": "message_creation", "message_creation": {"message_id": said["id"]}}
    pieces = [REPLY[at : at + 20] for at in range(0, len(REPLY), 20)]
    deltas = [{"content": [{"index": 0, "type": "text", "text": {"value": piece}}]} for piece in pieces]
    usage = {"prompt_tokens": 50, "completion_tokens": 30, "total_tokens": 80}
    events: list[tuple[str, object]] = [
        ("thread.created", {"id": thread, "object": "thread"}),
        *((f"thread.run.{status}", {**run, "status": status}) for status in ("created", "queued", "in_progress")),
        ("thread.run.step.created", {**step, "status": "in_progress", "step_details": details}),
        ("thread.message.created", {**said, "content": []}),
        *(("thread.message.delta", {"id": said["id"], "delta": delta}) for delta in deltas),
        ("thread.message.completed", {**said, "content": content}),
        ("thread.run.step.completed", {**step, "status": "completed", "step_details": details}),
        ("thread.run.completed", {**run, "status": "completed", "usage": usage}),
    ]
    body = (
        "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        + "event: done\ndata: [DONE]\n\n"
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def serve(late: float, port: Connection) -> None:
    """Run a server in a process of its own."""
    asyncio.run(Server(late).serve(port))


async def converse(url: str, conversations: int) -> None:
    """Make the requests of these conversations, and read all that comes back."""
    import httpx2

    waiting = iter(range(conversations))
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as client:

        async def say(path: str, body: object) -> str:
            thread = ""
            async with client.stream("POST", path, json=body) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: {"):
                        thread = str(json.loads(line[6:]).get("thread_id") or thread)
            return thread

        async def work() -> None:
            for number in waiting:
                message = {"role": "user", "content": f"message {number}"}
                thread = await say("/threads/runs", {"assistant_id": "asst_1", "thread": {"messages": [message]}})
                for _ in range(TURNS - 1):
                    await say(f"/threads/{thread}/runs", {"assistant_id": "asst_1", "additional_messages": [message]})
                (await client.delete(f"/threads/{thread}")).raise_for_status()

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished process."""

    seconds: float
    megabytes: float


def measure(command: Sequence[str], folder: Path) -> Sample:
    """Run a command once; raises SystemExit where it fails."""
    before = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} exited {child.returncode}")
    return Sample(time.perf_counter() - before, usage.ru_maxrss / 1024)


def write_project(folder: Path, url: str, scenarios: int) -> None:
    """Write a project with one assistant and this many scenarios, a hundred a file."""
    folder.mkdir()
    target = f"{{provider: assistants, base_url: '{url}'}}"
    (folder / "orch.yaml").write_text(
        f"kind: Project\nname: bench\ntargets: {{server: {target}}}\ndefault_target: server\n", encoding="utf-8"
    )
    (folder / "tutor.yaml").write_text("kind: Assistant\nname: tutor\nmodel: m\n", encoding="utf-8")
    turns = "".join(f"  - {{user: message {n}, checks: [contains: several, max_calls: 0]}}\n" for n in range(TURNS))
    texts = [f"kind: Scenario\nname: s{n:05}\nassistant: tutor\nturns:\n{turns}" for n in range(scenarios)]
    for start in range(0, scenarios, 100):
        (folder / f"s{start:05}.yaml").write_text("---\n".join(texts[start : start + 100]), encoding="utf-8")
    measure([*ORCH, "apply", "--yes", "--quiet"], folder)


def started(late: float) -> tuple[multiprocessing.process.BaseProcess, str]:
    """Start a server; gives its process and its address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(late, theirs), daemon=True)
    server.start()
    return server, f"http://127.0.0.1:{ours.recv()}/v1"


def beside_a_bare_client(folder: Path) -> bool:
    """Print how long it takes beside the bare client; tell whether it is within its limits."""
    server, url = started(LATENCY)
    write_project(folder, url, CONVERSATIONS)
    bare = [sys.executable, __file__, url]
    pairs = [(measure(TEST, folder), measure(bare, folder)) for _ in range(ROUNDS)]
    server.kill()
    ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
    ours, theirs = ([sample[side] for sample in pairs] for side in (0, 1))
    most = max(sample.megabytes for sample in ours)
    print(
        f"{f'{CONVERSATIONS} conversations, {LATENCY * 1000:.0f} ms late':<36} "
        f"{statistics.median(s.seconds for s in ours):6.2f} s {most:6.0f} MB"
        f"   bare client {statistics.median(s.seconds for s in theirs):5.2f} s"
        f" {max(s.megabytes for s in theirs):4.0f} MB   ratio {ratio:4.2f} (at most {LIMIT}, {MEGABYTES} MB)"
    )
    return ratio <= LIMIT and most <= MEGABYTES


def in_line(folder: Path) -> bool:
    """Print what a scenario takes among few and among many, reports written; tell whether it is about the same."""
    server, url = started(0)
    few, many = folder / "few", folder / "many"
    folder.mkdir()
    write_project(few, url, FEW)
    write_project(many, url, MANY)
    small = statistics.median(measure(TEST, few).seconds for _ in range(ROUNDS))
    large = measure(TEST, many)
    server.kill()
    ratio = (large.seconds / MANY) / (small / FEW)
    print(
        f"{f'{MANY} scenarios, reports on':<36} {large.seconds:6.2f} s {large.megabytes:6.0f} MB"
        f"   {FEW} scenarios {small:5.2f} s   ratio a scenario {ratio:4.2f} (at most {LINEAR})"
    )
    return ratio <= LINEAR


def main() -> int:
    """Run both cases."""
    with tempfile.TemporaryDirectory() as name:
        within = [beside_a_bare_client(Path(name) / "late"), in_line(Path(name) / "line")]
    return 0 if all(within) else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(converse(sys.argv[1], CONVERSATIONS))
        sys.exit(0)
    sys.exit(main())
