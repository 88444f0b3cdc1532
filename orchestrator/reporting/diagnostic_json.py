"""A located message for programs: the same in every report."""

from orchestrator.diagnostics import Diagnostic


def diagnostic_json(found: Diagnostic) -> dict[str, str | int | None]:
    """Give a diagnostic as JSON data."""
    at = found.position
    return {"file": at.file, "line": at.line, "column": at.column, "message": found.message, "hint": found.hint}
