import asyncio
import subprocess
import sys

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.watch import find_descendants, read_proportional, read_resident, watch

CHILD = "x = bytearray(60 << 20); print('ready', flush=True); import time; time.sleep(60)"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


@pytest.fixture
def family():
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process
        for child in find_descendants(process.pid):
            subprocess.run(["kill", "-9", str(child)], check=True)


def test_children_are_found_and_weighed(family):
    (child,) = find_descendants(family.pid)
    assert 60 << 20 < read_proportional(child) <= read_resident(child) < 200 << 20


def test_a_process_that_is_gone_weighs_nothing():
    assert (find_descendants(1 << 30), read_resident(1 << 30), read_proportional(1 << 30)) == ([], 0, 0)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(memory_bytes=50 << 20), "it used more than 50 MiB of memory"),
        (Limits(processes=0), "it started more than 0 processes"),
    ],
)
def test_what_is_over_the_limit_is_said(family, limits, said):
    assert asyncio.run(asyncio.wait_for(watch(family.pid, limits), 10)) == said
