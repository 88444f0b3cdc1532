"""A text is found where it stands, also with upper and lower case alike, and names compare by their last part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.scenario.finding import find, find_pattern, folded_space, near_miss, stands_across


@pytest.mark.parametrize(
    ("wanted", "text", "ignore_case", "found"),
    [
        ("b", "abc", False, "b"),
        ("B", "abc", False, None),
        ("B", "abc", True, "b"),
        ("STRASSE", "die Straße hier", True, "Straße"),
        ("ß", "STRASSE", True, "SS"),
        ("s", "ß", True, "ß"),
        ("hier", "Straße hier", True, "hier"),
        ("x", "", True, None),
    ],
)
def test_the_place_is_one_of_the_text_as_it_was_said(wanted, text, ignore_case, found):
    place = find(wanted, text, ignore_case)
    assert (text[slice(*place)] if place else None) == found


@given(st.text(max_size=20), st.text(min_size=1, max_size=5), st.text(max_size=20))
def test_what_is_there_is_found(before, wanted, after):
    text = before + wanted + after
    place = find(wanted, text, ignore_case=True)
    assert place
    assert wanted.casefold() in text[slice(*place)].casefold()


def test_patterns():
    assert find_pattern("b+", "abbc") == (1, 3)
    assert find_pattern("B+", "abbc") is None
    assert find_pattern("B+", "abbc", ignore_case=True) == (1, 3)
    assert find_pattern("[[a]", "a") == (0, 1)


def test_a_near_miss_of_the_whole_is_not_one_of_a_part():
    assert near_miss("A", "xa")
    assert near_miss("A", "xa", whole=True) is None
    assert near_miss("q", "xa") is None


def test_spaces():
    assert folded_space(" a\n\tb ") == "a b"


@pytest.mark.parametrize(
    ("before", "after", "across"),
    [
        ("they come back within", "30 days of it", True),
        ("they come back within 30", "within 30 days of it", True),
        ("they come back wi", "thin 30 days of it", True),
        ("they come back within", "within 30 days of it", True),
        ("30 days of it", "they come back within", False),
        ("they come back", "30 days of it", False),
        ("come back within a", "30 days of it", False),
        ("come back within 30 days", "30 days of it", False),
        ("", "back within 30 days", False),
        ("back within 30 days", "", False),
    ],
)
def test_a_text_that_begins_in_one_and_ends_in_another(before, after, across):
    assert stands_across("back within 30 days", before, after) is across
