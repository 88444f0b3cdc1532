"""Values are compared as JSON, mappings as subsets, and the first difference is named by its path."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.scenario.matching import find_difference

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_a_value_equals_itself(value):
    assert find_difference(value, value) is None
    assert find_difference(value, value, subset=False) is None


@given(st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), JSON))
def test_more_keys_do_not_matter_to_a_subset(expected, more):
    assert find_difference(expected, {**more, **expected}) is None


@pytest.mark.parametrize(
    ("expected", "actual", "text"),
    [
        ({"a": 1}, {"a": 2}, "a: expected 1, got 2"),
        ({"a": {"b": "x"}}, {"a": {"b": "y", "c": 1}}, 'a.b: expected "x", got "y"'),
        ({"a": {"b": "x"}}, {"a": {"c": 1}}, 'a.b: expected "x", but it is missing'),
        ({"a": {"b": 1}}, {"a": None}, 'a: expected {"b": 1}, got null'),
        ({"a": 1}, {"a": True}, "a: expected 1, got true"),
        ({"a": "1"}, {"a": 1}, 'a: expected "1", got 1'),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]: expected 2, got 3"),
        ({"a": [1, 2]}, {"a": [1]}, "a[1]: expected 2, but it is missing"),
        ({"a": [1]}, {"a": [1, 2]}, "a[1]: got 2, but nothing was expected there"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, "a[0].c: got 2, but nothing was expected there"),
        ({"a": [{"b": [{"c": 1}]}]}, {"a": [{"b": [{"c": 0}]}]}, "a[0].b[0].c: expected 1, got 0"),
        ({"a": "ab"}, {"a": ["a", "b"]}, 'a: expected "ab", got ["a", "b"]'),
        ("이름", "성", 'expected "이름", got "성"'),
    ],
)
def test_names_the_first_difference(expected, actual, text):
    assert str(find_difference(expected, actual)) == text


def test_numbers_are_numbers():
    assert find_difference({"a": 1}, {"a": 1.0}) is None
    assert find_difference({"a": Decimal("0.5")}, {"a": 0.5}) is None
