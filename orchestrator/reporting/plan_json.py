"""A plan as the JSON scripts and CI rely on: format `orch.plan/1`."""

from typing import Any

from orchestrator.model.fields import as_json
from orchestrator.reconcile.plan import Change, Plan
from orchestrator.reporting.characters import storable

FORMAT = "orch.plan/1"


def plan_json(plan: Plan) -> dict[str, Any]:
    """Give the plan as a JSON object; a reference to one of our own is `${kind.name}`."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "project": plan.project,
        "target": plan.target,
        "hash": plan.hash,
        "summary": plan.summary,
        "changes": [_change(change) for change in plan.changes],
        "leftovers": [{"address": str(item.address), "id": item.id} for item in plan.leftovers],
        "requests": {"total": plan.requests},
    }
    return {key: storable(value) for key, value in content.items()}


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "id": change.id,
        "blocked_by": change.blocked_by,
        "fields": [
            {"path": item.path, "old": as_json(item.old), "new": as_json(item.new), "who": item.who.value}
            for item in change.fields
        ],
    }
