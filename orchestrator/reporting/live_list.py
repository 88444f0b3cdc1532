"""What is live on a target and whose it is: a table for people, and format `orch.list/1` for scripts."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.model.fields import is_unknown
from orchestrator.providers.interface import Live
from orchestrator.reporting.characters import storable, visible
from orchestrator.reporting.table import table

FORMAT = "orch.list/1"
UNMANAGED = "unmanaged"
"""Owner of what orch never applied; no PROJECT/ADDRESS can be this word, because it has no slash."""


def list_json(project: str, target: str, lives: Sequence[Live], requests: int) -> dict[str, Any]:
    """Give the objects as a JSON object; `name` is the API's own, null where it has none.

    `unknown` are the fields that specs have no words for.
    """
    return {
        "format": FORMAT,
        "project": project,
        "target": target,
        "objects": [
            {
                "kind": live.kind.value,
                "id": storable(live.id),
                "name": storable(live.fields.get("display_name")),
                "owner": storable(_owner(live)),
                "unknown": [storable(path) for path in _unknown(live)],
            }
            for live in lives
        ],
        "requests": {"total": requests},
    }


def list_text(target: str, lives: Sequence[Live], requests: int) -> Text:
    """Give the objects as a table, without a line end at its end."""
    rows = [(live.kind.value, visible(live.id), _name(live), visible(_owner(live))) for live in lives]
    lines = table(("KIND", "ID", "NAME", "OWNER"), rows)
    strange = [(live.id, ", ".join(_unknown(live))) for live in lives if _unknown(live)]
    lines += [Text(f"  {visible(id)} has what specs cannot express: {visible(paths)}") for id, paths in strange]
    found = counted(len(lives), "object") if lives else "Nothing"
    lines += [*([Text()] if lives else []), Text(f"{found} on {target}.", style="bold")]
    return Text("\n").join([*lines, Text(counted(requests, "request"), style="dim")])


def _unknown(live: Live) -> list[str]:
    return sorted(filter(is_unknown, live.fields))


def _name(live: Live) -> str:
    return visible(str(live.fields.get("display_name") or "-")).replace("\n", " ")


def _owner(live: Live) -> str:
    return UNMANAGED if live.marks is None else f"{live.marks.project}/{live.marks.address}"
