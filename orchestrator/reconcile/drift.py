"""What somebody changed outside: the part of a plan that is not the spec's own doing.

Pure: the plan has compared everything already, `lifecycle.ignore` included. A live object that vanished cannot be
told from one that never was, for there is no state file; it counts as missing here and is a create in the plan.
"""

from dataclasses import dataclass
from typing import Any

from orchestrator.model.address import Address
from orchestrator.reconcile.plan import Action, FieldChange, Plan, Who

OUTSIDE = frozenset({Who.OUTSIDE, Who.BOTH, Who.DEFAULT})
"""Movers that are not the spec alone."""


@dataclass(frozen=True, slots=True)
class DriftedField:
    """One field that is live with another value than was last applied."""

    path: str
    desired: Any
    """The value in the spec; None where the spec has none."""
    live: Any
    """The value on the target (its default where it has none); None where there is nothing."""
    who: Who

    @property
    def moved(self) -> FieldChange:
        """Give the way the field went: from what is declared to what is live."""
        return FieldChange(self.path, self.desired, self.live, self.who)


@dataclass(frozen=True, slots=True)
class Drifted:
    """One resource that was changed outside."""

    address: Address
    id: str | None
    """Id of the live object; None where several carry the address."""
    fields: tuple[DriftedField, ...] = ()
    problem: str | None = None
    """Why the live object cannot be told, or is of no use any more; then there are no fields."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that was changed outside on one target."""

    project: str
    target: str
    resources: tuple[Drifted, ...]
    """In the order of addresses."""
    clean: int = 0
    """Number of live resources that nobody changed outside; the spec may have."""
    missing: tuple[Address, ...] = ()
    """Declared and not live."""
    requests: int = 0
    """How many requests the reading took."""


def drift(plan: Plan) -> Drift:
    """Give what changed outside; the plan is best made without `prune`, which has nothing to say here."""
    found: list[Drifted] = []
    missing: list[Address] = []
    clean = 0
    for change in sorted(plan.changes, key=lambda item: str(item.address)):
        if change.action is Action.CREATE:
            missing.append(change.address)
        elif change.reason is not None:
            found.append(Drifted(change.address, change.id, problem=change.reason))
        elif change.live is None:
            found.append(Drifted(change.address, change.id, problem=change.blocked_by))
        elif fields := tuple(_drifted(item) for item in change.fields if item.who in OUTSIDE):
            found.append(Drifted(change.address, change.id, fields))
        else:
            clean += 1
    return Drift(plan.project, plan.target, tuple(found), clean, tuple(missing), plan.requests)


def _drifted(field: FieldChange) -> DriftedField:
    return DriftedField(field.path, desired=field.new, live=field.old, who=field.who)
