"""A plan as the JSON scripts and CI rely on: format `orch.plan/1`."""

from typing import Any

from orchestrator.model.fields import as_json
from orchestrator.reconcile.breaking import breaking
from orchestrator.reconcile.plan import Change, FieldChange, Plan
from orchestrator.reporting.characters import storable
from orchestrator.reporting.remarks import remarks_json

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
        "remarks": remarks_json(plan),
        "requests": {"total": plan.requests},
    }
    return {key: storable(value) for key, value in content.items()}


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "id": change.id,
        "blocked_by": change.blocked_by,
        **({"moved_from": str(change.moved_from)} if change.moved_from is not None else {}),
        "fields": [_field(item) for item in change.fields],
    }


def _field(field: FieldChange) -> dict[str, Any]:
    entry = {"path": field.path, "old": as_json(field.old), "new": as_json(field.new), "who": field.who.value}
    return entry | breaking_json(field)


def breaking_json(field: FieldChange) -> dict[str, Any]:
    """Give `breaking` and why, for a change that breaks those who answer a function's calls; nothing for others."""
    reasons = breaking(field)
    return {"breaking": True, "breaking_reason": "; ".join(reasons)} if reasons else {}
