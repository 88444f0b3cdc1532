"""The command as a whole: help, versions, exit codes, and what start-up may import."""

import subprocess
import sys

import click
import pytest

from orchestrator.cli.main import COMMANDS, USAGE
from orchestrator.cli.main import orch as group

HEAVY = {"openai", "starlette", "jsonschema", "pydantic", "rich", "uvicorn", "jinja2", "yaml"}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["-h"]])
def test_start_up_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom orchestrator.cli.main import run\n"
        f"run({arguments!r})\nprint(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_the_list_of_commands_says_what_the_commands_say():
    context = click.Context(group)
    for name, text in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == text


def test_every_command_shows_examples_and_says_its_exit_codes(orch):
    for name in COMMANDS:
        shown = orch(name, "--help").out
        _, _, lines = shown.partition("\n  Examples:\n")
        assert any(line.startswith("    ") and f"orch {name}" in line for line in lines.splitlines()), name
        assert "\n  Exit codes: " in shown, name


def test_every_command_takes_both_helps(orch):
    for name in COMMANDS:
        assert orch(name, "-h").out == orch(name, "--help").out != ""


def test_wrong_usage_is_64(orch):
    for wrong in (["nothing"], ["plan", "--nope"], ["schema"], ["plan", "--var", "x"], ["test", "--concurrency", "0"]):
        done = orch(*wrong)
        assert (done.code, done.out) == (USAGE, ""), wrong
        assert done.err


def test_completion_offers_commands(tmp_path):
    words = {"_ORCH_COMPLETE": "bash_complete", "COMP_WORDS": "orch va", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator"], env=words, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "plain,validate" in done.stdout


def test_a_folder_that_cannot_be_written_is_an_error_not_a_traceback(orch, tmp_path):
    (tmp_path / "file").write_text("")
    done = orch("schema", "--write", "file/below")
    assert done.code in (1, USAGE)
    assert "file/below" in done.err
    assert "Traceback" not in done.err


def test_a_reader_that_stops_reading_gets_no_traceback(tmp_path):
    command = [sys.executable, "-m", "orchestrator", "schema", "Scenario"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (1, b"")


def test_a_terminal_without_unicode_gets_it_written_out(tutor, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "plan", "specs/"],
        cwd=tmp_path,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=True,
    )
    assert rb"\ub108\ub294" in done.stdout  # 너는
