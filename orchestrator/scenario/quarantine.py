"""Scenarios that may fail for a while: which day it is decides, and that day is given, never asked for here."""

from datetime import date
from enum import StrEnum

from orchestrator.model.scenario import Scenario


class Held(StrEnum):
    """Where a scenario stands with its quarantine."""

    NONE = "none"
    """It has none."""
    NOW = "now"
    """It may fail today."""
    OVER = "over"
    """Its last day has passed: it counts again."""


def get_held(scenario: Scenario, today: date) -> Held:
    """Tell how a scenario stands on a day."""
    if scenario.quarantine is None:
        return Held.NONE
    return Held.NOW if today <= scenario.quarantine.until else Held.OVER
