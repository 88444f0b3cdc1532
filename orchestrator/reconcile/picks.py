"""Which live objects an import takes, and which it leaves alone and names. Pure.

What another project owns is never taken, what is this project's already needs no taking. What this project owns and
declares no more may come back under its own address: its specs were lost.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orchestrator.errors import OrchError, UsageError
from orchestrator.model.address import Address
from orchestrator.model.project import Project
from orchestrator.providers.interface import Live
from orchestrator.reconcile.observe import Observed


@dataclass(frozen=True, slots=True)
class Pick:
    """A live object to import, under an address that was asked for or, where None, one made from its name."""

    live: Live
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A live object that is left alone."""

    live: Live
    owner: str
    """PROJECT/ADDRESS."""
    hint: str | None = None
    """What to do where it is ours and lacks something."""


@dataclass(frozen=True, slots=True)
class Picks:
    """What an import takes and leaves."""

    taken: tuple[Pick, ...]
    skipped: tuple[Skipped, ...] = ()


def pick_all(observed: Observed, declared: Collection[Address]) -> Picks:
    """Take everything that no project owns."""
    taken, skipped = [], []
    for live in observed.all:
        if live.marks is None:
            taken.append(Pick(live))
            continue
        address = observed.addresses.get(live.id)
        lost = address is not None and address not in declared
        hint = f"no longer declared; `orch import {address}={live.id}` writes its spec again" if lost else None
        skipped.append(Skipped(live, _owner(live), hint))
    return Picks(tuple(taken), tuple(skipped))


def pick_given(given: Mapping[Address, str], observed: Observed, project: Project) -> Picks:
    """Take objects by address and id.

    Raises `UsageError` for what is not there, `OrchError` for what is somebody else's or has another address here.
    """
    found = {(live.kind, live.id): live for live in observed.all}
    taken, skipped = [], []
    for address, id in given.items():
        live = found.get((address.kind, id))
        if live is None:
            message = f"no {address.kind} on {project.target_name} has the id {id}"
            raise UsageError(message, "`orch list --unmanaged` shows what can be imported")
        ours = observed.addresses.get(id)
        if ours is None and live.marks is not None:
            raise OrchError(f"{id} is owned already: it is {_owner(live)}", "an object has one owner")
        if ours not in (None, address):
            hint = (
                f"to rename it, declare it as {address} and write moved: [{{from: {ours}, to: {address}}}] in orch.yaml"
            )
            raise OrchError(f"{id} is this project's already, as {ours}", hint)
        other = observed.owned.get(address)
        if ours is None and other is not None:
            raise OrchError(f"{address} is live already, as {other.id}", "choose another name")
        if ours is not None and address in project.resources:
            skipped.append(Skipped(live, _owner(live)))
        else:
            taken.append(Pick(live, address))
    return Picks(tuple(taken), tuple(skipped))


def _owner(live: Live) -> str:
    return f"{live.marks.project}/{live.marks.address}" if live.marks is not None else ""
