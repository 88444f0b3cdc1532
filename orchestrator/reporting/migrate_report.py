"""What a migration did: the values, and format `orch.migrate/1` for scripts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.model.address import Address
from orchestrator.model.fields import as_json
from orchestrator.reconcile.adopt import Refused
from orchestrator.reconcile.fitting import Fate, FieldFate, Fit
from orchestrator.reporting.characters import storable

FORMAT = "orch.migrate/1"


@dataclass(frozen=True, slots=True)
class Moved:
    """One object that has a spec now."""

    address: Address
    id: str
    """What it had where it came from."""
    file: str | None
    """Its spec, as people read the path; None where it was declared before."""


@dataclass(frozen=True, slots=True)
class StoreFiles:
    """What was in a vector store."""

    missing: tuple[str, ...]
    """Names of the files whose content is not here."""
    texts: tuple[str, ...]
    """Parsed texts that were written in place of files, as people read their paths."""
    folder: str
    """Where files of it belong, as people read the path."""
    path: str
    """What its spec says for all files of that folder."""


@dataclass(frozen=True, slots=True)
class MigrateReport:
    """What became of an export."""

    project: str
    target: str | None
    """The local target that knows the objects by their ids; None where they were not loaded."""
    moved: tuple[Moved, ...]
    refused: tuple[Refused, ...]
    files: Mapping[Address, StoreFiles]
    """What was in each vector store, as far as the export says."""
    remarks: tuple[tuple[str, str], ...]
    """What specs and scenarios cannot say: the id, and what."""
    ignored: Mapping[str, int]
    """Objects that are nothing orch declares, by their kind."""
    scenarios: tuple[str, ...] = ()
    """Files, as people read the paths."""
    models: tuple[str, ...] = ()
    """Files of the scripts that say what models said, as people read the paths."""
    broken: tuple[tuple[str, str], ...] = ()
    """What is not as the API gives it: the place or the id, and why."""
    fits: tuple[Fit, ...] = field(default=())
    """What each kind of target makes of what was migrated."""

    @property
    def exit_code(self) -> int:
        """0 all that can be; 5 some objects have no spec, or could not be read."""
        return 5 if self.refused or self.broken else 0


def migrate_json(report: MigrateReport) -> dict[str, Any]:
    """Give the report as a JSON object."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "project": report.project,
        "target": report.target,
        "moved": [{"address": str(item.address), "id": item.id, "file": item.file} for item in report.moved],
        "scenarios": list(report.scenarios),
        "models": list(report.models),
        "refused": [
            {"kind": item.live.kind.value, "id": item.live.id, "reason": item.reason} for item in report.refused
        ],
        "broken": [{"where": where, "message": text} for where, text in report.broken],
        "files": {
            str(address): {"missing": list(held.missing), "texts": list(held.texts), "folder": held.folder}
            for address, held in report.files.items()
        },
        "remarks": [{"id": id, "message": text} for id, text in report.remarks],
        "ignored": dict(report.ignored),
        "targets": {fit.target: _fit(fit) for fit in report.fits},
    }
    return {key: storable(value) for key, value in content.items()}


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "summary": {fate.value: fit.count(fate) for fate in Fate},
        "fields": [_field(item) for item in fit.fields],
        "filled_in": as_json(fit.filled_in),
        "not_filled_in": as_json(fit.not_filled_in),
    }


def _field(item: FieldFate) -> dict[str, Any]:
    told, carried = item.diagnostic, item.fate is Fate.CARRIED
    return {
        "address": str(item.address),
        "path": item.path,
        "fate": item.fate.value,
        "file": told.position.file,
        "line": told.position.line,
        "message": None if carried else told.message,
        "instead": told.hint,
    }
