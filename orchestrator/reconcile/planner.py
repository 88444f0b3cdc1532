"""The decision: from what is declared and what is live to a plan. Pure: no I/O, no clock, one answer to one question.

What the target cannot do, and what would not fit the metadata the ownership record is kept in, is refused here, with
the place in the specs, before anything is written.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from orchestrator.diagnostics import Diagnostic, did_you_mean
from orchestrator.errors import SpecError, UsageError
from orchestrator.model.address import Address
from orchestrator.model.fields import is_unknown
from orchestrator.model.ownership import Marks
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Capabilities, Live
from orchestrator.reconcile.diff import after, awaited, diff, failures, has_spent_attempts, with_references
from orchestrator.reconcile.graph import ordered
from orchestrator.reconcile.guards import Facts, guard
from orchestrator.reconcile.lookalikes import adoptable, renames
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.plan import (
    PENDING,
    Action,
    Change,
    FieldChange,
    Kept,
    Leftover,
    Plan,
    Seen,
    Unsearchable,
    Who,
)
from orchestrator.reconcile.record import crowded, record_of
from orchestrator.reconcile.refusals import refusals
from orchestrator.reconcile.uses import remaining_users


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the caller asked for."""

    prune: bool = False
    """Delete what this project owns and declares no more."""
    destroy: bool = False
    """Delete what this project owns, declared or not; nothing is created or updated."""
    only: tuple[str, ...] = ()
    """Globs of addresses; empty means everything. What a selected resource refers to and is not live yet comes too."""
    refresh: bool = False
    """Read the files of every declared store, whatever its record says."""
    retry_failed: bool = False
    """Send files again whose very content could not be indexed."""
    revision: str | None = None
    """Git revision to write beside the record; it never causes a change of its own."""


def plan(
    resources: Mapping[Address, Resource],
    observed: Observed,
    capabilities: Capabilities,
    options: PlanOptions,
    project: str,
    target: str,
) -> Plan:
    """Compare what is declared with what is live; raises `SpecError` for what cannot work, `UsageError` for `only`."""
    selected = _selected(resources, observed, options.only)
    kept = frozenset() if options.destroy else selected & set(resources)
    declared = [resources[address] for address in sorted(kept, key=str)]
    refused = [item for resource in declared for item in _dangling(resource, resources)]
    refused += [item for resource in declared for item in refusals(resource, capabilities, target)]
    if refused:
        raise SpecError(refused)
    declared = [_as_kept(resource, capabilities) for resource in declared]
    expired = {live.id for live in observed.owned.values() if live.expired}  # what names one shall name the next
    addresses = {id: address for id, address in observed.addresses.items() if id not in expired}
    context = _Context(observed, addresses, capabilities, options, project)
    changes = [_change(resource, context) for resource in declared]
    refused = [
        item
        for change in changes
        if change.marks is not None
        for item in crowded(resources[change.address], change.after, change.marks, capabilities)
    ]
    if refused:
        raise SpecError(refused)
    resources = {**resources, **{resource.address: resource for resource in declared}}
    undeclared = _undeclared(selected - kept, observed)
    pruned = options.prune or options.destroy
    if pruned:
        changes += [_deletion(address, observed) for address in dict.fromkeys(item.address for item in undeclared)]
    return Plan(
        project=project,
        target=target,
        changes=guard(ordered(changes), _facts(resources, observed, options, changes)),
        leftovers=() if pruned else undeclared,
        ids={address: live.id for address, live in observed.owned.items()},
        requests=observed.requests,
        renames=renames(changes, resources, observed, capabilities.defaults),
        adoptable=adoptable(changes, resources, observed, capabilities.defaults),
        kept=_kept(declared, observed),
        unsearchable=() if options.retry_failed else _unsearchable(declared, observed),
    )


def _selected(resources: Mapping[Address, Resource], observed: Observed, only: tuple[str, ...]) -> frozenset[Address]:
    known = frozenset(resources) | frozenset(observed.owned) | frozenset(observed.duplicates)
    if not only:
        return known
    for pattern in only:
        if not any(fnmatchcase(str(address), pattern) for address in known):
            hint = did_you_mean(pattern, map(str, known)) or "addresses look like assistant.math-tutor; globs work too"
            raise UsageError(f"--only {pattern} matches nothing declared or live", hint)
    chosen = {address for address in known if any(fnmatchcase(str(address), pattern) for pattern in only)}
    waiting = list(chosen)
    while waiting:
        resource = resources.get(waiting.pop())
        for address in resource.references if resource is not None else ():
            live = address in observed.owned or address in observed.duplicates
            if not live and address not in chosen:
                chosen.add(address)
                waiting.append(address)
    return frozenset(chosen)


