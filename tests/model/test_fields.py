"""Values compare as data: one canonical text, one digest, and paths that keep any file name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import (
    Ref,
    as_json,
    canonical,
    digest,
    equal,
    file_label,
    file_path,
    is_unknown,
    references,
)

PAPERS = Address(Kind.VECTOR_STORE, "papers")
TUTOR = Address(Kind.ASSISTANT, "tutor")
TEXT = st.text(st.characters(), max_size=8)  # surrogates too: a live API's JSON may hold half a pair
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any) -> Any:
    """The same value otherwise written: keys the other way round, whole numbers as floats, lists as tuples."""
    match value:
        case dict():
            return {key: shuffled(value[key]) for key in reversed(value)}
        case list():
            return tuple(shuffled(item) for item in value)
        case int() if not isinstance(value, bool) and abs(value) < 2**53:
            return float(value)
        case _:
            return value


@given(value=JSON)
def test_a_value_equals_itself_however_it_is_written(value):
    other = shuffled(value)
    assert canonical(value) == canonical(other)
    assert equal(value, other)
    assert digest(value) == digest(other)
    assert len(digest(value)) == 32


@given(value=JSON)
def test_the_canonical_text_is_json_and_stable(value):
    again = json.loads(canonical(value))
    assert canonical(again) == canonical(value)


@given(left=JSON, right=JSON)
def test_equal_values_share_a_digest_and_others_do_not(left, right):
    assert equal(left, right) == equal(right, left) == (canonical(left) == canonical(right))
    assert equal(left, right) == (digest(left) == digest(right))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (0.0, -0.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, "", False),
        (None, "null", False),
        ([], {}, False),
        ([1, 2], [2, 1], False),
        ((1, 2), [1, 2], True),
        ({"a": 1, "b": [1.0]}, {"b": [1], "a": 1.0}, True),
        ({"a": None}, {}, False),
        ("é", "e\u0301", False),
        (1e22, 10**22, True),
        (Ref(PAPERS), Ref(PAPERS), True),
        (Ref(PAPERS), Ref(TUTOR), False),
    ],
)
def test_what_is_the_same(left, right, same):
    assert equal(left, right) is same
    assert (digest(left) == digest(right)) is same


def test_references_are_found_at_any_depth():
    value = {"tools": [{"stores": (Ref(PAPERS), "vs_1")}], "other": {"x": [[Ref(TUTOR)]]}, "text": "${assistant.x}"}
    assert references(value) == {PAPERS, TUTOR}
    assert references({}) == references("x") == references(None) == frozenset()
    assert as_json(value)["tools"] == [{"stores": ["${vector_store.papers}", "vs_1"]}]


@given(label=TEXT)
def test_a_files_path_keeps_its_label(label):
    assert file_label(file_path(label)) == label


@pytest.mark.parametrize("label", ['a"].pdf', "a\\b.pdf", "가/나.pdf", "", '"]', "a\nb"])
def test_a_label_may_be_any_file_name(label):
    assert file_label(file_path(label)) == label


@pytest.mark.parametrize(
    "path", ["files", 'files["a', "files[a]", "model", 'tools.x["a"]', 'files["a"b"]', 'files["\\"]']
)
def test_another_path_is_no_file(path):
    assert file_label(path) is None


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("tools.unknown:telepathy", True),
        ("unknown.mood", True),
        ("assistants.unknown.tools.quiz", True),
        ("agents.unknown.text", True),
        ("tools.unknown", False),
        ("metadata.unknown.x", False),
        ("agents.verbosity", False),
    ],
)
def test_what_specs_have_no_words_for_is_told_by_its_path(path, unknown):
    assert is_unknown(path) is unknown
