"""Who goes on using a vector store once a plan is carried out, on the whole target and not only among our own. Pure."""

from collections.abc import Iterable
from typing import Any

from orchestrator.model.fields import Fields
from orchestrator.providers.interface import Live
from orchestrator.reconcile.diff import STORES_PATH
from orchestrator.reconcile.plan import Action, Change


def remaining_users(lives: Iterable[Live], changes: Iterable[Change]) -> dict[str, tuple[str, ...]]:
    """Give, by the id of a store, how to name each live assistant that will still search it.

    An assistant that is deleted too does not count, nor one that lets go of the store in this plan. Where a guard holds
    back either of them, the store waits for it: it comes later in the order of changes. References to our own declared
    stores are left out: what is declared is not deleted.
    """
    by_id = {change.id: change for change in changes if change.id is not None}
    users: dict[str, list[str]] = {}
    for live in lives:
        change = by_id.get(live.id)
        if change is not None and change.action is Action.DELETE:
            continue
        stays = change is None or change.action is Action.NOOP
        for store in _searched(live.fields if stays or change is None else change.after):
            users.setdefault(store, []).append(_named(live))
    return {store: tuple(sorted(names)) for store, names in users.items()}


def _searched(fields: Fields) -> set[str]:
    stores: Any = fields.get(STORES_PATH)
    return {item for item in stores if isinstance(item, str)} if isinstance(stores, list | tuple) else set()


def _named(live: Live) -> str:
    return live.id if live.marks is None else f"{live.marks.project}/{live.marks.address} ({live.id})"
