"""Entries come back as they were written, whatever a file holds, and whoever writes to it at the same time."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.model.address import Address, Kind
from orchestrator.reconcile.history import (
    Command,
    Entry,
    append,
    from_line,
    get_history_file,
    read_history,
    short_revision,
    to_line,
)
from orchestrator.reconcile.outcome import Outcome, Status
from orchestrator.reconcile.plan import Action
from tests.reconcile.building import address

STEADY = settings(max_examples=100, deadline=None, derandomize=True)
DONE = Outcome(address("assistant.tutor"), Action.CREATE, Status.APPLIED, "asst_1")
ENTRY = Entry(
    when=datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC),
    who="an@example.test",
    target="local",
    project="tutoring",
    revision="a" * 40,
    plan_hash="b" * 64,
    command=Command.APPLY,
    outcomes=(DONE,),
)
texts = st.text(st.characters())  # halves of surrogate pairs too: an error may quote anything
outcomes = st.builds(
    Outcome,
    address=st.builds(Address, st.sampled_from(Kind), st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)),
    action=st.sampled_from(Action),
    status=st.sampled_from(Status),
    id=st.none() | texts,
    error=st.none() | texts,
    hint=st.none() | texts,
)
entries = st.builds(
    Entry,
    when=st.datetimes(timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0)),
    who=texts,
    target=texts,
    project=texts,
    revision=st.none() | texts,
    plan_hash=texts,
    command=st.sampled_from(Command),
    outcomes=st.lists(outcomes, max_size=3).map(tuple),
    interrupted=st.booleans(),
)


@STEADY
@given(entries)
def test_an_entry_comes_back_as_it_was_and_is_one_line(entry):
    line = to_line(entry)
    assert line.isascii()
    assert "\n" not in line
    assert from_line(line) == entry


@STEADY
@given(entries, st.data())
def test_no_part_of_a_line_is_an_entry(entry, data):
    line = to_line(entry)
    assert from_line(line[: data.draw(st.integers(0, len(line) - 1))]) is None


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner))


@STEADY
@given(st.sampled_from(sorted(json.loads(to_line(ENTRY)))), json_values)
def test_a_key_that_holds_anything_is_no_error(key, value):
    data = json.loads(to_line(ENTRY))
    data[key] = value
    assert from_line(json.dumps(data)) is None or value is None or isinstance(value, str | bool | list)
    del data[key]
    assert from_line(json.dumps(data)) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[" * 100_000,
        "{}",
        to_line(ENTRY).replace("orch.history-entry/1", "orch.history-entry/2"),
        to_line(ENTRY).replace('"apply"', '"conjure"'),
        to_line(ENTRY).replace("assistant.tutor", "spaceship.tutor"),
        to_line(ENTRY).replace("2026-03-01", "2026-13-01"),
        to_line(ENTRY).replace("[{", "[7, {"),
    ],
)
def test_what_is_no_entry_of_this_format_is_none(line):
    assert from_line(line) is None


def test_times_are_written_in_utc_and_whole_seconds():
    east = datetime(2026, 3, 1, 21, 30, 5, 999_999, tzinfo=timezone(timedelta(hours=9)))
    data = json.loads(to_line(replace(ENTRY, when=east)))
    assert data["when"] == "2026-03-01T12:30:05Z"


def test_a_newer_orch_may_add_keys():
    data = json.loads(to_line(ENTRY))
    data["note"] = data["outcomes"][0]["note"] = "new"
    assert from_line(json.dumps(data)) == ENTRY


def test_complete_means_everything_was_done():
    assert ENTRY.complete
    assert not replace(ENTRY, interrupted=True).complete
    for status in (Status.FAILED, Status.BLOCKED, Status.SKIPPED):
        assert not replace(ENTRY, outcomes=(DONE, replace(DONE, status=status))).complete


def test_a_short_revision_still_says_dirty():
    assert short_revision("a" * 40) == "aaaaaaa"
    assert short_revision("a" * 40 + "-dirty") == "aaaaaaa-dirty"


# The file


def test_numbers_are_those_of_lines_and_what_is_no_entry_keeps_its_own(tmp_path):
    file = get_history_file(tmp_path)
    assert read_history(file).entries == {}
    append(file, ENTRY)
    with file.open("ab") as stream:
        stream.write(b'{"format": "orch.history-entry/9", "who": "later"}\n\xff\xfe not text\n\n')
    append(file, replace(ENTRY, who="other"))
    history = read_history(file)
    assert {number: entry.who for number, entry in history.entries.items()} == {1: "an@example.test", 5: "other"}
    assert history.unreadable == 2


@pytest.mark.parametrize("left", [1, 40, -2])
def test_half_a_line_left_by_a_kill_spoils_no_other(tmp_path, left):
    file = get_history_file(tmp_path)
    append(file, ENTRY)
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:left])
    assert list(read_history(file).entries) == [1]
    append(file, replace(ENTRY, who="after the kill"))
    history = read_history(file)
    assert {number: entry.who for number, entry in history.entries.items()} == {
        1: "an@example.test",
        3: "after the kill",
    }
    assert history.unreadable == 1


def test_a_line_whose_end_alone_is_missing_is_an_entry(tmp_path):
    file = get_history_file(tmp_path)
    append(file, ENTRY)
    file.write_bytes(file.read_bytes().removesuffix(b"\n"))
    append(file, ENTRY)
    assert read_history(file).entries == {1: ENTRY, 2: ENTRY}


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from orchestrator.reconcile.history import append, from_line
entry = from_line(sys.argv[2])
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
for number in range(100):
    append(Path(sys.argv[1]), replace(entry, who=f"{sys.argv[3]} {number}"))
"""


def test_two_processes_that_append_at_once_mix_no_lines(tmp_path):
    file = get_history_file(tmp_path)
    long = to_line(replace(ENTRY, outcomes=(DONE,) * 200))  # some 20 kB a line, more than one page of a file
    both = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), long, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    history = read_history(file)
    assert history.unreadable == 0
    for name in "ab":
        mine = [entry.who for entry in history.entries.values() if entry.who.startswith(name)]
        assert mine == [f"{name} {number}" for number in range(100)]
