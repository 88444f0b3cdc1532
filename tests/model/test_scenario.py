"""What a scenario says of itself."""

from datetime import date

import pytest
from pydantic import ValidationError

from orchestrator.model.scenario import Quarantine, Scenario


def test_a_day_is_read_as_it_is_written():
    held = Quarantine.model_validate({"reason": "flaky", "until": "2026-03-01"})
    assert held.until == date(2026, 3, 1)
    assert held.model_dump(mode="json") == {"reason": "flaky", "until": "2026-03-01"}
    assert Quarantine.model_validate(held.model_dump()) == held


@pytest.mark.parametrize("written", ["", "soon", "2026-02-30", "2026-3-1", "20260301", "2026-W09-7", 20260301, None])
def test_what_is_no_day_says_how_to_write_one(written):
    with pytest.raises(ValidationError, match="is no day: write it as 2026-03-01"):
        Quarantine.model_validate({"reason": "flaky", "until": written})


def test_a_quarantine_needs_reason_and_day():
    spec = {"name": "s", "assistant": "a", "turns": [{"user": "hi"}]}
    assert Scenario.model_validate(spec).quarantine is None
    for held in ({"until": "2026-03-01"}, {"reason": "flaky"}, {"reason": "", "until": "2026-03-01"}):
        with pytest.raises(ValidationError):
            Scenario.model_validate({**spec, "quarantine": held})
