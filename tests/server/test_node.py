"""Clients in Node over a real port: the official one, and plain `fetch` with server-sent events read by hand.

Every script in `tests/node/sdk` and `tests/node/fetch` is a test: it is given the server's address and says `passed`.
The official client is the one of `tests/node/package-lock.json`, installed by `npm ci` where there is a registry.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from orchestrator.server.assembly import assemble

NODE = Path(__file__).parent.parent / "node"
OLDEST = 20
"""The first Node whose `fetch` is finished."""
SCRIPTS = sorted(path.relative_to(NODE).as_posix() for path in NODE.glob("[fs]*/*.mjs") if path.name != "sse.mjs")


@pytest.fixture(scope="session")
def node() -> str:
    """The program; without one the test is skipped."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("there is no node here")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST:
        pytest.skip(f"node {version} is older than {OLDEST}")
    return program


@pytest.fixture(scope="session")
def client(node: str) -> str:
    """The official client, installed beside the scripts, once for all who test at a time."""
    npm = shutil.which("npm")
    wanted = str(json.loads((NODE / "package.json").read_text())["dependencies"]["openai"])
    installed = NODE / "node_modules" / "openai" / "package.json"
    name = hashlib.sha256(str(NODE).encode()).hexdigest()[:12]
    with FileLock(Path(tempfile.gettempdir()) / f"orch-npm-{name}.lock"):
        if installed.exists() and json.loads(installed.read_text())["version"] == wanted:
            return wanted
        if npm is None:
            pytest.skip("there is no npm here, and the client is not installed")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=180, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"`npm ci` gave openai {wanted} in no time")
    if done.returncode:
        pytest.skip(f"`npm ci` could not install openai {wanted}: {done.stderr.strip().splitlines()[-1:]}")
    return wanted


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_client_in_node_is_served(script, node, store, make_model, live_server, request):
    if script.startswith("sdk/"):
        request.getfixturevalue("client")
    url = live_server(assemble(store, [make_model()]))
    done = subprocess.run([node, script, url], cwd=NODE, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "passed"), done.stderr


def test_every_wire_has_a_script_with_the_client_and_one_without():
    names = {folder: {path.stem for path in (NODE / folder).glob("*.mjs")} - {"sse"} for folder in ("sdk", "fetch")}
    assert names["sdk"] == names["fetch"] >= {"agents", "assistants"}


def test_the_clients_version_is_pinned_and_its_lock_says_the_same():
    lock = json.loads((NODE / "package-lock.json").read_text())
    (name, version), *others = json.loads((NODE / "package.json").read_text())["dependencies"].items()
    assert (name, others) == ("openai", [])
    assert lock["packages"]["node_modules/openai"]["version"] == version
