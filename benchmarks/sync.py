"""Documents of vector stores: a first sync held to its uploads, a plan of what did not change, and memory.

Against a server that answers 50 ms late, a first sync, planned, applied and indexed, is held to the bare uploads of
the same files by the SDK, as many at once; the requests it took are exact. Memory is the peak of the process that
applies: with few and many files, with a small and a large one, and with a small and a large text on the local target,
where the same process indexes it. Last, a plan over 20,000 files that did not change, held
to `git status` of the same folder and the start of `orch` together. Exits 1 where a limit is passed.
"""

import asyncio
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openai import AsyncOpenAI

from benchmarks.creates import CONCURRENCY, serve
from orchestrator.project import apply_plan, fetch_plan, open_session
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.spec.loader import Ask, load

FILES, FEW, MANY = 2_000, 200, 20_000
LARGE, LONG = 512 * 1024**2, 15 * 1024**2
SYNC_LIMIT, POLLS = 1.3, 200
GROWTH = 40
"""Megabytes that ten times the files, a file of 512 MB, or a text of 15 MB that is indexed, may cost."""
PLAN_LIMIT, ROUNDS = 2.0, 5
ORCH = [sys.executable, "-m", "orchestrator"]
PROJECT = """\
kind: Project
name: bench
targets: {local: {provider: assistants, base_url: 'URL/v1'}}
---
kind: VectorStore
name: handbook
files: [{path: 'docs/**/*'}]
"""


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server on a port, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(folder / "server.db", theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def write(folder: Path, url: str, files: int) -> None:
    """Write a project of so many small documents."""
    (folder / "orch.yaml").write_text(PROJECT.replace("URL", url), encoding="utf-8")
    for number in range(files):
        file = folder / "docs" / f"{number // 500:03}" / f"{number:05}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Document {number}\n\nWhat number {number} says.\n", encoding="utf-8")


async def sync(folder: Path) -> tuple[float, dict[str, int]]:
    """Plan and apply in this process; gives the seconds and the requests by name."""
    project = load(Ask(start=folder, cwd=folder, target=None, variables={}, env={}))
    async with open_session(project, {}) as session:
        started = time.perf_counter()
        plan = await fetch_plan(session, PlanOptions(), CONCURRENCY)
        await apply_plan(session, plan, CONCURRENCY)
        return time.perf_counter() - started, dict(session.provider.requests.counts)


async def upload(folder: Path, url: str) -> float:
    """Upload the documents of a project and nothing else; gives the seconds."""
    files = sorted((folder / "docs").rglob("*.md"))
    limit = asyncio.Semaphore(CONCURRENCY)

    async def one(client: AsyncOpenAI, file: Path) -> None:
        async with limit:
            await client.files.create(file=file, purpose="assistants")

    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client:
        started = time.perf_counter()
        await asyncio.gather(*(one(client, file) for file in files))
        return time.perf_counter() - started


def first_sync(folder: Path) -> bool:
    """Print the first sync and the plan after it; tell whether both are within their limits."""
    with server(folder) as url:
        write(folder, url, FILES)
        seconds, requests = asyncio.run(sync(folder))
        _, again = asyncio.run(sync(folder))
    other = folder / "bare"
    other.mkdir()
    with server(other) as url:
        floor = asyncio.run(upload(folder, url))
    uploads = requests.get("POST /files", 0)
    batches = sum(
        count for name, count in requests.items() if name.startswith("POST") and name.endswith("/file_batches")
    )
    polls = sum(count for name, count in requests.items() if "file_batches/" in name)
    print(
        f"first sync of {FILES} files          {seconds:6.2f} s   bare uploads {floor:6.2f} s"
        f"   ratio {seconds / floor:4.2f} (at most {SYNC_LIMIT})   {uploads} uploads, {batches} batch, {polls} polls;"
        f" then a plan: {sum(again.values())} requests"
    )
    exact = (uploads, batches, sum(again.values())) == (FILES, 1, 2)  # assistants and stores are a list each
    return exact and polls <= POLLS and seconds / floor <= SYNC_LIMIT


