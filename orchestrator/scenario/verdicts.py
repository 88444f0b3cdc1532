"""The two verdicts of a check that can only hold or not."""

from orchestrator.scenario.results import Verdict


def passed(check: str, reason: str) -> Verdict:
    """The check holds."""
    return Verdict(check, True, 1.0, reason)


def failed(check: str, reason: str) -> Verdict:
    """The check does not hold."""
    return Verdict(check, False, 0.0, reason)
