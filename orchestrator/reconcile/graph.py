"""Which change comes before which: references first, and nothing is deleted while something still uses it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

from orchestrator.model.address import Address
from orchestrator.model.fields import references
from orchestrator.reconcile.diff import STORES_PATH
from orchestrator.reconcile.plan import Action, Change


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Give the changes with `depends_on` filled in, in an order in which they can be carried out.

    Changes that may run side by side come in the order of their addresses, so the same changes always give the same
    order. Raises `graphlib.CycleError` where resources refer to one another in a circle.
    """
    by_address = {change.address: change for change in sorted(changes, key=lambda item: str(item.address))}
    graph = {address: _before(change, by_address) for address, change in by_address.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    result: list[Change] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=str)
        result += [replace(by_address[address], depends_on=graph[address]) for address in ready]
        sorter.done(*ready)
    return tuple(result)


def _before(change: Change, changes: Mapping[Address, Change]) -> frozenset[Address]:
    match change.action:
        case Action.NOOP:
            return frozenset()
        case Action.DELETE:
            return frozenset(address for address, other in changes.items() if _uses(other, change.id))
        case _:
            moving = (changes.get(address) for address in references(change.after))
            return frozenset(item.address for item in moving if item is not None and item.action is not Action.NOOP)


def _uses(change: Change, id: str | None) -> bool:
    """Tell whether a live object names `id` and is about to change, so that it goes first."""
    if change.live is None or change.action is Action.NOOP:
        return False
    stores = change.live.fields.get(STORES_PATH)
    return isinstance(stores, list | tuple) and id in stores
