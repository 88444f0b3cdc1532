"""One run over several targets: one after the other, one report, and one target that cannot be used hides no other."""

import json

import pytest

TWO = """\
kind: Project
name: tutoring
default_target: local
targets:
  local: {provider: local}
  second: {provider: local, db: .orch/second.db, variables: {tone: 정중하게}}
variables: {tone: 짧게}
"""


@pytest.fixture
def two(orch, tutor):
    (tutor / "orch.yaml").write_text(TWO)
    for target in ("local", "second"):
        assert orch("apply", "specs/", "--target", target).code == 0
    return tutor


def report(tutor):
    return json.loads((tutor.parent / "report.json").read_text())


BOTH = ("test", "specs/", "--target", "local", "--target", "second", "--json", "report.json")


def test_every_scenario_is_played_on_every_target(orch, two):
    done = orch(*BOTH, "--name", "quiz", "--name", "thanks")
    assert done.code == 0, done.out
    assert "quiz on second" in done.out
    assert [line for line in done.err.splitlines() if line.startswith("target ")] == [
        "target local: 2 scenarios",
        "target second: 2 scenarios",
    ]
    told = report(two)
    assert told["target"] == "local, second"
    assert [(each["name"], each["target"]) for each in told["scenarios"]] == [
        ("quiz", "local"),
        ("thanks", "local"),
        ("quiz", "second"),
        ("thanks", "second"),
    ]
    assert orch("compare", "report.json", "report.json").code == 0


def test_one_target_twice_is_one(orch, two):
    done = orch("test", "specs/", "--name", "quiz", "--target", "second", "--target", "second", "--json", "report.json")
    assert (done.code, "quiz on" in done.out) == (0, False)
    assert (report(two)["target"], len(report(two)["scenarios"])) == ("second", 1)


def test_the_exit_code_is_over_all(orch, two):
    check = "equals: \"{{ '천만에요!' if target.name == 'local' else 'no' }}\""
    text = f"kind: Scenario\nname: more\nassistant: math-tutor\nturns: [{{user: 고마워, checks: [{check}]}}]\n"
    (two / "more.yaml").write_text(text)
    assert orch("test", "specs/", "--name", "more").code == 0
    done = orch(*BOTH, "--name", "more")
    assert (done.code, "1 failed, 1 passed" in done.out) == (1, True)
    assert "FAILED more on second" in done.out


def test_a_target_that_cannot_be_used_is_errored_and_the_other_is_told(orch, two):
    orch("destroy", "specs/", "--target", "local", "--yes")
    done = orch(*BOTH, "--name", "quiz")
    assert (done.code, "1 errored, 1 passed" in done.out) == (2, True)
    first, second = report(two)["scenarios"]
    assert (first["status"], second["status"]) == ("errored", "passed")
    assert "is not there on target local" in first["attempts"][0]["problem"]["message"]


def test_fail_fast_begins_no_further_target(orch, two):
    orch("destroy", "specs/", "--target", "local", "--yes")
    assert orch(*BOTH, "--name", "quiz", "--fail-fast").code == 2
    assert [each["target"] for each in report(two)["not_run"]] == ["second"]


def test_recordings_are_of_each_target(orch, two):
    assert orch(*BOTH, "--name", "quiz", "--record", "once").code == 0
    assert {file.parent.name for file in (two / "recordings").rglob("quiz.json")} == {"local", "second"}
    done = orch(*BOTH, "--name", "quiz", "--record", "none")
    assert (done.code, "all recorded" in done.out) == (0, True)


def test_a_target_nobody_declared_is_told_before_anything_runs(orch, two):
    done = orch("test", "specs/", "--target", "local", "--target", "thrid")
    assert (done.code, done.out) == (2, "")
    assert "no target is called `thrid`" in done.err


def test_parts_are_dealt_out_over_all_targets(orch, two):
    seen = []
    for number in ("1", "2"):
        assert orch(*BOTH, "--name", "quiz", "--name", "thanks", "--shard", f"{number}/2").code == 0
        seen.append([(each["name"], each["target"]) for each in report(two)["scenarios"]])
    assert seen == [[("quiz", "local"), ("quiz", "second")], [("thanks", "local"), ("thanks", "second")]]
