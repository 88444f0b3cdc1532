from dataclasses import replace
from datetime import UTC, timedelta, timezone

from orchestrator.reconcile.history import Command, History
from orchestrator.reconcile.outcome import Outcome, Status
from orchestrator.reconcile.plan import Action
from orchestrator.reporting.history_list import history_json, history_text
from tests.reconcile.building import address
from tests.reconcile.test_history import DONE, ENTRY

FAILED = Outcome(address("assistant.b"), Action.UPDATE, Status.FAILED, "asst_2", "too many requests", "later")
HISTORY = History(
    {
        1: replace(ENTRY, revision="c" * 40 + "-dirty"),
        3: replace(ENTRY, who="김", command=Command.ROLLBACK, outcomes=(DONE, FAILED), interrupted=True),
        12: replace(ENTRY, revision=None, command=Command.DESTROY),
    },
    unreadable=1,
)


def test_newest_first_in_columns():
    assert (
        history_text(HISTORY, zone=UTC).plain
        == """\
NO  WHEN                 WHO              TARGET  COMMAND   REVISION       PLAN      OUTCOMES
12  2026-03-01 12:30:05  an@example.test  local   destroy   -              bbbbbbbb  1 applied
3   2026-03-01 12:30:05  김               local   rollback  aaaaaaa        bbbbbbbb  1 applied, 1 failed, interrupted
1   2026-03-01 12:30:05  an@example.test  local   apply     ccccccc-dirty  bbbbbbbb  1 applied"""
    )


def test_verbose_shows_what_became_of_every_change():
    lines = history_text(replace(HISTORY, entries={3: HISTORY.entries[3]}), verbose=True, zone=UTC).plain.splitlines()
    assert lines[2:] == [
        "  + assistant.tutor  asst_1  created",
        "  ! assistant.b  asst_2  update failed: too many requests",
        "      hint: later",
    ]
    assert len(history_text(HISTORY, verbose=True).plain.split("\n\n")) == 3


def test_times_are_those_of_the_reader():
    shown = history_text(HISTORY, zone=timezone(timedelta(hours=9))).plain
    assert "2026-03-01 21:30:05" in shown


def test_json_has_everything_in_utc():
    report = history_json(HISTORY)
    assert (report["format"], report["unreadable"]) == ("orch.history/1", 1)
    assert [entry["number"] for entry in report["entries"]] == [12, 3, 1]
    assert report["entries"][1] == {
        "number": 3,
        "when": "2026-03-01T12:30:05Z",
        "who": "김",
        "command": "rollback",
        "target": "local",
        "project": "tutoring",
        "revision": "a" * 40,
        "plan_hash": "b" * 64,
        "interrupted": True,
        "summary": {"applied": 1, "failed": 1, "blocked": 0, "skipped": 0},
        "outcomes": [
            {
                "address": "assistant.tutor",
                "action": "create",
                "status": "applied",
                "id": "asst_1",
                "error": None,
                "hint": None,
            },
            {
                "address": "assistant.b",
                "action": "update",
                "status": "failed",
                "id": "asst_2",
                "error": "too many requests",
                "hint": "later",
            },
        ],
    }


def test_what_a_name_holds_cannot_steer_the_terminal_or_break_the_table():
    shown = history_text(History({1: replace(ENTRY, who="a\n\x1b[2Jb\ud800")})).plain
    assert "a \\x1b[2Jb\\ud800" in shown
    assert len(shown.splitlines()) == 2
