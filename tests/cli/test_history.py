"""`orch history` on the example project and the local target."""

import json
import re
import time
from typing import Any

import pytest

from tests.repositories import AUTHOR, CI, Repository


@pytest.fixture
def repository(tutor, monkeypatch) -> Repository:
    """The example project as a repository with one commit."""
    for name in CI:
        monkeypatch.delenv(name, raising=False)
    made = Repository.begin(tutor.parent)
    made.commit({})
    return made


def entries(orch, *arguments: str) -> list[dict[str, Any]]:
    report = json.loads(orch("history", *arguments, "--format", "json").out)
    assert report["format"] == "orch.history/1"
    found: list[dict[str, Any]] = report["entries"]
    return found


def test_every_apply_and_destroy_is_there_newest_first(orch, repository, tutor):
    revision = repository.git("rev-parse", "HEAD")
    plan = json.loads(orch("plan", "specs/", "--format", "json").out)
    orch("apply", "specs/")
    orch("apply", "specs/")  # nothing to do, nothing to remember
    (tutor / "prompts" / "math-tutor.md").write_text("새 지시")
    orch("apply", "specs/")
    orch("destroy", "specs/")
    third, second, first = entries(orch, "specs/")
    assert [entry["number"] for entry in (first, second, third)] == [1, 2, 3]
    assert [entry["command"] for entry in (first, second, third)] == ["apply", "apply", "destroy"]
    assert [entry["revision"] for entry in (first, second, third)] == [revision, f"{revision}-dirty", None]
    assert {(entry["who"], entry["target"], entry["project"]) for entry in (first, second, third)} == {
        (AUTHOR, "local", "tutoring")
    }
    assert first["plan_hash"] == plan["hash"]
    assert [(o["address"], o["action"], o["status"]) for o in first["outcomes"]] == [
        ("vector_store.papers", "create", "applied"),
        ("assistant.math-tutor", "create", "applied"),
    ]
    assert third["summary"]["applied"] == 2


def test_as_text_with_local_times_and_short_revisions(orch, repository, monkeypatch):
    short = repository.git("rev-parse", "HEAD")[:7]
    orch("apply", "specs/")
    (utc,) = re.findall(r"T(\d\d):(\d\d)", entries(orch, "specs/")[0]["when"])
    monkeypatch.setenv("TZ", "Asia/Kathmandu")  # 5 h 45 min east
    time.tzset()
    try:
        lines = orch("history", "specs/").out.splitlines()
    finally:
        monkeypatch.undo()
        time.tzset()
    minutes = (int(utc[0]) * 60 + int(utc[1]) + 345) % (24 * 60)
    pattern = rf"1   \S+ {minutes // 60:02}:{minutes % 60:02}:\d\d  {AUTHOR}  local   apply    {short}   \w{{8}}  "
    assert re.fullmatch(pattern + "2 applied", lines[1]), lines
    assert len(lines) == 2


def test_one_entry_or_all_with_their_outcomes(orch, repository):
    orch("apply", "specs/")
    orch("destroy", "specs/")
    one = orch("history", "1", "specs/").out
    assert "  + assistant.math-tutor  asst_" in one
    assert "deleted" not in one
    every = orch("history", "specs/", "--verbose").out
    assert "created" in every
    assert "deleted" in every
    assert [entry["number"] for entry in entries(orch, "specs/", "1")] == [1]


def test_target_and_limit_choose(orch, repository, tutor):
    text = (tutor / "orch.yaml").read_text(encoding="utf-8")
    (tutor / "orch.yaml").write_text(
        text.replace("  server:", "  other: {provider: local, db: other.db}\n  server:"), encoding="utf-8"
    )
    for target in ("local", "other"):
        orch("apply", "specs/", "--target", target)
        orch("destroy", "specs/", "--target", target)
    assert [entry["number"] for entry in entries(orch, "specs/")] == [4, 3, 2, 1]
    assert [entry["number"] for entry in entries(orch, "specs/", "--target", "local")] == [2, 1]
    assert [entry["number"] for entry in entries(orch, "specs/", "--target", "other", "--limit", "1")] == [4]
    assert orch("history", "specs/", "--limit", "0").code == 64


def test_it_works_where_the_specs_are_broken(orch, repository, tutor):
    orch("apply", "specs/")
    (tutor / "math-tutor.yaml").write_text("kind: [")
    (tutor / "orch.yaml").write_text("not: [a project")
    done = orch("history", "specs/prompts")
    assert (done.code, done.err) == (0, "")
    assert "2 applied" in done.out


def test_an_empty_history_says_what_fills_it(orch, tutor):
    done = orch("history", "specs/")
    assert done.code == 0
    assert "`orch apply`" in done.out
    assert entries(orch, "specs/") == []
    orch("apply", "specs/")
    assert "Nothing was applied to staging" in orch("history", "specs/", "--target", "staging").out


def test_lines_that_cannot_be_read_are_counted_and_spoil_nothing(orch, tutor):
    orch("apply", "specs/")
    file = tutor / ".orch" / "history.jsonl"
    file.write_text(file.read_text() + '{"format": "orch.history-entry/1", "when": "2026-')
    orch("destroy", "specs/")
    done = orch("history", "specs/")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["NO", "3", "1"]
    assert "1 line is no entry" in done.err


def test_wrong_numbers_and_paths(orch, tutor, tmp_path):
    orch("apply", "specs/")
    for wrong in (["7", "specs/"], ["1", "2", "specs/"], ["specs/", "specs/"], ["1", "specs/", "--target", "other"]):
        done = orch("history", *wrong)
        assert (done.code, done.out) == (64, ""), wrong
        assert "hint" in done.err
    assert "there are 1 to 1" in orch("history", "7", "specs/").err
    assert orch("history", "nowhere").code == 1


def test_a_folder_called_like_a_number(orch, tutor, tmp_path):
    tutor.rename(tmp_path / "7")
    orch("apply", "./7")
    assert [entry["number"] for entry in entries(orch, "./7", "1")] == [1]


def test_the_actor_of_a_ci_is_who(orch, tutor, monkeypatch):
    monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "octocat")
    orch("apply", "specs/")
    assert entries(orch, "specs/")[0]["who"] == "octocat"


def test_a_history_that_cannot_be_written_is_a_note(orch, tutor):
    (tutor / ".orch" / "history.jsonl").mkdir(parents=True)
    done = orch("apply", "specs/")
    assert done.code == 0
    assert "2 created" in done.out
    assert "this is not in the history" in done.err


def test_a_saved_plan_is_recorded_with_the_revision_it_was_made_from(orch, repository, tutor):
    revision = repository.git("rev-parse", "HEAD")
    orch("plan", "specs/", "--out", "plan.json")
    (tutor / "prompts" / "math-tutor.md").write_text("written after the plan was saved")
    assert orch("apply", "specs/", "plan.json").code == 0
    (entry,) = entries(orch, "specs/")
    assert (entry["command"], entry["revision"]) == ("apply", revision)
    assert entry["plan_hash"] == json.loads((tutor.parent / "plan.json").read_text())["hash"]
