"""Only one at a time is told that it may write, and the next one may once that one has ended."""

import subprocess
import sys

import pytest

from orchestrator.spec.sole_writer import sole_writer

HOLDER = """
import sys
from pathlib import Path
from orchestrator.spec.sole_writer import sole_writer
with sole_writer(Path(sys.argv[1])) as alone:
    print(alone, flush=True)
    sys.stdin.readline()
"""


def test_only_one_process_writes(tmp_path):
    file = tmp_path / ".orch" / "results-local.jsonl"
    command = [sys.executable, "-c", HOLDER, str(file)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with sole_writer(file) as alone:
        assert not alone
    with sole_writer(file.with_name("results-other.jsonl")) as alone:
        assert alone
    holder.kill()
    holder.communicate(timeout=30)
    with sole_writer(file) as alone:
        assert alone


def test_where_no_lock_can_be_made_it_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), sole_writer(tmp_path / "file" / "results-local.jsonl"):
        pass
