"""Counts, intervals and requirements in words and as data."""

from collections.abc import Mapping

import pytest

from orchestrator.reporting.rates import is_repeated, repeat_json, statistics_json, undecided
from orchestrator.reporting.story import chances_text, rate_text
from orchestrator.scenario.results import ScenarioResult
from tests.reporting.repeats import played

TEN = {"min": 10, "max": 10, "require": 0.8}


def only(repeat: int | Mapping[str, object], ends: str) -> ScenarioResult:
    [result] = played(s=(repeat, ends)).results
    return result


@pytest.mark.parametrize(
    ("repeat", "ends", "text"),
    [
        (TEN, "good " * 7 + "bad " * 3, "7/10 passed, 95 % interval 0.40-0.89, required 0.8"),
        (TEN | {"confidence": 0.975}, "good " * 10, "10/10 passed, 97.5 % interval 0.67-1.00, required 0.8"),
        (3, "good bad down", "1/2 passed, 1 errored, 95 % interval 0.09-0.91, all required"),
        (2, "down down", "2 errored, all required"),
    ],
)
def test_a_rate_in_words(repeat, ends, text):
    result = only(repeat, ends)
    assert rate_text(statistics_json(result), repeat_json(result)) == text
    assert is_repeated(only(repeat, ends))
    assert not is_repeated(only(1, "good"))


def chances(repeat: int | Mapping[str, object], ends: str) -> str:
    return chances_text(statistics_json(only(repeat, ends)))


def test_chances_of_a_fixed_number():
    assert chances(5, "good bad good good bad") == (
        "pass@2 0.90, pass^2 0.30, pass@4 1.00, pass^4 0.00, pass@5 1.00, pass^5 0.00"
    )
    assert chances(TEN, "bad " + "good " * 9) == ""  # attempts that stop early would bias it
    assert chances(2, "down down") == chances(2, "good good") == ""


def test_why_it_is_undecided_and_what_to_do():
    twelve = {"max": 12, "require": 0.8}
    assert undecided(only(twelve, "good " * 12)) == (
        "12 attempts cannot show a pass rate of 0.8 with confidence 0.95, even where all pass",
        "write max: 14 or more under `repeat`",
    )
    futile = undecided(only(TEN | {"max": 20}, "good good good bad " * 5))
    assert futile == (
        "after 17 of 20 attempts, none of what may follow shows that it passes often enough or not",
        "more attempts may decide it: write a higher max under `repeat`",
    )
    played_out = undecided(only({"min": 5, "max": 5, "require": 0.5}, "good good good good bad"))
    assert played_out is not None
    assert played_out[0] == "5 attempts show neither that it passes often enough nor that it does not"


def test_as_data():
    assert statistics_json(only(TEN, "good " * 7 + "bad " * 3)) == {
        "passed": 7,
        "failed": 3,
        "errored": 0,
        "inconclusive": 0,
        "rate": 0.7,
        "interval": [pytest.approx(0.3968, abs=1e-4), pytest.approx(0.8922, abs=1e-4)],
        "confidence": 0.95,
        "required": 0.8,
    }
    fixed = statistics_json(only(3, "good bad down"))
    assert fixed["pass_at_k"] == {"1": 0.5, "2": 1.0}
    assert fixed["pass_hat_k"] == {"1": 0.5, "2": 0.0}
    nothing = statistics_json(only(2, "down down"))
    assert (nothing["rate"], nothing["interval"], nothing["errored"]) == (None, [0.0, 1.0], 2)