def _as_kept(resource: Resource, capabilities: Capabilities) -> Resource:
    """Give the resource as it will read on the target: what that cannot keep of a value would differ for ever."""
    if capabilities.kept is None:
        return resource
    return replace(resource, fields=capabilities.kept(resource.address.kind, resource.fields))


def _dangling(resource: Resource, resources: Mapping[Address, Resource]) -> list[Diagnostic]:
    return [
        Diagnostic(
            f"{resource.address} refers to {address}, which is not declared",
            resource.position,
            "declare it, or take the reference out",
        )
        for address in sorted(resource.references - set(resources), key=str)
    ]


@dataclass(frozen=True, slots=True)
class _Context:
    """What every change is made from beside its resource."""

    observed: Observed
    addresses: Mapping[str, Address]
    """This project's live objects by id."""
    capabilities: Capabilities
    options: PlanOptions
    project: str


def _change(resource: Resource, context: _Context) -> Change:
    address = resource.address
    marks = record_of(resource, context.project, context.options.revision)
    if address in context.observed.duplicates:
        return Change(address, Action.UPDATE, marks=marks)  # which one is meant is for people to say; a guard asks
    live = context.observed.owned.get(address)
    if live is None:
        fields = tuple(FieldChange(path, None, value, Who.SPEC) for path, value in resource.fields.items())
        return Change(address, Action.CREATE, fields=fields, after=dict(resource.fields), marks=marks)
    if live.expired:
        fields = tuple(FieldChange(path, None, value, Who.SPEC) for path, value in resource.fields.items())
        next_one, seen_as = dict(resource.fields), Seen.of(live)
        return Change(address, Action.REPLACE, live.id, fields, next_one, marks=marks, live=live, seen=seen_as)
    seen = replace(live, fields=with_references(live.fields, context.addresses, resource.fields))
    defaults = context.capabilities.defaults.get(address.kind, {})
    fields = diff(resource, seen, defaults, context.options.retry_failed)
    if not fields and (awaited(resource, live) or not (_stale(live, marks) or has_spent_attempts(resource, live))):
        return Change(address, Action.NOOP, id=live.id, live=live)
    was = live.marks.address if live.marks is not None else address
    return Change(
        address,
        Action.UPDATE,
        id=live.id,
        fields=fields,
        after=after(resource, live, fields),
        marks=marks,
        live=live,
        seen=Seen.of(live),
        moved_from=was if was != address else None,
    )


def _stale(live: Live, marks: Marks) -> bool:
    return live.marks is None or replace(live.marks, revision=None) != replace(marks, revision=None)


def _kept(declared: Collection[Resource], observed: Observed) -> tuple[Kept, ...]:
    lives = [(resource.address, observed.owned.get(resource.address)) for resource in declared]
    found = [(address, tuple(sorted(filter(is_unknown, live.fields)))) for address, live in lives if live is not None]
    return tuple(Kept(address, paths) for address, paths in found if paths)


def _unsearchable(declared: Collection[Resource], observed: Observed) -> tuple[Unsearchable, ...]:
    lives = [(resource, observed.owned.get(resource.address)) for resource in declared]
    found = []
    for resource, live in lives:
        if live is not None:
            failed = failures(resource, live).items()
            found += [Unsearchable(resource.address, path, reason) for path, reason in sorted(failed)]
            waiting = awaited(resource, live)
            found += [Unsearchable(resource.address, path, PENDING, pending=True) for path in sorted(waiting)]
    return tuple(found)


def _undeclared(gone: Collection[Address], observed: Observed) -> tuple[Leftover, ...]:
    single = [Leftover(address, live.id) for address, live in observed.owned.items() if address in gone]
    twice = [
        Leftover(address, live.id)
        for address, lives in observed.duplicates.items()
        for live in lives
        if address in gone
    ]
    return tuple(sorted(single + twice))


def _deletion(address: Address, observed: Observed) -> Change:
    live = observed.owned.get(address)
    if live is None:
        return Change(address, Action.DELETE)  # two objects carry the address: a guard asks which is meant
    return Change(address, Action.DELETE, id=live.id, live=live, seen=Seen.of(live))


def _facts(
    resources: Mapping[Address, Resource], observed: Observed, options: PlanOptions, changes: Collection[Change]
) -> Facts:
    marked = {a for a, live in observed.owned.items() if live.marks is not None and live.marks.protect}
    duplicates = {address: tuple(live.id for live in lives) for address, lives in observed.duplicates.items()}
    return Facts(
        owned=len(observed.owned) + sum(map(len, duplicates.values())),
        protected=frozenset(marked | {address for address, resource in resources.items() if resource.protect}),
        duplicates=duplicates,
        users=remaining_users(observed.all, changes),
        deletes_asked_for=options.destroy,
    )
