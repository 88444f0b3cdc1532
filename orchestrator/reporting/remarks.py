"""What a plan asks people about: renames that look like a create and a leftover, with the lines that declare them."""

from collections.abc import Sequence
from typing import Any

from orchestrator.reconcile.plan import Rename

ANSWER = "If so, keep the live object: add to orch.yaml"


def question(rename: Rename) -> str:
    """Ask whether it is a rename."""
    return f"did you rename {rename.old} to {rename.new}?"


def moved_lines(renames: Sequence[Rename]) -> list[str]:
    """Give the lines of YAML that declare the renames."""
    return ["moved:", *(f"  - {{from: {rename.old}, to: {rename.new}}}" for rename in renames)]


def remark_json(rename: Rename) -> dict[str, Any]:
    """Give a remark as a JSON object."""
    return {"remark": question(rename), "moved": {"from": str(rename.old), "to": str(rename.new)}}
