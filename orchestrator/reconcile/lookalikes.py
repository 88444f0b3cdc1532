"""Creates of what seems to be live already: renamed without `moved:`, or never imported. Pure.

Nothing is decided here; people are asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Fields, canonical, file_label
from orchestrator.model.ownership import Marks, files_digest
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Live
from orchestrator.reconcile.diff import compared, diff, value_at, with_references
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.plan import Action, Adoptable, Change, Rename

ALIKE = 0.8
"""Share of fields that have to be equal for a create and a leftover to look like a rename."""
FEWEST = 2
"""Equal fields below which likeness says nothing, unless the files of a store are among them."""
_FILES = "files"


@dataclass(frozen=True, slots=True)
class _Print:
    """What is compared of a spec or a live object."""

    fields: Mapping[str, str]
    """Canonical text of each field that has a value, by path."""
    unnamed: bool
    """Whether the API's name is only the address: then it says nothing."""


def renames(
    changes: Iterable[Change],
    resources: Mapping[Address, Resource],
    observed: Observed,
    defaults: Mapping[Kind, Fields],
) -> tuple[Rename, ...]:
    """Pair each create with the live object of this project, declared no more, that is most like it; each but once."""
    creates = [change.address for change in changes if change.action is Action.CREATE]
    gone = {address: live for address, live in observed.owned.items() if address not in resources}
    if not creates or not gone:
        return ()
    olds = {old: _of_live(live, old, observed, defaults.get(old.kind, {})) for old, live in gone.items()}
    pairs = []
    for new in creates:
        wanted = _of_spec(resources[new])
        for old, live in olds.items():
            if old.kind is new.kind and (share := _likeness(wanted, live)) >= ALIKE:
                pairs.append((-share, new, old))
    found: dict[Address, Address] = {}
    for _, new, old in sorted(pairs):
        if new not in found and old not in found.values():
            found[new] = old
    return tuple(sorted(Rename(old, new) for new, old in found.items()))


def adoptable(
    changes: Iterable[Change],
    resources: Mapping[Address, Resource],
    observed: Observed,
    defaults: Mapping[Kind, Fields],
) -> tuple[Adoptable, ...]:
    """Pair each create with an object that nobody owns, has the same name and is as declared; each but once.

    Stores come first, for assistants that search them. A store with declared files is left out: nobody knows of files
    that orch did not upload.
    """
    addresses = dict(observed.addresses)
    unowned: dict[tuple[Kind, Any], list[Live]] = {}
    for live in observed.foreign:
        if live.marks is None:
            unowned.setdefault((live.kind, live.fields.get("display_name") or None), []).append(live)
    creates = [change.address for change in changes if change.action is Action.CREATE]
    found = []
    for address in sorted(creates, key=lambda item: (item.kind is Kind.ASSISTANT, item)):
        resource = resources[address]
        for live in unowned.get((address.kind, compared(resource).get("display_name")), ()):
            seen = replace(live, fields=with_references(live.fields, addresses))
            if live.id in addresses or "files" in resource.whole or diff(resource, seen, defaults.get(live.kind, {})):
                continue
            addresses[live.id] = address
            found.append(Adoptable(address, live.id))
            break
    return tuple(sorted(found))


def _likeness(wanted: _Print, live: _Print) -> float:
    """Give the share of fields that are equal, of all that either declares; 0 where too few are equal to tell."""
    all_paths = {*wanted.fields, *live.fields} - ({"display_name"} if wanted.unnamed and live.unnamed else set())
    same = {path for path in all_paths if wanted.fields.get(path) == live.fields.get(path)}
    return len(same) / len(all_paths) if len(same) >= FEWEST or _FILES in same else 0.0


def _of_spec(resource: Resource) -> _Print:
    """Give what a spec declares; the files of a store are one field."""
    wanted = compared(resource)
    single = {path: value for path, value in wanted.items() if file_label(path) is None}
    return _print(single, files_digest(wanted), resource.address)


def _of_live(live: Live, address: Address, observed: Observed, defaults: Fields) -> _Print:
    """Give what was last applied to a live object, as it is now."""
    seen = with_references(live.fields, observed.addresses)
    marks = live.marks if live.marks is not None else Marks("", address)
    paths = [path for path in {**live.fields, **defaults} if marks.baseline.knows(path)]
    return _print({path: value_at(seen, path, defaults) for path in paths}, marks.files, address)


def _print(values: Fields, files: str | None, address: Address) -> _Print:
    fields = {path: canonical(value) for path, value in values.items() if value is not None}
    return _Print(fields | ({_FILES: files} if files is not None else {}), values.get("display_name") == address.name)
