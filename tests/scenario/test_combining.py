"""`not`, `all_of` and `any_of` over verdicts of which some are open: Kleene's logic, and who still has to be asked."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.check_text import Contains
from orchestrator.model.checks import Check, walk
from orchestrator.scenario.combining import Single, combine, find_open
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.verdicts import CheckError, failed, passed, undecided
from tests.scenario.checking import CHECK

Truth = bool | None

TRUE, FALSE = {"contains": "true"}, {"contains": "false"}
leaves = st.one_of(
    st.sampled_from([TRUE, FALSE]),
    st.sampled_from("abc").map(lambda name: {"judge": name}),
)


def _extended(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(lambda check: {"not": check}),
        several.map(lambda checks: {"all_of": checks}),
        several.map(lambda checks: {"any_of": checks}),
    )


written = st.recursive(leaves, _extended, max_leaves=8)
answers = st.fixed_dictionaries({name: st.sampled_from([True, False, None]) for name in "abc"})


def kleene(check: Mapping[str, Any], said: Mapping[str, Truth]) -> Truth:
    """Give what Kleene's tables say: None is unknown."""
    match check:
        case {"contains": text}:
            return bool(text == "true")
        case {"judge": name}:
            return said[name]
        case {"not": inner}:
            value = kleene(inner, said)
            return None if value is None else not value
        case {"all_of": several}:
            values = [kleene(each, said) for each in several]
            return False if False in values else None if None in values else True
        case {"any_of": several}:
            values = [kleene(each, said) for each in several]
            return True if True in values else None if None in values else False
    raise AssertionError(check)


def single(said: Mapping[str, Truth]) -> Single:
    def find(check: Check) -> Verdict:
        if isinstance(check, Contains):
            return passed("contains", "yes") if check.contains == "true" else failed("contains", "no")
        assert isinstance(check, JudgeCheck)
        match said[check.by]:
            case None:
                return undecided("judge", "open")
            case True:
                return passed("judge", "met")
            case _:
                return failed("judge", "not met")

    return find


def truth(verdict: Verdict) -> Truth:
    assert not (verdict.passed and verdict.inconclusive)
    return None if verdict.inconclusive else verdict.passed


@given(written, answers)
def test_combinations_follow_kleenes_tables(check, said):
    assert truth(combine(CHECK.validate_python(check), single(said))) == kleene(check, said)


@given(written, answers)
def test_what_is_decided_without_judges_stays_so_whatever_they_say(check, said):
    unasked = kleene(check, dict.fromkeys("abc"))
    parsed = CHECK.validate_python(check)
    if unasked is not None:
        assert truth(combine(parsed, single(said))) == unasked
        assert list(find_open(parsed, single(dict.fromkeys("abc")))) == []


@given(written)
def test_those_who_are_asked_are_enough_and_each_may_decide(check):
    parsed = CHECK.validate_python(check)
    asked = {each.by for each in find_open(parsed, single(dict.fromkeys("abc")))}
    named = {each.by for _, each in walk([parsed]) if isinstance(each, JudgeCheck)}
    assert asked <= named
    for values in product([True, False], repeat=3):
        everybody = dict(zip("abc", values, strict=True))
        only = {name: value if name in asked else None for name, value in everybody.items()}
        assert truth(combine(parsed, single(only))) == kleene(check, everybody)


def broken(check: Check) -> Verdict:
    if isinstance(check, Contains) and check.contains == "broken":
        raise CheckError("nobody can tell")
    return single(dict.fromkeys("abc"))(check)


@pytest.mark.parametrize(
    ("check", "asked"),
    [
        ({"all_of": [{"contains": "broken"}, {"judge": "a"}]}, ["a"]),
        ({"any_of": [{"contains": "broken"}, {"judge": "a"}]}, ["a"]),
        ({"all_of": [{"contains": "broken"}, FALSE, {"judge": "a"}]}, []),
        ({"all_of": [{"contains": "broken"}, {"judge": "a", "weight": 0}]}, []),
        ({"contains": "broken"}, []),
    ],
)
def test_a_broken_check_decides_nothing_and_asks_nobody(check, asked):
    assert [each.by for each in find_open(CHECK.validate_python(check), broken)] == asked


def test_what_is_open_is_told_with_the_checks_it_hangs_on():
    open_ = combine(CHECK.validate_python({"all_of": [TRUE, {"judge": "a"}]}), single({"a": None}))
    assert open_.reason.split("\n") == [
        "expected: all 2 to hold",
        "got:      these are undecided",
        "  judge",
        "    open",
    ]
    open_ = combine(CHECK.validate_python({"any_of": [FALSE, {"judge": "a"}]}), single({"a": None}))
    assert "none does, and these are undecided" in open_.reason
    turned = combine(CHECK.validate_python({"not": {"judge": "a"}}), single({"a": None}))
    assert (turned.check, turned.inconclusive, turned.reason) == ("not judge", True, "open")


def test_what_fails_nothing_inside_decides_nothing():
    check = CHECK.validate_python({"all_of": [TRUE, {"judge": "a", "weight": 0}]})
    assert combine(check, single({"a": None})).passed
    assert list(find_open(check, single({"a": None}))) == []
