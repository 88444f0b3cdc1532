"""Scenarios are chosen by name, also by names with brackets, and dealt out into parts."""

from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.diagnostics import Position
from orchestrator.errors import UsageError
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.choosing import Shard, named

ONE = Scenario.model_validate({"name": "s", "assistant": "tutor", "turns": [{"user": "hi"}]})


def located(name: str, target: str = "local") -> LocatedScenario:
    scenario = ONE.model_copy(update={"name": name})
    return LocatedScenario(
        scenario, Position("s.yaml"), Path("/s.yaml"), target=target, written_as=name.partition("[")[0]
    )


NAMES = ["plain", "quizm", "quiz[model=gpt-5,row1]", "quiz[model=gpt-5,row12]", "quiz[model=gpt-4o,row1]", "other[a]"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("plain", ["plain"]),
        ("quiz", NAMES[2:5]),
        ("other", ["other[a]"]),
        ("quiz*", NAMES[1:5]),
        ("quiz[model=gpt-5,row1]", [NAMES[2]]),
        ("quiz[model=gpt-5,*", NAMES[2:4]),
        ("quiz[model=gpt-5,*]", NAMES[2:4]),
        ("*row1]", [NAMES[2], NAMES[4]]),
        ("quiz[lm]", ["quizm"]),  # no name: a set of characters, as in every glob
        ("oth[ae]r", ["other[a]"]),
        ("quiz[row1]", []),
        ("", []),
    ],
)
def test_names_and_globs(pattern, found):
    assert [each.scenario.name for each in named([located(name) for name in NAMES], [pattern])] == found


def test_the_name_as_written_takes_all_cases():
    cases = ["s[a]", "s[b]", "t[a]"]
    assert [each.scenario.name for each in named([located(name) for name in cases], ["s"])] == ["s[a]", "s[b]"]
    assert [each.scenario.name for each in named([located(name) for name in cases], ["t", "s[b]"])] == ["s[b]", "t[a]"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "/",
        "1/",
        "/2",
        "0/2",
        "3/2",
        "-1/2",
        "1/0",
        "1.5/2",
        "1/2/3",
        "a/b",
        " 1/2",
        "\u0661/2",
        "1/" + "9" * 5000,
    ],
)
def test_what_is_no_shard_is_wrong_usage(text):
    with pytest.raises(UsageError):
        Shard.parse(text)


def test_a_shard_is_read():
    assert Shard.parse("2/4") == Shard(2, 4)


def test_parts_do_not_depend_on_the_order_of_files():
    scenarios = [located(name) for name in NAMES]
    for number in (1, 2, 3):
        part = {each.scenario.name for each in Shard(number, 3).take(scenarios)}
        assert part == {each.scenario.name for each in Shard(number, 3).take(scenarios[::-1])}
    assert [each.scenario.name for each in Shard(1, 3).take(scenarios)] == ["quiz[model=gpt-5,row12]", "other[a]"]


def test_each_target_is_dealt_out_evenly():
    scenarios = [located(f"s[{n}]", target) for n in range(4) for target in ("a", "b")]
    assert [each.target for each in Shard(1, 2).take(scenarios)] == ["a", "b", "a", "b"]


@given(st.lists(st.tuples(st.text(max_size=3), st.sampled_from("ab")), unique=True, max_size=40), st.integers(1, 12))
def test_every_case_is_in_exactly_one_part_and_parts_are_even(keys, count):
    scenarios = [located(name, target) for name, target in keys]
    parts = [Shard(number, count).take(scenarios) for number in range(1, count + 1)]
    assert sorted((each.scenario.name, each.target) for each in chain(*parts)) == sorted(keys)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    for part in parts:
        assert part == [each for each in scenarios if each in part]  # in the order given
