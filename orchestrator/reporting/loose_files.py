"""Uploaded files that nothing has, for people and for programs (`orch.gc/1`)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from orchestrator.providers.interface import LooseFile
from orchestrator.reporting.characters import visible
from orchestrator.reporting.table import table


def loose_text(files: Sequence[LooseFile], target: str) -> Text:
    """Give a line a file, without a line end at its end."""
    if not files:
        return Text(f"No orphaned uploads of this project on {target}.")
    rows = [[visible(file.filename), file.id, f"{file.bytes:,}", _day(file)] for file in files]
    return Text("\n").join(table(["FILE", "ID", "BYTES", "UPLOADED"], rows))


def loose_json(files: Sequence[LooseFile], project: str, target: str, deleted: int) -> dict[str, Any]:
    """Give the same for programs."""
    listed = [
        {"id": file.id, "filename": file.filename, "bytes": file.bytes, "created_at": file.created_at} for file in files
    ]
    return {"format": "orch.gc/1", "project": project, "target": target, "files": listed, "deleted": deleted}


def _day(file: LooseFile) -> str:
    return datetime.fromtimestamp(file.created_at, UTC).date().isoformat()
