"""A plan as the JSON scripts and CI rely on: format `orch.plan/1`, the saved plan with remarks for its reviewer."""

from typing import Any

from orchestrator.reconcile.breaking import breaking
from orchestrator.reconcile.plan import FieldChange, Plan
from orchestrator.reconcile.saved import as_data
from orchestrator.reporting.plan_text import retiring_words
from orchestrator.reporting.remarks import remarks_json


def plan_json(plan: Plan) -> dict[str, Any]:
    """Give the plan as a JSON object; a reference to one of our own is `${kind.name}`."""
    content = as_data(plan)
    for entry, change in zip(content["changes"], plan.changes, strict=True):
        names = change.renamed
        for written, item in zip(entry["fields"], change.fields, strict=True):
            written |= breaking_json(item)
            written |= {"renamed_from": names[item.path]} if item.path in names else {}
    content["remarks"] = remarks_json(plan)
    content["kept"] = [{"address": str(item.address), "paths": list(item.paths)} for item in plan.kept]
    content["unsearchable"] = [
        {"address": str(item.address), "path": item.path, "reason": item.reason, "pending": item.pending}
        for item in plan.unsearchable
    ]
    content["warnings"] = [
        {
            "address": str(item.address),
            "message": retiring_words(item),
            "model": item.model,
            "shutdown_date": item.day,
            "days": item.days,
        }
        for item in plan.retiring
    ]
    return content


def breaking_json(field: FieldChange) -> dict[str, Any]:
    """Give `breaking` and why, for a change that breaks those who answer a function's calls; nothing for others."""
    reasons = breaking(field)
    return {"breaking": True, "breaking_reason": "; ".join(reasons)} if reasons else {}
