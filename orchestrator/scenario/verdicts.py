"""Verdicts: those of a check that can only hold or not, and what several of them come to."""

from collections.abc import Sequence

from orchestrator.errors import OrchError
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Verdict


class CheckError(OrchError):
    """A check that could not be judged; it holds no more than its opposite does, so `not` does not turn it round."""


def passed(check: str, reason: str) -> Verdict:
    """The check holds."""
    return Verdict(check, True, 1.0, reason)


def failed(check: str, reason: str, score: float = 0.0) -> Verdict:
    """The check does not hold; `score` says how near it came, where that can be said."""
    return Verdict(check, False, score, reason)


def undecided(check: str, reason: str) -> Verdict:
    """Nothing shows whether the check holds."""
    return Verdict(check, False, 0.0, reason, inconclusive=True)


def all_pass(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether every verdict that counts is passed."""
    return all(verdict.passed for verdict in verdicts if verdict.weight > 0)


def has_failed(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether a verdict that counts is a failure, whatever else is undecided."""
    return any(not verdict.passed and not verdict.inconclusive for verdict in verdicts if verdict.weight > 0)


def get_status(verdicts: Sequence[Verdict]) -> Status:
    """Give what verdicts come to: PASSED, FAILED, or INCONCLUSIVE where what counts is undecided and nothing failed."""
    if has_failed(verdicts):
        return Status.FAILED
    return Status.PASSED if all_pass(verdicts) else Status.INCONCLUSIVE


def get_score(verdicts: Sequence[Verdict]) -> float | None:
    """Give the mean score by weight of what is decided; None where nothing counts."""
    decided = [verdict for verdict in verdicts if not verdict.inconclusive]
    weight = sum(verdict.weight for verdict in decided)
    return sum(verdict.score * verdict.weight for verdict in decided) / weight if weight > 0 else None
