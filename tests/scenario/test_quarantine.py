"""The last day of a quarantine is in it, the day after is not."""

from datetime import date

import pytest

from orchestrator.model.scenario import Scenario
from orchestrator.scenario.quarantine import Held, get_held

SPEC = {"name": "s", "assistant": "a", "turns": [{"user": "hi"}]}


@pytest.mark.parametrize(
    ("today", "held"),
    [(date(2026, 1, 1), Held.NOW), (date(2026, 3, 1), Held.NOW), (date(2026, 3, 2), Held.OVER)],
)
def test_a_day_decides(today, held):
    spec = {**SPEC, "quarantine": {"reason": "flaky", "until": "2026-03-01"}}
    assert get_held(Scenario.model_validate(spec), today) is held


def test_most_scenarios_have_none():
    assert get_held(Scenario.model_validate(SPEC), date(2026, 1, 1)) is Held.NONE
