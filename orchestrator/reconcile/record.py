"""The record of what is applied, and whether it fits the metadata of a live object beside what is there. Pure."""

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.fields import Fields
from orchestrator.model.ownership import MAX_PAIRS, PREFIX, Baseline, Marks, files_digest, pairs_needed
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Capabilities
from orchestrator.reconcile.diff import compared


def record_of(resource: Resource, project: str, revision: str | None) -> Marks:
    """Give what is written beside a resource."""
    wanted = compared(resource)
    return Marks(
        project=project,
        address=resource.address,
        baseline=Baseline.of(wanted),
        files=files_digest(wanted),
        protect=resource.protect,
        revision=revision,
    )


def crowded(resource: Resource, after: Fields, marks: Marks, capabilities: Capabilities) -> list[Diagnostic]:
    """Refuse a record that does not fit the metadata beside the pairs that there will be."""
    pairs = [path.removeprefix("metadata.") for path in after if path.startswith("metadata.")]
    needed = pairs_needed(pairs, marks) + (capabilities.pairs(after) if capabilities.pairs else 0)
    if needed <= MAX_PAIRS:
        return []
    kept = sorted(set(pairs) - {path.removeprefix("metadata.") for path in resource.fields})
    live_too = f", {len(kept)} of them set outside ({', '.join(kept)})" if kept else ""
    message = (
        f"{resource.address} needs {needed} metadata pairs and a live object holds {MAX_PAIRS}: "
        f"{len(pairs)} of its own{live_too}, {needed - len(pairs)} for the record orch keeps under `{PREFIX}*`"
    )
    return [Diagnostic(message, resource.position, f"take out {needed - MAX_PAIRS} of its `metadata` pairs")]
