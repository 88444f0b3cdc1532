"""A list and what was done, compared in every mode: against what each mode means, tried out by brute force."""

from collections import Counter
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.scenario.sequences import MEANING, compare

WORDS = st.lists(st.sampled_from("abc"), max_size=5)


def holds(mode, wanted, made):
    match mode:
        case "exact":
            return wanted == made
        case "in_order":
            return any(list(part) == wanted for part in combinations(made, len(wanted)))
        case "any_order":
            return Counter(wanted) <= Counter(made)
        case "subset":
            return set(made) <= set(wanted)
        case "superset":
            return set(wanted) <= set(made)


@pytest.mark.parametrize("mode", MEANING)
@given(wanted=WORDS, made=WORDS)
def test_a_mode_holds_as_it_is_meant(mode, wanted, made):
    found = compare(mode, len(wanted), len(made), lambda w, m: wanted[w] == made[m])
    assert found.holds == holds(mode, wanted, made)
    assert found.holds == (found.score == 1)
    assert 0 <= found.score <= 1
    assert [row.made for row in found.rows if row.made is not None] == list(range(len(made)))
    missing = [row.wanted for row in found.rows if row.made is None and row.wanted is not None]
    assert sorted(missing) == missing
    assert all(
        wanted[row.wanted] == made[row.made] for row in found.rows if row.wanted is not None and row.made is not None
    )


@given(st.lists(st.frozensets(st.integers(0, 3)), max_size=4))
def test_any_order_finds_a_place_for_every_entry_where_there_is_one(entries):
    """Entry `w` fits what is in `entries[w]`; first come first served would leave some without a place."""
    found = compare("any_order", len(entries), 4, lambda w, m: m in entries[w])
    possible = any(
        all(m in entry for entry, m in zip(entries, places, strict=True))
        for places in permutations(range(4), len(entries))
    )
    assert found.holds == possible
