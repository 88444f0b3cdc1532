"""Names of cases: readable, safe to type, and never two alike."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.spec.case_names import LONGEST, axis_names, axis_parts, case_name, own_name, row_parts

VALUES = st.one_of(st.text(max_size=50), st.booleans(), st.integers(), st.floats(allow_nan=False))


def test_a_name_shows_the_values():
    parts = [*axis_parts("model", ["gpt-5"]), *axis_parts("tone", ["formal"]), *row_parts([{"id": "A-1"}])]
    assert case_name("quiz", parts) == "quiz[model=gpt-5,tone=formal,A-1]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain talk", "plain-talk"),
        ("[a=b,c]\n* ", "a-b-c"),
        ("정중하게", "정중하게"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("हिन्दी", "हिन्दी"),
        (True, "true"),
        (-1, "-1"),
        (0.5, "0.5"),
        ("", "_"),
        ("?!", "_"),
        ("x" * 100, "x" * LONGEST),
    ],
)
def test_values_keep_letters_and_digits(value, shown):
    assert axis_parts("v", [value]) == [f"v={shown}"]


def test_values_that_look_alike_get_numbers():
    assert axis_parts("v", ["a b", "a-b", "a.b", "a/b", "a-b-2"]) == [
        "v=a-b",
        "v=a-b-2",
        "v=a.b",
        "v=a-b-3",
        "v=a-b-2-2",
    ]
    assert axis_names(["my key", "my-key"]) == ["my-key", "my-key-2"]


def test_rows_are_called_by_id_or_name_or_number():
    rows = [
        {"id": 7, "name": "x"},
        {"name": "Kim"},
        {"name": "Kim"},
        {"id": "", "name": ""},
        {"id": ["a"]},
        {"id": None},
    ]
    assert row_parts(rows) == ["7", "Kim", "Kim-2", "row4", "row5", "row6"]
    assert own_name({"name": "Kim"}, ["id"]) is None


@given(st.lists(VALUES, max_size=30))
def test_no_two_values_share_a_part_and_none_breaks_a_name(values):
    for parts in (axis_parts("v", values), row_parts([{"id": value} for value in values])):
        assert len(set(parts)) == len(parts) == len(values)
        assert not any(re.search(r"[\[\],\s*?/\\'\"]", part) for part in parts)
