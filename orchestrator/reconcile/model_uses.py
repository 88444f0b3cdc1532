"""Which models a project uses, and what is to be said of each: gone, going, or not on the target. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import LocatedScenario, Resource
from orchestrator.reconcile.retiring import end_text, get_days_left

ANY = "*"
"""Name of a model of the embedded server that answers for every other."""

Listed = Mapping[str, date | None]
"""The models of a target, each with the day on which it is shut down, if that is set."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model that the project names."""

    model: str
    users: tuple[str, ...]
    """Assistants by address, then scenarios that choose it themselves, as `scenario.NAME`."""
    listed: bool
    """Whether the target has it; true where the target has no list."""
    ends: date | None = None
    """The day on which it is shut down, where one is set."""


def uses(
    resources: Mapping[Address, Resource], scenarios: Iterable[LocatedScenario], listed: Listed | None
) -> tuple[ModelUse, ...]:
    """Give the models a project names, those that end first in front, then by name."""
    users: dict[str, list[str]] = {}
    for address, resource in sorted(resources.items()):
        if address.kind is Kind.ASSISTANT and isinstance(resource.fields.get("model"), str):
            users.setdefault(resource.fields["model"], []).append(str(address))
    for located in scenarios:
        if located.model is not None:
            users.setdefault(located.model, []).append(f"scenario.{located.base}")
    known = listed if listed is not None else {}
    found = [
        ModelUse(model, tuple(dict.fromkeys(names)), listed is None or model in known or ANY in known, known.get(model))
        for model, names in users.items()
    ]
    return tuple(sorted(found, key=lambda use: (use.ends or date.max, use.model)))


def warnings(
    found: Iterable[ModelUse], resources: Mapping[Address, Resource], target: str, today: date
) -> list[Diagnostic]:
    """Give what is worth a look at the place of each assistant's `model:`."""
    told = []
    for use in found:
        what = _what(use, target, today)
        hint = f"compare before you change it: `orch test --model {use.model} --model OTHER`"
        for address in (each for each in resources if str(each) in use.users and what is not None):
            told.append(resources[address].diagnostic("model", str(what), hint))
    return told


def _what(use: ModelUse, target: str, today: date) -> str | None:
    if not use.listed:
        return f"target {target} has no model {use.model}"
    days = get_days_left(use.ends, today) if use.ends is not None else None
    return end_text(use.model, str(use.ends), days) if days is not None else None
