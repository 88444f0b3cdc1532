"""A run of scenarios that ends early, by Ctrl-C or by kill -9, and the run that goes on with it: real processes."""

import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest

ORCH = [sys.executable, "-m", "orchestrator"]
QUICK, SLOW = 3, 4
"""Scenarios that are answered at once, and scenarios whose answer takes longer than any test waits."""
NAMES = [*(f"quick-{number}" for number in range(QUICK)), *(f"slow-{number}" for number in range(SLOW))]
PROJECT = "kind: Project\nname: many\ntargets: {local: {provider: local}}\n"
ASSISTANT = "{kind: Assistant, name: clerk, model: m}\n"
MODEL = "kind: ScriptedModel\nname: m\nrules: [{user: slow, reply: yes it is, delay_ms: %d}, {reply: yes it is}]\n"


def scenario(name):
    turns = f"[{{user: {name}, checks: [{{contains: yes}}]}}]"
    return f"{{kind: Scenario, name: {name}, assistant: clerk, turns: {turns}}}\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "orch.yaml").write_text(PROJECT)
    (tmp_path / "clerk.yaml").write_text(ASSISTANT)
    (tmp_path / "model.yaml").write_text(MODEL % 60_000)
    (tmp_path / "scenarios.yaml").write_text("---\n".join(map(scenario, NAMES)))
    orch(tmp_path, "apply", "--offline-models")
    return tmp_path


def orch(folder, *arguments):
    return subprocess.run([*ORCH, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def started(folder, *arguments):
    """Begin a run, and wait until the quick scenarios are in its log: then a slow one is under way."""
    process = subprocess.Popen(
        [*ORCH, "test", "--concurrency", "1", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and len(logged(folder)) < QUICK:
        time.sleep(0.01)
    return process


def log_file(folder):
    return folder / ".orch" / "results-local.jsonl"


def logged(folder):
    """Give the names in the log, in its order."""
    try:
        lines = log_file(folder).read_text().splitlines()
    except FileNotFoundError:
        return []
    assert json.loads(lines[0])["format"] == "orch.results/1"
    return [json.loads(line)["name"] for line in lines[1:]]


def quicken(folder):
    """From now on everything is answered at once."""
    (folder / "model.yaml").write_text(MODEL % 0)


def resumed(folder):
    done = orch(folder, "test", "--resume", "--format", "json")
    assert done.returncode == 0, done.stderr
    return done, json.loads(done.stdout)


def test_ctrl_c_leaves_valid_reports_and_a_log_that_resume_goes_on_with(project):
    process = started(project, "--json", "report.json", "--junit", "report.xml")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "Interrupted: closing 1 conversation under way; Ctrl-C again stops at once." in err
    assert err.splitlines()[-1] == "to continue: `orch test --resume`, with the same paths and options"
    assert "interrupted: 3 passed, 4 not run" in out
    report = json.loads((project / "report.json").read_text())
    assert (report["interrupted"], report["summary"]["passed"], report["summary"]["not_run"]) == (True, QUICK, SLOW)
    assert {item["reason"] for item in report["not_run"]} == {"the run was interrupted"}
    assert len(ET.parse(project / "report.xml").getroot().findall(".//testcase")) == len(NAMES)
    assert logged(project) == NAMES[:QUICK]
    quicken(project)
    done, report = resumed(project)
    assert "3 of 7 scenarios are taken over" in done.stderr
    assert [item["taken_over"] for item in report["scenarios"]] == [True] * QUICK + [False] * SLOW
    assert [item["name"] for item in report["scenarios"]] == NAMES
    assert (report["summary"]["passed"], report["summary"]["taken_over"]) == (len(NAMES), QUICK)
    assert sorted(logged(project)) == sorted(NAMES)


def test_a_second_ctrl_c_stops_at_once_and_the_log_stays(project):
    process = started(project)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Interrupted" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode in (2, 130)  # 2 where everything was closed before the second one came
    assert logged(project) == NAMES[:QUICK]


@pytest.mark.parametrize("torn", [b"", b'{"name": "slow-0", "key": {"scen'])
def test_after_kill_9_resume_goes_on(project, torn):
    process = started(project)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -9
    with log_file(project).open("ab") as stream:
        stream.write(torn)  # what a kill in the middle of a write leaves
    quicken(project)
    _, report = resumed(project)
    assert [item["taken_over"] for item in report["scenarios"]] == [True] * QUICK + [False] * SLOW
    assert report["summary"]["passed"] == len(NAMES)
    assert sorted(logged(project)) == sorted(NAMES)
    assert resumed(project)[1]["summary"]["taken_over"] == len(NAMES)


def test_a_second_run_meanwhile_leaves_the_log_of_the_first_alone(project):
    process = started(project)
    beside = orch(project, "test", "--name", "quick-0")
    assert (beside.returncode, "1 passed" in beside.stdout) == (0, True)
    assert "another `orch test` is running on local" in beside.stderr
    refused = orch(project, "test", "--resume")
    assert refused.returncode == 2
    assert "wait until it is done" in refused.stderr
    assert logged(project) == NAMES[:QUICK]
    process.kill()
    process.communicate(timeout=30)
    assert logged(project) == NAMES[:QUICK]
