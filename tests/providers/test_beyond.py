"""What is told apart is joined again, whatever an API gains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.providers.beyond import beyond, beyond_at, joined, within

JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("live", "known", "rest"),
    [
        ({"a": 1}, {"a": 2}, None),
        ({"a": 1, "b": None}, {"a": 1}, None),
        ({"a": 1, "b": 2}, {"a": 1}, {"b": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1}}, {"a": {"y": 2}}),
        ({"a": [{"x": 1}, {"x": 1, "y": 2}]}, {"a": [{"x": 1}, {"x": 3}]}, {"a": [None, {"y": 2}]}),
        ({"a": [1, 2]}, {"a": [1]}, None),
        ("text", {"a": 1}, None),
        ({"a": {"x": 1}}, {"a": None}, None),
    ],
)
def test_what_is_live_and_not_known_is_told_apart(live, known, rest):
    assert beyond(live, known) == rest


@pytest.mark.parametrize(
    ("known", "rest", "whole"),
    [
        ({"a": 1}, None, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": [{"x": 3}]}, {"a": [{"y": 2}]}, {"a": [{"x": 3, "y": 2}]}),
        ({"a": []}, {"a": [{"y": 2}]}, {"a": []}),
        ({"a": "text"}, {"a": {"y": 2}}, {"a": "text"}),
    ],
)
def test_what_still_fits_is_joined(known, rest, whole):
    assert joined(known, rest) == whole


@given(JSON, JSON)
def test_nothing_known_is_ever_changed(known, other):
    assert beyond(joined(known, beyond(other, known)), known) == beyond(other, known)
    assert beyond(known, joined(known, other)) is None


@pytest.mark.parametrize(
    ("live", "known", "inside", "field"),
    [
        ({"a": 1, "b": 2, "c": None}, {"a": None, "c": None}, {"a": 1}, {"x": {"b": 2}}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": None}}, {"a": {"x": 1}}, {"x": {"a": {"y": 2}}}),
        ({"a": "text"}, {"a": {"x": None}}, {"a": "text"}, {}),
        ("text", {"a": None}, "text", {"x": "text"}),
        (None, {"a": None}, None, {}),
        ({"a": 1}, None, {"a": 1}, {}),
    ],
)
def test_what_is_live_is_within_the_known_or_beyond_it(live, known, inside, field):
    assert within(live, known) == inside
    assert beyond_at("x", live, known) == field
