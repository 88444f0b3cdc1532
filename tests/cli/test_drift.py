"""`orch drift` on the example project: the local target, and a real server that notes what it is asked."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.serving import PortServer
from orchestrator.server.store import Store


def change_outside(database: Path, **values: Any) -> None:
    """Change fields of the one assistant, as somebody in a web console would."""
    with sqlite3.connect(database) as connection:
        ((seq, body),) = connection.execute("select seq, body from documents where kind = 'assistant'").fetchall()
        changed = json.dumps(json.loads(body) | values)
        connection.execute("update documents set body = ? where seq = ?", (changed, seq))
    connection.close()


@contextmanager
def served(database: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve on a free port; gives the base URL and the list of the methods asked for, which grows."""
    methods: list[str] = []
    ready = threading.Event()
    with Store.open(database) as store:
        app = create_app(assemble(store))

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                methods.append(scope["method"])
            await app(scope, receive, send)

        config = uvicorn.Config(noting, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = PortServer(config, ready.set)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert ready.wait(10)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1", methods
        finally:
            server.should_exit = True
            thread.join(10)


def test_no_drift_then_drift_then_none_again(orch, tutor):
    assert orch("apply", "specs/").code == 0
    clean = orch("drift", "specs/")
    assert (clean.code, clean.out) == (0, "No drift: 2 live resources compared.\n2 requests\n")
    change_outside(tutor / ".orch" / "local.db", description="theirs", temperature=0.3, model="other")
    found = orch("drift", "specs/")
    assert found.code == 3
    assert '~ model: "gpt-4o" -> "other"  (changed outside)' in found.out
    assert "temperature" not in found.out  # never declared: somebody else's field
    data = json.loads(orch("drift", "specs/", "--format", "json").out)
    assert (data["format"], data["summary"]) == ("orch.drift/1", {"drifted": 1, "clean": 1, "missing": 0})
    assert "- &quot;" not in orch("drift", "specs/", "--format", "markdown").out
    assert '- "gpt-4o"\n+ "other"' in orch("drift", "specs/", "--format", "markdown").out
    assert orch("drift", "specs/", "--only", "vector_store.*").code == 0
    assert orch("apply", "specs/").code == 0
    assert orch("drift", "specs/").code == 0


def test_what_is_not_live_is_no_drift(orch, tutor):
    done = orch("drift", "specs/")
    assert done.code == 0
    assert "Declared but not live" in done.out


def test_only_get_requests_are_sent(orch, tutor, tmp_path):
    with served(tmp_path / "server.db") as (url, methods):
        file = tutor / "orch.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace("http://127.0.0.1:8080/v1", url), encoding="utf-8")
        assert orch("apply", "specs/", "--target", "server").code == 0
        assert set(methods) > {"GET"}
        change_outside(tmp_path / "server.db", model="other")
        methods.clear()
        assert orch("drift", "specs/", "--target", "server").code == 3
        assert methods == ["GET", "GET"]


def test_an_error_is_one(orch, tutor):
    file = tutor / "orch.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("http://127.0.0.1:8080/v1", "http://127.0.0.1:9/v1"), encoding="utf-8")
    assert orch("drift", "specs/", "--target", "server").code == 1
    assert orch("drift", "specs/", "--only", "assistant.nobody").code == 64


def test_markdown_of_plan_and_apply(orch, tutor):
    plan = orch("plan", "specs/", "--format", "markdown")
    assert plan.out.startswith("### orch plan: <code>tutoring</code> on <code>local</code>\n")
    done = orch("apply", "specs/", "--format", "markdown")
    assert done.out.startswith("### orch apply: ")
    assert done.out.count("created") == 3
