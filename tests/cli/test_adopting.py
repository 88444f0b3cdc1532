"""An import that is broken off, by a target that fails or by kill -9, goes on when it is run again."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.serving import PortServer
from orchestrator.server.store import Store
from tests.cli.planting import PROJECT, on_local, plant
from tests.cli.test_import import LISTS, PER_OBJECT

ORCH = [sys.executable, "-m", "orchestrator"]
QUIZ = {"type": "function", "function": {"name": "quiz", "parameters": {"type": "object", "properties": {"n": {}}}}}

Verdict = str | None
"""What becomes of a request: None passes it on, `refuse` answers 500, `lose` carries it out and answers 500."""


class Door:
    """The server's door: decides over every request, by method and by how many writes came before it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.writes = 0
        self.decide: Callable[[str, int], Verdict] = lambda method, number: None
        """Called with the method and the number of writes so far, this one included."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        verdict = None
        if scope["type"] == "http":
            self.writes += scope["method"] != "GET"
            verdict = self.decide(scope["method"], self.writes)
        if verdict is None:
            await self._app(scope, receive, send)
            return
        if verdict == "lose":
            await self._app(scope, receive, _swallow)
        headers = [(b"content-type", b"application/json"), (b"x-should-retry", b"false")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"error": {"message": "broken"}}'})


async def _swallow(message: Any) -> None:
    """Let an answer be lost."""


@contextmanager
def door(database: Path) -> Iterator[tuple[str, Door]]:
    """Serve a database on a free port, behind a door; gives the base URL and the door."""
    ready = threading.Event()
    with Store.open(database) as store:
        guard = Door(create_app(assemble(store)))
        config = uvicorn.Config(guard, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = PortServer(config, ready.set)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert ready.wait(10)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1", guard
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Path, Door]]:
    """A project whose target is behind a door; a store and three assistants are there, two of them alike."""
    (tmp_path / "orch.yaml").write_text(PROJECT)
    (store,) = plant(tmp_path, "/vector_stores", {"name": "docs"})
    resources = {"file_search": {"vector_store_ids": [store]}}
    search = [{"type": "file_search"}, QUIZ]
    body = {"model": "m", "name": "Tutor", "tools": search, "tool_resources": resources, "instructions": "a\nb"}
    plant(tmp_path, "/assistants", body, body, {"model": "m"})
    with door(tmp_path / ".orch" / "local.db") as (url, guard):
        target = f"  behind: {{provider: assistants, base_url: {url}}}\n"
        (tmp_path / "orch.yaml").write_text(
            f"kind: Project\nname: shop\ndefault_target: behind\ntargets:\n  local: {{provider: local}}\n{target}"
        )
        yield tmp_path, guard


def specs_of(root: Path) -> dict[str, str]:
    return {file.relative_to(root).as_posix(): file.read_text() for file in (root / "specs").rglob("*.*")}


def take(orch, *more: str) -> tuple[int, dict[str, Any]]:
    done = orch("import", "--all", "--into", "specs", "--format", "json", "--concurrency", "1", *more)
    return done.code, json.loads(done.out)


def finished(orch, root: Path) -> None:
    """See that everything is ours once and nothing is left to do."""
    found = json.loads(orch("plan", "--format", "json").out)
    assert [change["action"] for change in found["changes"]] == ["noop"] * 4
    assert not found["leftovers"]
    listed = json.loads(orch("list", "--format", "json").out)["objects"]
    assert len({item["owner"] for item in listed}) == len(listed) == 4
    assert not [path for path in root.rglob("*") if path.name.endswith(".part")]
    assert sorted(specs_of(root)) == [
        *("specs/assistant-1.yaml", "specs/functions/quiz.yaml", "specs/prompts/tutor-2.md", "specs/prompts/tutor.md"),
        *("specs/tutor-2.yaml", "specs/tutor.yaml", "specs/vector-stores/docs.yaml"),
    ]


@pytest.mark.parametrize("verdict", ["refuse", "lose"])
@pytest.mark.parametrize(
    ("number", "left"), [(1, 1), (2, 3), (4, 1)]
)  # the second write is the store's: two wait for it
def test_where_one_write_fails_the_rest_is_imported_and_the_next_run_goes_on(orch, shop, verdict, number, left):
    root, guard = shop
    guard.decide = lambda method, writes: verdict if method == "POST" and writes == number else None
    code, report = take(orch)
    assert code == 5
    assert report["summary"] == {"imported": 4 - left, "refused": left, "skipped": 0}
    (refused,) = [item for item in report["refused"] if "broken" in item["reason"]]
    ours = verdict == "lose"
    assert ("adopted all the same" in refused["reason"]) == ours
    planned = json.loads(orch("plan", "--format", "json").out)  # specs are of what is ours, and of nothing else
    assert [change["action"] for change in planned["changes"]] == ["noop"] * (4 - left + ours)
    assert not planned["leftovers"]
    assert set(report["files"]) == set(specs_of(root))
    waited = left - 1  # for the store; they cost nothing
    written = (3 - waited) * PER_OBJECT + (PER_OBJECT - 1)  # what fails is not read back
    assert report["requests"] == {"total": LISTS + written + LISTS}
    code, again = take(orch)
    assert (code, again["summary"]["imported"]) == (0, left - ours)
    finished(orch, root)


@pytest.mark.parametrize("number", [1, 3])
def test_where_the_target_dies_the_specs_stay_and_the_next_run_goes_on(orch, shop, number):
    root, guard = shop
    guard.decide = lambda method, writes: "refuse" if writes >= number else None
    code, report = take(orch)
    assert code == (5 if number > 1 else 1)
    assert all("run the same command again" in item["reason"] for item in report["refused"])
    guard.decide = lambda method, writes: None
    before = specs_of(root)
    asked = {remark["import"] for remark in json.loads(orch("plan", "--format", "json").out)["remarks"]}
    assert len(asked) == 5 - number
    code, again = take(orch)
    assert (code, again["summary"], again["files"]) == (
        0,
        {"imported": 5 - number, "refused": 0, "skipped": number - 1},
        [],
    )
    assert specs_of(root) == before
    finished(orch, root)


@pytest.mark.parametrize(("number", "carried_out"), [(1, False), (2, True), (4, False)])
def test_an_import_that_is_killed_is_finished_by_the_next(orch, shop, number, carried_out):
    root, guard = shop
    command = [*ORCH, "import", "--all", "--into", "specs", "--concurrency", "1"]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)

    def kill(method: str, writes: int) -> Verdict:
        if method == "POST" and writes == number:
            process.kill()
            process.wait()
            return None if carried_out else "refuse"
        return None

    guard.decide = kill
    assert process.wait(timeout=60) == -9
    guard.decide = lambda method, writes: None
    assert take(orch)[0] == 0
    finished(orch, root)


def test_files_of_an_import_that_was_killed_while_writing_are_no_hindrance(orch, shop):
    root, _ = shop
    assert take(orch)[0] == 0
    expected = specs_of(root)
    for name in ("specs/tutor.yaml", "specs/assistant-1.yaml"):
        (root / name).unlink()

    async def disown(client: Any) -> None:
        for item in await client.list_all("/assistants"):
            await client.post(f"/assistants/{item['id']}", {"metadata": {}}, once=True)

    on_local(root, disown)
    code, report = take(orch)
    assert code == 0
    assert report["summary"]["imported"] == 3
    assert specs_of(root) == expected
    finished(orch, root)


def test_the_lock_keeps_two_imports_apart(shop):
    root, _ = shop
    command = [*ORCH, "import", "--all", "--into", "specs", "--format", "json"]
    both = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted(json.loads(out)["summary"]["imported"] for out, _ in outputs) == [0, 4]
