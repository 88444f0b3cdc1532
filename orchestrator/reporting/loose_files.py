"""Uploaded files that nothing has, for people and for programs (`orch.gc/1`)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from orchestrator.providers.interface import LooseFile
from orchestrator.reporting.characters import visible
from orchestrator.reporting.table import table

OTHER_SIZE = "other size"


def loose_text(files: Sequence[LooseFile], target: str) -> Text:
    """Give a line a file, without a line end at its end."""
    if not files:
        return Text(f"No orphaned uploads of this project on {target}.")
    rows = [
        [visible(file.filename), file.id, f"{file.bytes:,}", _day(file), OTHER_SIZE if file.other_size else ""]
        for file in files
    ]
    return Text("\n").join(table(["FILE", "ID", "BYTES", "UPLOADED", ""], rows))


def loose_json(
    files: Sequence[LooseFile], project: str, target: str, deleted: int, too_young: Sequence[LooseFile]
) -> dict[str, Any]:
    """Give the same for programs."""
    return {
        "format": "orch.gc/1",
        "project": project,
        "target": target,
        "files": [_entry(file) for file in files if not file.other_size],
        "other_size": [_entry(file) for file in files if file.other_size],
        "too_young": [_entry(file) for file in too_young],
        "deleted": deleted,
    }


def _entry(file: LooseFile) -> dict[str, Any]:
    return {"id": file.id, "filename": file.filename, "bytes": file.bytes, "created_at": file.created_at}


def _day(file: LooseFile) -> str:
    return datetime.fromtimestamp(file.created_at, UTC).date().isoformat()
