"""The marks on a live object: they fit, they come back, and no damage to them is an error."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import digest, file_path
from orchestrator.model.ownership import (
    MAX_PAIRS,
    MAX_VALUE,
    Baseline,
    Marks,
    files_digest,
    pairs_needed,
    user_pairs,
)

TUTOR = Address(Kind.ASSISTANT, "math-tutor")
PATHS = st.text(st.characters(), max_size=30)  # surrogates too: a live object's metadata may hold half a pair
FIELDS = st.dictionaries(PATHS, st.none() | st.integers() | st.text(max_size=20), max_size=60)
NAMES = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,12}){0,4}", fullmatch=True)  # no longer than a name may be
MARKS = st.builds(
    Marks,
    project=NAMES,
    address=st.builds(Address, st.sampled_from(Kind), NAMES),
    baseline=st.builds(Baseline.of, FIELDS),
    files=st.none() | st.just("3:0123456789abcdef0123456789abcdef"),
    protect=st.booleans(),
    revision=st.none() | st.from_regex(r"[0-9a-f]{40}", fullmatch=True),
)


@given(marks=MARKS)
def test_marks_come_back_as_they_were_written(marks):
    pairs = marks.to_metadata()
    assert Marks.from_metadata({**pairs, "team": "education"}) == marks
    assert all(len(key) <= 64 and len(value) <= MAX_VALUE for key, value in pairs.items())
    assert user_pairs({**pairs, "team": "education", "orchid": "x"}) == {"team": "education", "orchid": "x"}


@given(fields=FIELDS)
def test_a_baseline_knows_its_fields_and_their_values(fields):
    baseline = Baseline.decode(Baseline.of(fields).encode())
    for path, value in fields.items():
        assert baseline.knows(path)
        assert baseline.matches(path, value)
        assert not baseline.matches(path, [value])
    assert not baseline.knows("a path nobody declared")
    assert not baseline.matches("a path nobody declared", None)


def test_a_missing_value_is_not_the_value_none():
    assert not Baseline().matches("model", None)
    assert Baseline.of({"model": None}).matches("model", None)


def test_the_largest_assistant_fits():
    fields: dict[str, Any] = {"model": "m", "instructions": "x", "name": "n", "description": "d", "temperature": 1}
    for number in range(128):
        fields |= {f"tools.function_{number}.{part}": number for part in ("description", "parameters", "strict")}
    marks = Marks("tutoring", TUTOR, Baseline.of(fields), None, True, "0" * 40)
    assert len(marks.baseline.entries) == len(fields)
    assert pairs_needed([], marks) <= MAX_PAIRS
    assert Marks.from_metadata(marks.to_metadata()) == marks


def test_the_users_pairs_and_ours_are_counted_once_each():
    marks = Marks("p", TUTOR, Baseline.of({f"f{n}": n for n in range(42)}), protect=True)
    assert sorted(marks.to_metadata()) == ["orch.baseline", "orch.owner", "orch.protect"]
    assert pairs_needed(["a", "b", "a"], marks) == 5
    assert pairs_needed([f"k{n}" for n in range(13)], marks) == MAX_PAIRS
    assert pairs_needed(["orch.owner"], marks) == 3
    more = Marks("p", TUTOR, Baseline.of({f"f{n}": n for n in range(43)}))
    assert sorted(more.to_metadata()) == ["orch.baseline", "orch.baseline.2", "orch.owner"]


def test_files_are_marked_by_their_number_and_digest():
    one = {file_path("a.pdf"): {"sha256": "1"}}
    two = {**one, file_path("b.pdf"): {"sha256": "2"}}
    first = files_digest({**one, "name": "x"})
    assert first is not None
    assert re.fullmatch("1:[0-9a-f]{32}", first)
    assert first == files_digest(one) != files_digest(two)
    assert files_digest(dict(reversed(two.items()))) == files_digest(two)
    assert files_digest({"name": "x"}) is None
    assert not Baseline.of(one).entries


@pytest.mark.parametrize(
    "owner", ["", "x", "/", "a/b", "a/model.x", "a/assistant.", "a/.x", "a/assistant", "assistant.x"]
)
def test_what_is_not_ours_has_no_marks(owner):
    assert Marks.from_metadata({"orch.owner": owner}) is None
    assert Marks.from_metadata({}) is None


@given(marks=MARKS, cut=st.integers(0, 600), noise=st.text(max_size=5), key=st.sampled_from(["baseline", "baseline.2"]))
def test_a_baseline_cut_or_edited_by_hand_is_only_less(marks, cut, noise, key):
    pairs = marks.to_metadata()
    name = f"orch.{key}"
    pairs[name] = pairs.get(name, "")[:cut] + noise
    found = Marks.from_metadata(pairs)
    assert found is not None
    assert found.address == marks.address
    assert all(len(path) == 4 and len(value) == 5 for path, value in found.baseline.entries.items())


@given(
    metadata=st.dictionaries(st.sampled_from(["orch.owner", "orch.baseline", "orch.files", "orch.protect"]), st.text())
)
def test_any_metadata_is_marks_or_none(metadata):
    found = Marks.from_metadata(metadata)
    assert found is None or found.address.name


@given(text=st.text(max_size=80))
def test_any_text_is_a_baseline(text):
    Baseline.decode(text)


@pytest.mark.parametrize("lost", range(3))
def test_a_lost_part_of_a_long_baseline_loses_no_other(lost):
    fields = {f"f{n}": n for n in range(120)}
    pairs = Marks("p", TUTOR, Baseline.of(fields)).to_metadata()
    del pairs[["orch.baseline", "orch.baseline.2", "orch.baseline.3"][lost]]
    found = Marks.from_metadata(pairs)
    assert found is not None
    known = [path for path, value in fields.items() if found.baseline.matches(path, value)]
    assert len(known) == 120 - (42, 42, 36)[lost]
    assert found.baseline.entries.items() <= Baseline.of(fields).entries.items()


def test_the_digest_of_files_is_that_of_their_canonical_text():
    shared = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400.0}
    files = {
        file_path(label): {"sha256": label * 3, "attributes": {"b": 1.0, "a": "é\ud800"}, "chunking": shared}
        for label in ('a"b.md', "나.md", "Z.md", "a/b.md")
    }
    assert files_digest({**files, "name": "x"}) == f"4:{digest(files).hex()[:32]}"
