"""Warnings of `orch plan` and `apply` that a model is shut down soon."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

SPECS = """
kind: Project
name: p
default_target: server
targets: {server: {provider: assistants, base_url: "%s"}}
---
{kind: Assistant, name: tutor, model: gpt-4o}
---
{kind: Assistant, name: other, model: gpt-6}
"""
DAY = (datetime.now(UTC) + timedelta(days=8)).date().isoformat()


@contextmanager
def vendor(models):
    """A server with nothing live and this list of models; `None` where it has no such list."""
    seen = []

    class Vendor(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0].removeprefix("/v1")
            seen.append(path)
            found = models if path == "/models" else []
            body = json.dumps({"object": "list", "data": found or [], "has_more": False}).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Vendor) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", seen
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def served(tmp_path):
    with vendor([{"id": "gpt-4o", "shutdown_date": DAY}, {"id": "gpt-6", "shutdown_date": None}]) as (url, seen):
        (tmp_path / "orch.yaml").write_text(SPECS % url)
        yield seen


def test_a_plan_warns_of_a_model_that_is_shut_down_soon(orch, served):
    done = orch("plan")
    assert f"  ! assistant.tutor: model gpt-4o is shut down on {DAY}, in 8 days\n" in done.out
    assert "gpt-6 is" not in done.out


def test_it_is_in_json_and_markdown_and_changes_neither_counts_nor_hash(orch, served):
    plan = json.loads(orch("plan", "--format", "json").out)
    assert plan["warnings"] == [
        {
            "address": "assistant.tutor",
            "message": f"model gpt-4o is shut down on {DAY}, in 8 days",
            "model": "gpt-4o",
            "shutdown_date": DAY,
            "days": 8,
        }
    ]
    without = json.loads(orch("plan", "--format", "json", "--offline-models").out)
    assert without["warnings"] == []
    assert (without["hash"], without["summary"]) == (plan["hash"], plan["summary"])
    assert "**warning**" in orch("plan", "--format", "markdown").out


def test_the_list_is_read_once_a_day_and_not_at_all_offline(orch, served):
    assert orch("plan", "--offline-models").code == 0
    assert served.count("/models") == 0
    assert json.loads(orch("plan", "--format", "json").out)["requests"]["total"] == 3
    assert json.loads(orch("plan", "--format", "json").out)["requests"]["total"] == 2
    assert served.count("/models") == 1


def test_apply_warns_too(orch, served):
    assert f"is shut down on {DAY}" in orch("apply").out


def test_a_target_without_such_a_list_warns_of_nothing(orch, tmp_path):
    with vendor(None) as (url, seen):
        (tmp_path / "orch.yaml").write_text(SPECS % url)
        done = orch("plan")
    assert (done.code, done.err, "shut down" in done.out) == (0, "", False)
    assert seen.count("/models") == 1


def test_the_local_target_is_not_asked(orch, tutor):
    assert json.loads(orch("plan", "specs/", "--format", "json").out)["requests"]["total"] == 2
    assert not (tutor / ".orch" / "models-local.json").exists()


@pytest.mark.parametrize(("provider", "pages"), [("assistants", 2), ("agents", 2), ("responses", 1)])
def test_the_list_of_models_is_one_request_a_day_beside_those_of_a_plan(orch, tmp_path, provider, pages):
    with vendor([{"id": "gpt-4o", "shutdown_date": None}]) as (url, seen):
        (tmp_path / "orch.yaml").write_text((SPECS % url).replace("provider: assistants", f"provider: {provider}"))
        totals = [json.loads(orch("plan", "--format", "json").out)["requests"]["total"] for _ in range(2)]
        assert totals == [pages + 1, pages]
        assert seen.count("/models") == 1
