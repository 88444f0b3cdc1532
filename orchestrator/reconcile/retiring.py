"""Which assistants name a model that is about to be shut down. Pure: the list and the day are given."""

from collections.abc import Mapping
from datetime import date

from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Resource
from orchestrator.reconcile.plan import Action, Plan, Retiring

SOON = 90
"""Days before a shutdown from which on it is worth a warning: OpenAI gives six months' notice of most models."""


def retiring(
    plan: Plan, resources: Mapping[Address, Resource], dates: Mapping[str, date], today: date
) -> tuple[Retiring, ...]:
    """Give the assistants of the plan whose model is gone or goes within `SOON` days, the earliest first."""
    found = [
        Retiring(address, model, dates[model].isoformat(), (dates[model] - today).days)
        for address, model in models(plan, resources).items()
        if model in dates and (dates[model] - today).days <= SOON
    ]
    return tuple(sorted(found, key=lambda item: (item.day, item.address)))


def models(plan: Plan, resources: Mapping[Address, Resource]) -> dict[Address, str]:
    """Give the model of every assistant of the plan that stays and names one."""
    staying = [change.address for change in plan.changes if change.action is not Action.DELETE]
    named = {
        address: resources[address].fields.get("model")
        for address in staying
        if address.kind is Kind.ASSISTANT and address in resources
    }
    return {address: model for address, model in named.items() if isinstance(model, str)}
