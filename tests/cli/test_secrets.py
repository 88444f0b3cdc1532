"""A target's key is in nothing that any command prints or writes, also where the server repeats it."""

import asyncio
import json
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import TargetError
from orchestrator.providers._client import Client
from tests.cli.test_plan_apply import edit
from tests.providers.building import on_port

CANARY = "sk-canary-9b1e7c52d0"
COMMANDS = (
    ["validate", "specs/"],
    ["plan", "specs/"],
    ["plan", "specs/", "--verbose"],
    ["plan", "specs/", "--format", "json", "--out", "plan.json"],
    ["plan", "specs/", "--format", "markdown"],
    ["apply", "specs/", "plan.json"],
    ["apply", "specs/", "--format", "json"],
    ["drift", "specs/", "--format", "json"],
    ["list", "specs/"],
    ["history", "specs/", "--verbose"],
    ["test", "specs/", "--name", "quiz", "--json", "report.json", "--junit", "report.xml"],
    ["destroy", "specs/", "--format", "markdown"],
)


class Gossip(BaseHTTPRequestHandler):
    """Refuses everything and repeats what it was sent."""

    status = 400

    def do_GET(self) -> None:
        """Refuse."""
        message = f"who says {self.headers['Authorization']}? {self.path}"
        body = json.dumps({"error": {"message": message, "code": self.headers["Authorization"]}}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def gossip(status: int) -> Iterator[str]:
    handler = type("Answer", (Gossip,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def point(tutor, url, key="{env: CANARY_KEY}"):
    """Make the example's default target a server with a key."""
    edit(tutor / "orch.yaml", "base_url: http://127.0.0.1:8080/v1", f"base_url: {url}\n    api_key: {key}")
    edit(tutor / "orch.yaml", "default_target: local", "default_target: server")


def nowhere(folder, done):
    assert CANARY not in done.out + done.err
    for file in folder.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file


def test_the_key_is_in_no_output_and_in_no_file(orch, tutor, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CANARY_KEY", CANARY)
    with on_port(tmp_path_factory.mktemp("server"), api_key=CANARY) as url:
        point(tutor, url)
        seen = [orch(*command) for command in COMMANDS]
    for done in seen:
        nowhere(tmp_path, done)
    assert [done.code for done in seen[:10]] == [0] * 10


@pytest.mark.parametrize("status", [400, 401, 404, 409])
def test_a_server_that_repeats_the_key_does_not_get_it_shown(orch, tutor, tmp_path, monkeypatch, status):
    monkeypatch.setenv("CANARY_KEY", CANARY)
    with gossip(status) as url:
        point(tutor, url)
        for command in COMMANDS[1:]:
            if command[0] != "history":
                nowhere(tmp_path, orch(*command))
        assert "***" in orch("plan", "specs/").err


def test_a_key_that_a_command_prints_is_in_no_output_and_in_no_file(orch, tutor, tmp_path, tmp_path_factory):
    half = len(CANARY) // 2
    command = f"printf %s%s {CANARY[:half]} {CANARY[half:]}"  # so that the spec itself does not hold it
    with on_port(tmp_path_factory.mktemp("server"), api_key=CANARY) as url:
        point(tutor, url, f'{{command: "{command}"}}')
        seen = [orch(*words) for words in COMMANDS]
    for done in seen:
        nowhere(tmp_path, done)
    assert [done.code for done in seen[:10]] == [0] * 10


def test_a_command_that_fails_says_so_and_what_to_do(orch, tutor):
    point(tutor, "http://127.0.0.1:9/v1", "{command: \"sh -c 'echo log in first >&2; exit 3'\"}")
    done = orch("plan", "specs/")
    assert done.code == 1
    assert "the command of api_key failed (exit 3)" in done.err
    assert "log in first" in done.err
    assert "hint: run it yourself; you may have to log in" in done.err


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.text(string.ascii_letters + string.digits + "-_.+/=\"\\'<>&% ", min_size=8, max_size=60)
    .map(str.strip)
    .filter(lambda key: len(key) >= 8),
    st.sampled_from([400, 401, 403, 404, 409, 422]),
    st.booleans(),
)
def test_no_error_holds_the_key_whatever_it_is(key, status, plain):
    def answer(request: httpx2.Request) -> httpx2.Response:
        said = f"no such key: {key}!"
        return (
            httpx2.Response(status, text=said) if plain else httpx2.Response(status, json={"error": {"message": said}})
        )

    async def ask() -> str:
        client = Client("http://localhost/v1", key, transport=httpx2.MockTransport(answer))
        try:
            await client.get("/assistants")
        except TargetError as error:
            return f"{error} {error.message} {error.hint}"
        finally:
            await client.close()
        return "no error"

    said = asyncio.run(ask())
    assert "no such key" in said
    assert key not in said
