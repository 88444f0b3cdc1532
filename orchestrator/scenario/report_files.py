"""Files with reports of `orch test`."""

from pathlib import Path
from typing import Any

from orchestrator.errors import ReportError
from orchestrator.scenario.reports import parse_report


def load_report(file: Path) -> dict[str, Any]:
    """Read the data of a report; raises `ReportError` where a file is none, `OSError` where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReportError(f"{file} is not UTF-8 text", "write a report with `orch test --json FILE`") from None
    return parse_report(text, str(file))
