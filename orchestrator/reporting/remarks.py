"""What a plan asks people about: creates of what seems to be live already, and what to write or run where it is so."""

import shlex
from collections.abc import Sequence
from typing import Any

from orchestrator.reconcile.plan import Adoptable, Plan, Rename
from orchestrator.reporting.characters import visible

RENAMED = "If so, keep the live object: add to orch.yaml"
LIVE = "To take what is live instead of creating another one"


def question(remark: Rename | Adoptable) -> str:
    """Ask whether it is so, in one line."""
    if isinstance(remark, Rename):
        return f"did you rename {remark.old} to {remark.new}?"
    return f"is {remark.address} the one that is live as {visible(remark.id)}? Nobody owns that, and it is as declared"


def moved_lines(renames: Sequence[Rename]) -> list[str]:
    """Give the lines of YAML that declare the renames."""
    return ["moved:", *(f"  - {{from: {rename.old}, to: {rename.new}}}" for rename in renames)]


def import_lines(adoptable: Sequence[Adoptable]) -> list[str]:
    """Give the command that takes the objects over; ids are the target's own words, so they are quoted."""
    named = " ".join(shlex.quote(f"{item.address}={visible(item.id)}") for item in adoptable)
    return [f"orch import {named} --into ."]


def remarks_json(plan: Plan) -> list[dict[str, Any]]:
    """Give all remarks as JSON objects."""
    renamed = [
        {"remark": question(item), "moved": {"from": str(item.old), "to": str(item.new)}} for item in plan.renames
    ]
    return renamed + [{"remark": question(item), "import": f"{item.address}={item.id}"} for item in plan.adoptable]
