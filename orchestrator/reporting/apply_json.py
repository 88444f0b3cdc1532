"""What became of a plan, as the JSON scripts and CI rely on: format `orch.apply/1`."""

from typing import Any

from orchestrator.reconcile.outcome import Applied, Outcome
from orchestrator.reporting.characters import storable

FORMAT = "orch.apply/1"


def apply_json(applied: Applied) -> dict[str, Any]:
    """Give the outcomes as a JSON object; no-ops are counted, not listed."""
    return {
        "format": FORMAT,
        "project": applied.project,
        "target": applied.target,
        "summary": applied.summary,
        "outcomes": [outcome_json(outcome) for outcome in applied.outcomes],
        "interrupted": applied.interrupted,
        "unclear": [storable(name) for name in applied.unclear],
        "requests": {"total": applied.requests},
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Give one outcome as a JSON object."""
    return {
        "address": str(outcome.address),
        "action": outcome.action.value,
        "status": outcome.status.value,
        "id": outcome.id,
        "error": storable(outcome.error),
        "hint": storable(outcome.hint),
    }
