"""The models of a target, and who of the project uses them: a table for people, `orch.model_list/1` for scripts."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from orchestrator.reconcile.model_uses import Listed, ModelUse
from orchestrator.reporting.characters import storable, visible
from orchestrator.reporting.table import table

FORMAT = "orch.model_list/1"


def model_list_json(project: str, target: str, used: Sequence[ModelUse], listed: Listed | None) -> dict[str, Any]:
    """Give the models as a JSON object; `listed` is null where the target has no list."""
    models = None
    if listed is not None:
        models = [{"model": storable(name), "ends": day and day.isoformat()} for name, day in sorted(listed.items())]
    return {
        "format": FORMAT,
        "project": project,
        "target": target,
        "used": [
            {
                "model": use.model,
                "ends": use.ends and use.ends.isoformat(),
                "listed": use.listed,
                "users": list(use.users),
            }
            for use in used
        ],
        "listed": models,
    }


def model_list_text(target: str, used: Sequence[ModelUse], listed: Listed | None, all_of_them: bool) -> Text:
    """Give the models that are used as a table, and the others where `all_of_them` are wanted, else their number."""
    rows = [(visible(use.model), str(use.ends or "-"), ", ".join(use.users)) for use in used]
    names = {use.model for use in used}
    others = sorted((name, day) for name, day in (listed or {}).items() if name not in names)
    if all_of_them:
        rows += [(visible(name), str(day or "-"), "-") for name, day in others]
    lines = table(("MODEL", "ENDS", "USED BY"), rows)
    if listed is None:
        lines += [Text(), Text(f"Target {target} has no list of models.", style="dim")]
    elif others and not all_of_them:
        lines += [Text(), Text(f"and {len(others)} more on {target}: --all lists them", style="dim")]
    return Text("\n").join(lines)
