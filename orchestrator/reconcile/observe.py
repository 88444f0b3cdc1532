"""The only reader: what is live on the target, and which of it is this project's.

Objects are found by the marks they carry, in the pages of a list and never one by one, so that reading costs a
request per hundred objects. The files of a store are read only where its record or its counter says they moved. A
read that fails raises; what could not be read is never taken for absent.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from orchestrator.errors import TargetMissingError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import file_label
from orchestrator.model.ownership import files_digest
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Capability, Live, Provider
from orchestrator.reconcile.diff import compared, covers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Observed:
    """What was found on a target, seen from one project."""

    owned: Mapping[Address, Live]
    """This project's live objects, one an address, in the order of addresses."""
    duplicates: Mapping[Address, tuple[Live, ...]]
    """Addresses that more than one live object carries; they are not in `owned`."""
    foreign: tuple[Live, ...]
    """Everything else, other projects' objects included."""
    requests: int = 0
    """How many requests the reading took."""

    @property
    def addresses(self) -> dict[str, Address]:
        """Give the address of every live object of this project by its id, duplicates included."""
        twice = {live.id: address for address, lives in self.duplicates.items() for live in lives}
        return {live.id: address for address, live in self.owned.items()} | twice

    @property
    def all(self) -> tuple[Live, ...]:
        """Give everything that was found, by kind and id."""
        twice = [live for lives in self.duplicates.values() for live in lives]
        return tuple(sorted([*self.owned.values(), *twice, *self.foreign], key=lambda live: (live.kind, live.id)))


async def observe(
    provider: Provider,
    resources: Mapping[Address, Resource],
    project: str,
    concurrency: int = 8,
    moved: Mapping[Address, Address] | None = None,
    created: Mapping[Address, str] | None = None,
    refresh: bool = False,
) -> Observed:
    """Read the target for `project`; raises `TargetError` where anything could not be read whole.

    `moved` gives new addresses by old ones: what is live under an old one is found under the new. `created` are ids an
    interrupted apply was answered with: what a list does not show yet is read by its id. `refresh` reads the files of
    every declared store, whatever its record says.
    """
    before = provider.requests.total
    kinds = [Kind.ASSISTANT]
    if Capability.VECTOR_STORES in provider.capabilities.can:
        kinds.append(Kind.VECTOR_STORE)
    pages = await _all(provider.fetch_live(kind) for kind in kinds)
    found = [live for page in pages for live in page]
    listed = {live.id for live in found}
    late = [(address.kind, id) for address, id in (created or {}).items() if id not in listed]
    found += [live for kind, id in late for live in await _if_there(provider, kind, id)]
    ours, foreign = _sort(found, project)
    ours = _renamed(ours, moved or {})
    limit = asyncio.Semaphore(concurrency)

    async def with_files(address: Address, live: Live) -> tuple[Address, Live]:
        if not files_moved(resources.get(address), live, refresh):
            return address, live
        async with limit:
            return address, await provider.fetch_files(live)

    single = {address: lives[0] for address, lives in ours.items() if len(lives) == 1}
    owned = dict(await _all(with_files(address, live) for address, live in single.items()))
    return Observed(
        owned=owned,
        duplicates={address: lives for address, lives in ours.items() if len(lives) > 1},
        foreign=foreign,
        requests=provider.requests.total - before,
    )


async def _if_there(provider: Provider, kind: Kind, id: str) -> list[Live]:
    try:
        return [await provider.fetch(kind, id)]
    except TargetMissingError:
        return []


def files_moved(resource: Resource | None, live: Live, refresh: bool = False) -> bool:
    """Tell whether a store's files have to be read: their record or their number is not as declared, or some failed."""
    if resource is None or live.kind is not Kind.VECTOR_STORE or live.marks is None or live.expired:
        return False
    if any(covers(prefix, "files") for prefix in resource.ignore):
        return False
    if refresh or live.failed_count or live.marks.files != files_digest(compared(resource)):
        return True
    declared = sum(file_label(path) is not None for path in resource.fields)
    return "files" in resource.whole and live.file_count != declared


def _sort(found: list[Live], project: str) -> tuple[dict[Address, tuple[Live, ...]], tuple[Live, ...]]:
    ours: dict[Address, tuple[Live, ...]] = {}
    foreign = []
    for live in sorted(found, key=lambda item: (item.kind, item.id)):
        # An object of another kind that carries a copied record is somebody else's: its id would be used wrongly.
        if live.marks is None or live.marks.project != project or live.marks.address.kind is not live.kind:
            foreign.append(live)
        else:
            ours[live.marks.address] = (*ours.get(live.marks.address, ()), live)
    return dict(sorted(ours.items())), tuple(foreign)


def _renamed(
    ours: Mapping[Address, tuple[Live, ...]], moved: Mapping[Address, Address]
) -> dict[Address, tuple[Live, ...]]:
    """Give the objects under their new addresses; one whose new address is live already keeps its own."""
    result: dict[Address, tuple[Live, ...]] = {}
    for address, lives in ours.items():
        to = moved.get(address, address)
        result[address if to in ours else to] = lives
    return dict(sorted(result.items()))


async def _all(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Await all at once; where one fails the others are stopped before its error is passed on."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