def peak(folder: Path) -> float:
    """Give the most memory that an apply of this folder took, in megabytes."""
    child = subprocess.Popen(
        [*ORCH, "apply", "--yes"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024


def memory(root: Path) -> bool:
    """Print what files cost in memory, by number and by size."""
    peaks = {}
    for name, files, size in (("few", FEW, 0), ("many", FILES, 0), ("small", 1, 1024), ("large", 1, LARGE)):
        folder = root / name
        folder.mkdir()
        with server(folder) as url:
            write(folder, url, files)
            if size:
                with (folder / "docs" / "big.pdf").open("wb") as file:  # no valid one: the server shall not parse it
                    file.write(b"%PDF-1.7\n")
                    file.seek(size - len(b"%%EOF\n"))
                    file.write(b"%%EOF\n")
            peaks[name] = peak(folder)
    by_count, by_size = peaks["many"] - peaks["few"], peaks["large"] - peaks["small"]
    print(
        f"memory of an apply                 {FEW} files {peaks['few']:4.0f} MB, {FILES} files {peaks['many']:4.0f} MB;"
        f" 1 KB {peaks['small']:4.0f} MB, {LARGE // 1024**2} MB {peaks['large']:4.0f} MB (at most {GROWTH} MB more)"
    )
    return by_count <= GROWTH and by_size <= GROWTH


def indexing_memory(root: Path) -> bool:
    """Print what a text costs in memory where it is indexed by the process that applies."""
    peaks = []
    for size in (10 * 1024, LONG):
        folder = root / f"text-{size}"
        folder.mkdir()
        write(folder, "", 0)
        (folder / "orch.yaml").write_text(
            PROJECT.replace("provider: assistants, base_url: 'URL/v1'", "provider: local")
        )
        (folder / "docs").mkdir()
        with (folder / "docs" / "long.txt").open("w", encoding="utf-8") as file:
            number = 0
            while file.tell() < size:
                file.write("".join(f"Line {n} tells of matter {n % 9973}.\n" for n in range(number, number + 300)))
                number += 300
        peaks.append(peak(folder))
    small, large = peaks
    print(
        f"memory of indexing                 10 KB {small:4.0f} MB, {LONG // 1024**2} MB of text {large:4.0f} MB"
        f" (at most {GROWTH} MB more)"
    )
    return large - small <= GROWTH


def seconds(command: list[str], folder: Path) -> float:
    """Give the median of some goes; raises SystemExit where one fails."""
    times = []
    for _ in range(ROUNDS + 1):
        before = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} exited {done.returncode}: {done.stderr.decode()}")
        times.append(time.perf_counter() - before)
    return statistics.median(times[1:])


def unchanged(folder: Path) -> bool:
    """Print a plan over many unchanged files; tell whether it is within its limit."""
    write(folder, "", MANY)
    (folder / "orch.yaml").write_text(PROJECT.replace("provider: assistants, base_url: 'URL/v1'", "provider: local"))
    (folder / ".gitignore").write_text(".orch/\n")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "documents"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    subprocess.run([*ORCH, "apply", "--yes", "--quiet"], cwd=folder, check=True, capture_output=True)
    small = folder.parent / "small"
    small.mkdir()
    write(small, "", 1)
    (small / "orch.yaml").write_text((folder / "orch.yaml").read_text())
    subprocess.run([*ORCH, "apply", "--yes", "--quiet"], cwd=small, check=True, capture_output=True)
    plan, status, start = (
        seconds([*ORCH, "plan", "--detailed-exitcode"], folder),
        seconds(["git", "status", "--porcelain"], folder),
        seconds([*ORCH, "plan", "--detailed-exitcode"], small),
    )
    ratio = plan / (status + start)
    print(
        f"no-op plan of {MANY} files          {plan:6.2f} s   git status {status:5.2f} s + start {start:5.2f} s"
        f"   ratio {ratio:4.2f} (at most {PLAN_LIMIT})"
    )
    return ratio <= PLAN_LIMIT


def main() -> int:
    """Run everything once."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for part in ("sync", "memory", "unchanged"):
            (root / part).mkdir()
        within = [
            first_sync(root / "sync"),
            memory(root / "memory"),
            indexing_memory(root / "memory"),
            unchanged(root / "unchanged"),
        ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
