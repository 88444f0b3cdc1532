"""The server as a process of its own: ports, signals, kill -9."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

import pytest

from orchestrator.server.app import Settings
from orchestrator.server.serving import ServeError, serve

SERVER = """
import asyncio, sys
from pathlib import Path
from orchestrator.server.app import Settings
from orchestrator.server.models.scripted import ScriptedModel
from orchestrator.server.serving import serve
from orchestrator.server.store import Store
rules = [{"user": "slow", "reply": "late", "delay_ms": int(sys.argv[2])}, {"reply": "hi"}]
with Store.open(Path(sys.argv[1])) as store:
    settings = Settings(store, [ScriptedModel("*", rules, lambda text, context: text)], beat_seconds=0.05)
    asyncio.run(serve(settings, on_ready=lambda url: print(url, flush=True)))
print("ended", flush=True)
"""


@contextmanager
def server(path, delay_ms=60_000) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-c", SERVER, str(path), str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def call(url, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}{path}", data), timeout=30) as response:
        return json.load(response)


def start_run(url, text):
    assistant = call(url, "/assistants", {"model": "m"})
    thread = {"messages": [{"role": "user", "content": text}]}
    run = call(url, "/threads/runs", {"assistant_id": assistant["id"], "thread": thread})
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def wait_for(url, path, *statuses):
    deadline = time.monotonic() + 20
    while (run := call(url, path))["status"] not in statuses:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path, number):
    with server(tmp_path / "a.db") as (process, url):
        start_run(url, "slow")
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "ended\n"


def test_a_request_in_progress_is_finished_first(tmp_path):
    with server(tmp_path / "a.db", delay_ms=700) as (process, url):
        assistant = call(url, "/assistants", {"model": "m"})
        thread = {"messages": [{"role": "user", "content": "slow"}]}
        body = json.dumps({"assistant_id": assistant["id"], "thread": thread, "stream": True}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/threads/runs", body), timeout=30) as response:
            assert response.readline() == b"event: thread.created\n"
            process.send_signal(signal.SIGTERM)
            rest = response.read().decode()
        assert "event: thread.run.completed" in rest
        assert rest.endswith("event: done\ndata: [DONE]\n\n")
        assert process.wait(20) == 0


def test_streams_without_an_end_are_ended_and_not_waited_for(tmp_path):
    beta = {"OpenAI-Beta": "agents=v1"}

    def ask(url, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(f"{url}{path}", data, beta), timeout=30)

    with server(tmp_path / "server.db") as (process, url):
        body = {"environment": {"type": "none"}, "agent": {"model": "m"}, "input": "hi"}
        with ask(url, "/agents/sessions", body) as reply:
            session = json.load(reply)["id"]
        while json.load(ask(url, f"/agents/sessions/{session}"))["status"] != "idle":
            pass
        with ask(url, f"/agents/sessions/{session}/events") as stream:
            process.send_signal(signal.SIGTERM)
            assert stream.read() == b""  # cut off, it would raise IncompleteRead
        assert process.wait(30) == 0


def test_kill_9_loses_nothing_that_was_acknowledged_and_runs_go_on(tmp_path):
    acknowledged: list[str] = []
    with server(tmp_path / "a.db") as (process, url):
        path = start_run(url, "slow")
        wait_for(url, path, "in_progress")

        def create_until_it_dies():
            try:
                while True:
                    acknowledged.append(call(url, "/assistants", {"model": "m"})["id"])
            except (OSError, ValueError, HTTPException):  # killed before, within or after a reply
                return

        writers = [threading.Thread(target=create_until_it_dies) for _ in range(3)]
        for writer in writers:
            writer.start()
        while len(acknowledged) < 50:
            time.sleep(0.01)
        process.kill()
        for writer in writers:
            writer.join()
    with server(tmp_path / "a.db", delay_ms=1) as (_, url):
        for id in acknowledged:
            assert call(url, f"/assistants/{id}")["id"] == id
        assert wait_for(url, path, "completed")["status"] == "completed"


def test_two_servers_share_one_file(tmp_path):
    with server(tmp_path / "a.db") as (_, one), server(tmp_path / "a.db") as (_, two):
        made: list[str] = []

        def create(url):
            made.extend(call(url, "/assistants", {"model": "m"})["id"] for _ in range(40))

        writers = [threading.Thread(target=create, args=(url,)) for url in (one, two) for _ in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert len(made) == 160
        for url in (one, two):
            assert all(call(url, f"/assistants/{id}")["id"] == id for id in made[::10])


def test_beyond_loopback_a_key_is_needed(store):
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com"):
        with pytest.raises(ServeError, match=r"without an API key: it can be reached from other machines"):
            asyncio.run(serve(Settings(store), host))


def test_a_port_that_is_taken_is_an_error(store):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServeError, match="cannot serve on 127"):
        asyncio.run(serve(Settings(store), port=taken.getsockname()[1]))


def test_a_number_that_is_no_port_is_an_error(store):
    with pytest.raises(ServeError, match=r"cannot serve on 127\.0\.0\.1:70000: there is no such port"):
        asyncio.run(serve(Settings(store), port=70_000))
