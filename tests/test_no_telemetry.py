"""Nothing is told to anybody: whole commands run with every connection but loopback refused, and none was tried."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SPECS
from tests.providers.building import on_port

GUARD = '''
"""Refuses every connection that leaves this machine and every look-up of a name, and writes down that it was tried."""
import os, sys

LOOPBACK = ("127.0.0.1", "::1", "localhost")

def told(what):
    with open(os.environ["TRIED"], "a", encoding="utf-8") as file:
        file.write(what + "\\n")
    raise ConnectionRefusedError(what)

def guard(event, arguments):
    if event in ("socket.connect", "socket.connect_ex", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            told(f"{event} {address}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        name = arguments[0]
        name = name.decode() if isinstance(name, bytes) else name
        if name is not None and name not in LOOPBACK:
            told(f"{event} {name}")

sys.addaudithook(guard)
'''


@pytest.fixture
def guarded(tmp_path):
    """Run a program of Python in a process that may reach loopback only; gives it and what it tried besides."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    tried = tmp_path / "tried.txt"
    tried.touch()
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join([str(tmp_path / "guard"), root])
    env = {**os.environ, "PYTHONPATH": path, "TRIED": str(tried), "NO_COLOR": "1"}

    def run(*words: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        return done, tried.read_text(encoding="utf-8").splitlines()

    return run


@pytest.mark.parametrize(
    ("program", "event"),
    [
        ("import socket; socket.socket().connect(('192.0.2.1', 80))", "socket.connect ('192.0.2.1', 80)"),
        ("import socket; socket.getaddrinfo('telemetry.example', 443)", "socket.getaddrinfo telemetry.example"),
    ],
)
def test_the_guard_catches_what_leaves(guarded, program, event):
    done, tried = guarded("-c", program)
    assert (done.returncode, tried) == (1, [event])


COMMANDS = (
    ["plan", "specs/"],
    ["apply", "specs/", "--yes"],
    ["drift", "specs/"],
    ["test", "specs/", "--name", "quiz", "--name", "equation*", "--html", "run.html", "--json", "run.json"],
    ["test", "specs/", "--name", "quiz", "--record", "once"],
    ["compare", "run.json", "run.json"],
    ["report", "merge", "run.json"],
)


def orch_everything(guarded, tmp_path, codes):
    for words, code in zip(COMMANDS, codes, strict=True):
        done, tried = guarded("-m", "orchestrator", *words)
        assert tried == [], words
        assert done.returncode == code, done.stderr
    assert (tmp_path / "run.html").is_file()


def test_the_local_target_needs_no_network(guarded, tmp_path):
    _copy(tmp_path)
    orch_everything(guarded, tmp_path, [0] * len(COMMANDS))


def test_a_target_on_loopback_is_all_that_is_asked(guarded, tmp_path, tmp_path_factory):
    folder = _copy(tmp_path)
    with on_port(tmp_path_factory.mktemp("server")) as url:
        project = folder / "orch.yaml"
        text = project.read_text(encoding="utf-8").replace("http://127.0.0.1:8080/v1", url)
        project.write_text(text.replace("default_target: local", "default_target: server"), encoding="utf-8")
        # The server has other scripts than the example's models, so that scenarios fail: 1.
        orch_everything(guarded, tmp_path, [0, 0, 0, 1, 1, 0, 1])


def _copy(folder: Path) -> Path:
    shutil.copytree(SPECS, folder / "specs", ignore=shutil.ignore_patterns(".orch"))
    return folder / "specs"
