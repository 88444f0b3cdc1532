"""Two texts or JSON values side by side, as the lines that differ: how a failure over long ones is read."""

import json
from collections.abc import Sequence
from difflib import unified_diff
from typing import Any

from orchestrator.scenario.quoting import LIMIT, cut, shown

CONTEXT = 2
"""Lines that are alike shown around those that differ."""
MOST = 40
"""Lines of a comparison shown; the transcript has the whole text."""


def compare_texts(wanted: str, got: str) -> list[str]:
    """Give the lines of two texts that differ, those wanted with -, those that came with +; none of single lines."""
    return _lines(wanted.split("\n"), got.split("\n")) if "\n" in wanted or "\n" in got else []


def compare_values(wanted: Any, got: Any) -> list[str]:
    """Give the lines of two long JSON values that differ; nothing where both fit a line."""
    if max(len(shown(wanted)), len(shown(got))) < LIMIT // 2:
        return []
    return _lines(_indented(wanted), _indented(got))


def _indented(value: Any) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str).split("\n")


def _lines(wanted: Sequence[str], got: Sequence[str]) -> list[str]:
    found = list(unified_diff(wanted, got, lineterm="", n=CONTEXT))[3:]
    lines = ["  ..." if line.startswith("@@") else f"  {line[0]} {cut(line[1:])}".rstrip() for line in found]
    return [*lines[:MOST], f"  and {len(lines) - MOST} lines more"] if len(lines) > MOST else lines
