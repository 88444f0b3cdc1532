"""`orch test` and the run before: --resume, --last-failed, --budget and quarantines on a real project."""

import json
import re
import shutil
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from orchestrator.spec.sole_writer import sole_writer
from tests.cli.test_secrets import CANARY

PROJECT = """\
kind: Project
name: many
targets: {local: {provider: local}}
prices: {m: {input: 2.5, output: 10}}
"""
CLERK = "{kind: Assistant, name: clerk, model: m, instructions: You file papers.}\n"
MODEL = "{kind: ScriptedModel, name: m, rules: [{user: down, error: server_error}, {reply: yes it is}]}\n"
NAMES = ("one", "two", "three")


def scenario(name, wanted="yes", **more):
    spec = {"kind": "Scenario", "name": name, "assistant": "clerk"}
    return json.dumps({**spec, "turns": [{"user": name, "checks": [{"contains": wanted}]}], **more}) + "\n"


def write(folder, **scenarios):
    """Write the scenarios, each with the word that its reply has to contain."""
    text = "---\n".join(scenario(name, wanted) for name, wanted in scenarios.items())
    (folder / "scenarios.yaml").write_text(text)


@pytest.fixture
def many(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text(PROJECT)
    (tmp_path / "clerk.yaml").write_text(CLERK)
    (tmp_path / "model.yaml").write_text(MODEL)
    write(tmp_path, one="yes", two="no", three="yes")
    assert orch("apply").code == 0
    return tmp_path


def played(done):
    """Give the names of what was played, and of what was taken over."""
    scenarios = json.loads(done.out)["scenarios"]
    taken = [item["name"] for item in scenarios if item["taken_over"]]
    return [item["name"] for item in scenarios if not item["taken_over"]], taken


def log(folder):
    return folder / ".orch" / "results-local.jsonl"


def logged(folder):
    lines = [json.loads(line) for line in log(folder).read_text().splitlines()]
    assert set(lines[0]) == {"format", "project", "target", "started"}
    return {line["name"]: line["status"] for line in lines[1:]}


def test_every_run_leaves_a_log(orch, many):
    assert orch("test").code == 1
    assert logged(many) == {"one": "passed", "two": "failed", "three": "passed"}


# --resume


def test_what_was_judged_is_taken_over_into_all_reports_and_the_exit_code(orch, many):
    orch("test", "--json", "before.json")
    done = orch("test", "--resume", "--json", "report.json", "--junit", "report.xml")
    assert done.code == 1
    assert "3 of 3 scenarios are taken over" in done.err
    assert "FAILED two" in done.out
    assert "3 of 3 taken over from the run before, not played again" in done.out
    before, after = (json.loads((many / name).read_text()) for name in ("before.json", "report.json"))
    for report in (before, after):
        for item in report["scenarios"]:
            item.pop("taken_over")
    assert after["scenarios"] == before["scenarios"]
    assert len(ET.parse(many / "report.xml").getroot().findall(".//property[@name='taken_over']")) == 3


def test_errored_missing_and_changed_scenarios_are_played_again_and_say_why(orch, many):
    write(many, one="yes", two="no", down="yes")
    assert orch("test").code == 1  # a run that the model fails is a failed check
    lines = log(many).read_text().splitlines()
    errored = [line.replace('"status": "passed"', '"status": "errored"', 1) for line in lines if '"one"' in line]
    log(many).write_text("\n".join([lines[0], *errored, *(x for x in lines[1:] if '"one"' not in x)]) + "\n")
    write(many, one="yes", two="yes", down="yes", new="yes")
    done = orch("test", "--resume", "--format", "json")
    assert played(done) == (["one", "two", "new"], ["down"])
    assert "1 of 4 scenarios are taken over" in done.err
    assert "played again, errored: one" in done.err
    assert "played again, the scenario changed: two" in done.err
    assert logged(many)["two"] == "passed"


def test_a_changed_assistant_is_played_again(orch, many):
    orch("test")
    (many / "clerk.yaml").write_text(CLERK.replace("file", "shred"))
    orch("apply")
    done = orch("test", "--resume", "--format", "json")
    assert played(done) == (["one", "two", "three"], [])
    assert "played again, assistant.clerk changed: one, two, three" in done.err


def test_nothing_to_play_needs_no_target(orch, many):
    orch("test")
    (many / ".orch" / "local.db").unlink()
    assert orch("test", "--resume", "--name", "one").code == 0
    assert not (many / ".orch" / "local.db").exists()


def test_without_a_run_there_is_nothing_to_go_on_with(orch, many):
    done = orch("test", "--resume")
    assert (done.code, done.out) == (64, "")
    assert "there is no run on local to continue" in done.err


def test_a_damaged_log_is_an_error_at_its_line_and_a_new_run_begins_another(orch, many):
    orch("test")
    text = log(many).read_text().splitlines()
    log(many).write_text("\n".join([text[0], "{", *text[2:]]) + "\n")
    for option in ("--resume", "--last-failed"):
        done = orch("test", option)
        assert done.code == 2
        assert "error: .orch/results-local.jsonl:2: this is no JSON" in done.err
    done = orch("test")
    assert ".orch/results-local.jsonl:2: this is no JSON" in done.err
    assert "a new log is begun" in done.err
    assert len(logged(many)) == 3


def test_both_at_once_make_no_sense(orch, many):
    done = orch("test", "--resume", "--last-failed")
    assert done.code == 64
    assert "exclude each other" in done.err


def test_recorded_results_are_taken_over_as_recorded(orch, many):
    orch("test", "--record", "once")
    orch("test", "--record", "none")
    done = orch("test", "--resume", "--record", "none", "--format", "json")
    assert played(done)[1] == list(NAMES)
    assert all(item["attempts"][0]["recorded"] for item in json.loads(done.out)["scenarios"])


def test_no_key_is_in_the_log(orch, many, monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    text = (many / "orch.yaml").read_text().replace("provider: local", "provider: local, api_key: {env: CANARY}")
    (many / "orch.yaml").write_text(text)
    (many / "scenarios.yaml").write_text(scenario("leak", CANARY))
    done = orch("test")
    assert done.code == 1, done.err
    assert CANARY in done.out
    assert CANARY not in log(many).read_text()


# --last-failed


def test_only_what_did_not_pass_and_the_log_still_knows_the_others(orch, many):
    orch("test")
    done = orch("test", "--last-failed", "--format", "json")
    assert played(done) == (["two"], [])
    assert "1 of 3 scenarios are not known to have passed: only these" in done.err
    assert logged(many) == {"one": "passed", "two": "failed", "three": "passed"}
    write(many, one="yes", two="yes", three="yes")
    assert played(orch("test", "--last-failed", "--format", "json")) == (["two"], [])
    done = orch("test", "--last-failed", "--format", "json")
    assert played(done) == (list(NAMES), [])
    assert "all passed in the last run: everything is run" in done.err


def test_without_a_last_run_everything_is_run(orch, many):
    done = orch("test", "--last-failed", "--format", "json")
    assert played(done) == (list(NAMES), [])
    assert "there is no last run on local: everything is run" in done.err


def test_one_scenario_run_by_itself_does_not_forget_the_others(orch, many):
    orch("test")
    assert orch("test", "--name", "one").code == 0
    assert played(orch("test", "--last-failed", "--format", "json")) == (["two"], [])
    assert orch("test", "--name", "one").code == 0
    assert played(orch("test", "--resume", "--format", "json")) == (["two", "three"], ["one"])


def test_what_fail_fast_left_out_counts_as_not_passed(orch, many):
    done = orch("test", "--fail-fast", "--concurrency", "1", "--format", "json")
    left = [item["name"] for item in json.loads(done.out)["not_run"]]
    assert left
    assert played(orch("test", "--last-failed", "--format", "json"))[0] == [n for n in NAMES if n in ("two", *left)]


def test_a_scenario_that_is_gone_is_forgotten(orch, many):
    orch("test")
    write(many, one="yes", two="no")
    orch("test", "--name", "one")
    assert set(logged(many)) == {"one", "two"}


# One writer


def test_where_another_run_keeps_the_log_this_one_does_not(orch, many):
    orch("test")
    before = log(many).read_text()
    with sole_writer(log(many)):
        done = orch("test", "--name", "one")
        assert (done.code, "another `orch test` is running on local" in done.err) == (0, True)
        assert played(orch("test", "--last-failed", "--format", "json"))[0] == ["two"]
        assert orch("test", "--resume").code == 2
    assert log(many).read_text() == before


def test_a_folder_that_cannot_be_written_keeps_no_log(orch, many):
    orch("test", "--record", "once")
    shutil.rmtree(many / ".orch")
    (many / ".orch").write_text("in the way")
    done = orch("test", "--record", "none", "--name", "one")
    assert (done.code, "the results are not kept: " in done.err) == (0, True)


# --budget


def test_a_budget_ends_a_run_and_resume_goes_on(orch, many):
    write(many, one="yes", two="yes", three="yes")
    done = orch("test", "--budget", "0.000001", "--concurrency", "1", "--json", "report.json")
    assert done.code == 5
    assert re.search(r"spent \$0\.\d+ of \$0\.000001; 2 not run: the budget of \$0\.000001 is spent", done.out)
    assert "to continue: `orch test --resume`" in done.err
    report = json.loads((many / "report.json").read_text())
    assert (report["budget"]["reached"], report["summary"]["passed"], report["summary"]["not_run"]) == (True, 1, 2)
    assert report["cost_usd"] == report["budget"]["spent_usd"] > 0
    done = orch("test", "--resume", "--budget", "1", "--format", "json")
    assert done.code == 0
    assert played(done) == (["two", "three"], ["one"])
    after = json.loads(done.out)
    assert after["budget"]["spent_usd"] < after["cost_usd"]  # what was taken over was paid for before


def test_a_budget_needs_prices(orch, many):
    (many / "orch.yaml").write_text(PROJECT.replace("prices: {m:", "prices: {other:"))
    done = orch("test", "--budget", "1")
    assert (done.code, done.out) == (64, "")
    assert "there is none for: m" in done.err
    assert "prices: {m: {input: USD, output: USD}}" in done.err
    assert orch("test", "--budget", "0").code == 64


# Quarantine


@pytest.mark.parametrize(("days", "code"), [(0, 0), (-1, 1)])
def test_quarantine_lasts_to_the_end_of_its_day(orch, many, days, code):
    until = (date.today() + timedelta(days=days)).isoformat()
    held = scenario("two", "no", quarantine={"reason": "waits for the vendor", "until": until})
    (many / "scenarios.yaml").write_text(held)
    done = orch("test", "--fail-fast")
    assert done.code == code
    assert "FAILED two" in done.out
    assert "waits for the vendor" in done.out
    assert ("1 quarantined in" in done.out) == (code == 0)
    assert ("ended on" in done.out) == (code == 1)


def test_a_day_in_yaml_is_a_day_and_anything_else_is_told(orch, many):
    text = (
        "kind: Scenario\nname: one\nassistant: clerk\nturns: [{user: hi}]\n"
        "quarantine:\n  reason: flaky\n  until: 2999-12-31\n"
    )
    (many / "scenarios.yaml").write_text(text)
    assert orch("validate").code == 0
    (many / "scenarios.yaml").write_text(text.replace("2999-12-31", "next week"))
    done = orch("validate")
    assert done.code == 1
    assert "scenarios.yaml:7:10: error: " in done.err
    assert "'next week' is no day: write it as 2026-03-01" in done.err
