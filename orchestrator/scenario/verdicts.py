"""Verdicts: those of a check that can only hold or not, and what several of them come to."""

from collections.abc import Sequence

from orchestrator.errors import OrchError
from orchestrator.scenario.results import Verdict


class CheckError(OrchError):
    """A check that could not be judged; it holds no more than its opposite does, so `not` does not turn it round."""


def passed(check: str, reason: str) -> Verdict:
    """The check holds."""
    return Verdict(check, True, 1.0, reason)


def failed(check: str, reason: str, score: float = 0.0) -> Verdict:
    """The check does not hold; `score` says how near it came, where that can be said."""
    return Verdict(check, False, score, reason)


def all_pass(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether every verdict that counts is passed."""
    return all(verdict.passed for verdict in verdicts if verdict.weight > 0)


def get_score(verdicts: Sequence[Verdict]) -> float | None:
    """Give the mean score by weight; None where nothing counts."""
    weight = sum(verdict.weight for verdict in verdicts)
    return sum(verdict.score * verdict.weight for verdict in verdicts) / weight if weight > 0 else None
