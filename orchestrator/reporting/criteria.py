"""What judges said of each criterion, as JSON data."""

from collections.abc import Sequence
from typing import Any

from orchestrator.scenario.results import CriterionVerdict, Vote


def criteria_json(criteria: Sequence[CriterionVerdict]) -> dict[str, Any]:
    """Give `criteria`, each with verdict, quote, reason and the single votes; nothing where no judge was asked."""
    return {"criteria": [_criterion(each) for each in criteria]} if criteria else {}


def _criterion(each: CriterionVerdict) -> dict[str, Any]:
    return {
        "criterion": each.criterion,
        "verdict": str(each.opinion),
        "quote": each.quote,
        "reason": each.reason,
        "votes": [_vote(vote) for vote in each.votes],
    }


def _vote(vote: Vote) -> dict[str, Any]:
    """Give one vote; `unusable` says why an answer did not count, null where it did."""
    return {"verdict": str(vote.opinion), "quote": vote.quote, "reason": vote.reason, "unusable": vote.unusable}
