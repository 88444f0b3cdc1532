"""Rules that hold a change back: a blocked change is named with its reason, and the others go on.

protect      what is declared or marked live as protected is not deleted
in use       a store is not deleted while an assistant that stays searches it, whoever owns that
duplicate    an address that two live objects carry is not touched
too many     more than 30 % of this project's live objects and at least 5 would be deleted: then none is, unless
             deleting is all that was asked for
needs        what cannot be done without a blocked change waits for it
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.model.address import Address
from orchestrator.model.fields import references
from orchestrator.reconcile.plan import Action, Change

DELETE_SHARE = 0.30
"""Share of this project's live objects above which a plan's deletes are held back."""
DELETE_FLOOR = 5
"""Number of deletes below which the share does not matter."""
DESTRUCTIVE = frozenset({Action.DELETE, Action.REPLACE})

_Guard = Callable[[Change], str | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards look at beside the changes."""

    owned: int
    """Number of this project's live objects."""
    protected: frozenset[Address] = frozenset()
    duplicates: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Ids of the live objects that carry one and the same address."""
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the id of a store, who goes on searching it."""
    deletes_asked_for: bool = False
    """Whether the deletes are what was asked for, and not what specs that are gone have led to."""


def guard(changes: Iterable[Change], facts: Facts) -> tuple[Change, ...]:
    """Give the changes with `blocked_by` filled in where a guard holds one back; order and number stay."""

    def protect(change: Change) -> str | None:
        if _destroys(change) and change.address in facts.protected:
            return "protected: set `lifecycle: {protect: false}` in its spec and apply, then delete it"
        return None

    def duplicate(change: Change) -> str | None:
        ids = facts.duplicates.get(change.address)
        return duplicate_message(change.address, ids) if ids else None

    guarded = hold_what_is_used(_apply(_apply(changes, duplicate), protect), facts.users)
    if not facts.deletes_asked_for:
        guarded = _apply(guarded, _too_many(guarded, facts.owned))
    return _needing(guarded, facts.duplicates)


def _destroys(change: Change) -> bool:
    """Tell whether something is lost: an expired store holds nothing any more."""
    expired = change.live is not None and change.live.expired
    return change.action in DESTRUCTIVE and not (change.action is Action.REPLACE and expired)


def hold_what_is_used(changes: Iterable[Change], users: Mapping[str, tuple[str, ...]]) -> tuple[Change, ...]:
    """Hold back deletes of stores that somebody goes on searching; `users` names them by the id of the store."""

    def in_use(change: Change) -> str | None:
        searching = users.get(change.id or "", ()) if _destroys(change) else ()
        if not searching:
            return None
        more = f" and {len(searching) - 3} more" if len(searching) > 3 else ""
        return f"still in use: searched by {', '.join(searching[:3])}{more}; change or delete that first"

    return _apply(changes, in_use)


def duplicate_message(address: Address, ids: Iterable[str]) -> str:
    """Say that several live objects carry one address, and what to do."""
    listed = sorted(ids)
    return (
        f"duplicate: {len(listed)} live objects carry {address}: {', '.join(listed)}; "
        "delete all but the one to keep on the target"
    )


def _apply(changes: Iterable[Change], rule: _Guard) -> tuple[Change, ...]:
    """Let one rule speak about every change that is to be carried out and not held back yet."""
    return tuple(
        replace(change, blocked_by=rule(change))
        if change.blocked_by is None and change.action is not Action.NOOP
        else change
        for change in changes
    )


def _too_many(changes: tuple[Change, ...], owned: int) -> _Guard:
    count = sum(change.action is Action.DELETE and change.blocked_by is None for change in changes)
    if count < DELETE_FLOOR or count <= owned * DELETE_SHARE:
        return lambda change: None
    reason = (
        f"too many deletes: {count} of {owned} live objects ({count / owned:.0%}) would go, "
        f"more than {DELETE_SHARE:.0%}; delete fewer at a time with --only ADDRESS"
    )
    return lambda change: reason if change.action is Action.DELETE else None


def _needing(changes: tuple[Change, ...], duplicates: Mapping[Address, tuple[str, ...]]) -> tuple[Change, ...]:
    """Hold back what needs a blocked change; the changes come in dependency order, so one pass reaches all."""
    blocked: dict[Address, Change] = {}
    result = []
    for change in changes:
        if change.action is not Action.NOOP and change.blocked_by is None:
            reason = _missing(change, blocked, duplicates)
            change = replace(change, blocked_by=reason)
        if change.blocked_by is not None:
            blocked[change.address] = change
        result.append(change)
    return tuple(result)


def _missing(
    change: Change, blocked: Mapping[Address, Change], duplicates: Mapping[Address, tuple[str, ...]]
) -> str | None:
    for address in sorted(change.depends_on & set(blocked), key=str):
        if change.action is Action.DELETE:
            return f"still in use: {address} uses it and is blocked itself; see there"
        if blocked[address].id is None:
            return f"needs {address}, which is blocked; see there"
    unclear = sorted(references(change.after) & set(duplicates), key=str)
    return f"needs {unclear[0]}: {duplicate_message(unclear[0], duplicates[unclear[0]])}" if unclear else None
