"""When models are shut down, in words, and which assistants name one that soon is. Pure: list and day are given."""

from collections.abc import Mapping
from datetime import date

from orchestrator.diagnostics import counted
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Resource
from orchestrator.reconcile.plan import Action, Plan, Retiring

SOON = 90
"""Days before a shutdown from which on it is worth a warning: OpenAI gives six months' notice of most models."""


def retiring(
    plan: Plan, resources: Mapping[Address, Resource], dates: Mapping[str, date], today: date
) -> tuple[Retiring, ...]:
    """Give the assistants of the plan whose model is gone or goes within `SOON` days, the earliest first."""
    found = []
    for address, model in models(plan, resources).items():
        day = dates.get(model)
        if day is not None and (days := get_days_left(day, today)) is not None:
            found.append(Retiring(address, model, day.isoformat(), days))
    return tuple(sorted(found, key=lambda item: (item.day, item.address)))


def get_days_left(day: date, today: date) -> int | None:
    """Give the days until a model is shut down, below zero once it is; None where that is not within `SOON` days."""
    days = (day - today).days
    return days if days <= SOON else None


def end_text(model: str, day: str, days: int) -> str:
    """Say when a model is shut down, or was."""
    when = f"in {counted(days, 'day')}" if days > 0 else f"{counted(-days, 'day')} ago" if days < 0 else "today"
    return f"{model} {'is' if days >= 0 else 'was'} shut down on {day}, {when}"


def models(plan: Plan, resources: Mapping[Address, Resource]) -> dict[Address, str]:
    """Give the model of every assistant of the plan that stays and names one."""
    staying = [change.address for change in plan.changes if change.action is not Action.DELETE]
    named = {
        address: resources[address].fields.get("model")
        for address in staying
        if address.kind is Kind.ASSISTANT and address in resources
    }
    return {address: model for address, model in named.items() if isinstance(model, str)}
