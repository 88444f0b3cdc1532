"""Ctrl-C in the middle of an apply, as somebody at a terminal or a CI that is stopped does it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.crash.world import World

COUNT = 30
ORCH = [sys.executable, "-m", "orchestrator"]


@pytest.fixture
def served(tmp_path):
    """A project of many assistants whose target holds the reply to the first create."""
    with World() as world, world.server(tmp_path / "server.db") as url:
        (tmp_path / "orch.yaml").write_text(
            f"kind: Project\nname: many\ndefault_target: server\n"
            f"targets: {{server: {{provider: assistants, base_url: {json.dumps(url)}}}}}\n"
        )
        specs = [f"{{kind: Assistant, name: a{number}, model: gpt-4o}}\n" for number in range(COUNT)]
        (tmp_path / "specs.yaml").write_text("---\n".join(specs))
        world.line.begin(world.line.prefix, "hold", 3)  # two lists come before
        try:
            yield world.line
        finally:
            world.line.released.set()


def started(tmp_path, line, *more):
    process = subprocess.Popen(
        [*ORCH, "apply", "--offline-models", "--concurrency", "1", *more],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not line.struck and process.poll() is None:
        time.sleep(0.01)
    return process


def test_ctrl_c_finishes_what_is_under_way_records_it_and_exits_5(served, tmp_path):
    process = started(tmp_path, served, "--format", "json")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline() == "Interrupted: finishing 1 change under way; Ctrl-C again stops at once.\n"
    served.released.set()
    out, _ = process.communicate()
    report = json.loads(out)
    assert process.returncode == 5
    assert report["interrupted"]
    assert report["summary"] == {"applied": 1, "failed": 0, "blocked": 0, "skipped": COUNT - 1, "noop": 0}
    assert served.seen[2:] == ["POST /assistants", f"GET /assistants/{report['outcomes'][0]['id']}"]
    again = subprocess.run([*ORCH, "apply", "--format", "json"], cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(again.stdout)["summary"] == {
        "applied": COUNT - 1,
        "failed": 0,
        "blocked": 0,
        "skipped": 0,
        "noop": 1,
    }


def test_a_second_ctrl_c_stops_at_once_and_the_next_apply_finds_what_was_made(served, tmp_path):
    process = started(tmp_path, served)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Interrupted")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)  # the reply is still held
    assert process.returncode == 130
    served.released.set()
    again = subprocess.run([*ORCH, "apply", "--format", "json"], cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(again.stdout)["summary"]["noop"] == 1
    assert again.returncode == 0


def test_a_process_that_waits_for_its_turn_can_be_stopped(served, tmp_path):
    first = started(tmp_path, served)
    second = subprocess.Popen(
        [*ORCH, "apply", "--offline-models"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert second.stderr is not None
    assert second.stderr.readline() == "another orch is applying to server; waiting for it\n"
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=10)
    assert second.returncode == 130
    served.released.set()
    first.communicate()
    assert first.returncode == 0
    assert sorted(os.listdir(tmp_path / ".orch")) == ["history.jsonl", "server.lock"]
