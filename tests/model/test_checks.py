"""Checks as written: each is known by its key, and those within others are found."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.model.checks import CHECKS, Check, get_name, walk

CHECK: TypeAdapter[Check] = TypeAdapter(Check)
WRITTEN: list[dict[str, Any]] = [
    {"contains": "a", "ignore_case": True, "weight": 2},
    {"contains_all": ["a"]},
    {"contains_any": ["a"]},
    {"equals": ""},
    {"regex": "a"},
    {"starts_with": "a"},
    {"similar": {"to": "a"}},
    {"words": {"min": 1}},
    {"json": {"path": "a", "equals": None}},
    {"tool_called": {"name": "f", "arguments": {"a": 1}, "times": {"min": 1}}},
    {"tool_not_called": "f"},
    {"trajectory": {"mode": "exact", "calls": ["f", {"name": "g", "arguments": {}}]}},
    {"max_calls": 0},
    {"parallel": ["f", "g"]},
    {"status": "failed"},
    {"steps": ["message"]},
    {"cites": "a.md"},
    {"retrieved": {"file": "a.md", "within": 3, "min_score": 0.2}},
    {"recall": {"k": 3, "questions": [{"user": "a", "file": "a.md"}]}},
    {"code": {"logs": {"contains": "a"}}},
    {"latency_ms": {"max": 0.5}},
    {"tokens": {"max": 5, "of": "input"}},
    {"cost_usd": {"max": 0.01}},
    {"python": "lib.checks:polite", "min": 1},
    {"judge": {"by": "strict-judge", "criteria": ["is polite"]}},
    {"not": {"contains": "a"}},
    {"all_of": [{"contains": "a"}]},
    {"any_of": [{"contains": "a"}]},
]


def test_every_check_is_known_by_its_key_and_reads_back_as_it_was_written():
    assert [next(iter(written)) for written in WRITTEN] == list(CHECKS)
    for written in WRITTEN:
        check = CHECK.validate_python(written)
        assert CHECK.dump_python(check, by_alias=True, exclude_unset=True) == written
        assert get_name(check) == ("not contains" if "not" in written else next(iter(written)))
        assert check.weight == written.get("weight", 1)


@pytest.mark.parametrize("written", [*WRITTEN])
def test_every_check_takes_a_weight_and_no_key_that_is_not_its_own(written):
    assert CHECK.validate_python({**written, "weight": 0}).weight == 0
    with pytest.raises(ValidationError):
        CHECK.validate_python({**written, "nonsense": 1})


def test_checks_within_checks_are_found_with_their_places():
    written = [
        {"contains": "a"},
        {"not": {"any_of": [{"contains": "b"}, {"all_of": [{"not": {"status": "failed"}}]}]}},
    ]
    found = list(walk([CHECK.validate_python(each) for each in written], ("turns", 0, "checks")))
    assert [(".".join(map(str, path[3:])), get_name(check)) for path, check in found] == [
        ("0", "contains"),
        ("1", "not any_of"),
        ("1.not", "any_of"),
        ("1.not.any_of.0", "contains"),
        ("1.not.any_of.1", "all_of"),
        ("1.not.any_of.1.all_of.0", "not status"),
        ("1.not.any_of.1.all_of.0.not", "status"),
    ]
