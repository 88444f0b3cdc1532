"""What changed outside, as the JSON scripts and CI rely on: format `orch.drift/1`."""

from typing import Any

from orchestrator.model.fields import as_json
from orchestrator.reconcile.drift import Drift, Drifted, DriftedField
from orchestrator.reporting.characters import storable
from orchestrator.reporting.plan_json import breaking_json

FORMAT = "orch.drift/1"


def drift_json(drift: Drift) -> dict[str, Any]:
    """Give the drift as a JSON object; a reference to one of our own is `${kind.name}`."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "project": drift.project,
        "target": drift.target,
        "summary": {"drifted": len(drift.resources), "clean": drift.clean, "missing": len(drift.missing)},
        "resources": [_resource(item) for item in drift.resources],
        "missing": [str(address) for address in drift.missing],
        "requests": {"total": drift.requests},
    }
    return {key: storable(value) for key, value in content.items()}


def _resource(item: Drifted) -> dict[str, Any]:
    fields = [_field(field) for field in item.fields]
    return {"address": str(item.address), "id": item.id, "problem": item.problem, "fields": fields}


def _field(field: DriftedField) -> dict[str, Any]:
    entry = {
        "path": field.path,
        "desired": as_json(field.desired),
        "live": as_json(field.live),
        "who": field.who.value,
    }
    return entry | breaking_json(field.moved)
