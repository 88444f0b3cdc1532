"""A plan: everything one apply would do, as frozen data that can be saved, reviewed and approved by its hash.

The actions of an apply are described entirely by the changes here; `execute` adds no decision of its own. Remarks that
lead to no request (`Leftover`, `Rename`, `Adoptable`, `Kept`) are kept apart from the changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from orchestrator.model.address import Address
from orchestrator.model.fields import Fields, as_json, digest, file_label, references
from orchestrator.model.file_renames import renamed
from orchestrator.model.ownership import Marks
from orchestrator.providers.interface import Live

STALE = "moved since planned"
"""How the reason begins for which a change is blocked when the target is no longer what the plan was made from."""
AGAIN = "make a new plan and review it"
EXPIRED = "expired: its files are gone, and it takes none any more"
PENDING = "is still being indexed"
HASH = 12
"""How many characters of a plan's hash people are shown."""


class Action(StrEnum):
    """What becomes of one live object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """A new object is made, then the old one deleted; for what a target cannot change in place."""
    DELETE = "delete"
    NOOP = "noop"


class Who(StrEnum):
    """Who moved a field since the last apply."""

    SPEC = "spec"
    OUTSIDE = "outside"
    BOTH = "both"
    DEFAULT = "default"
    """The target fell back to its own default."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's transition."""

    path: str
    old: Any
    """The live value (the target's default where it has none); None where there is nothing."""
    new: Any
    """The value after apply; None where it is removed."""
    who: Who


@dataclass(frozen=True, slots=True)
class Seen:
    """What a live object read as when the plan was made: apply writes only where it still reads the same."""

    fingerprint: str
    """SHA-256 (hex) of all its fields and its record; of a store's files too where they were read."""
    files: bool = False
    """Whether a store's files were read."""

    @classmethod
    def of(cls, live: Live) -> "Seen":
        """Take the fingerprint of a live object as it was read."""
        content = {
            "fields": live.fields,
            "marks": live.marks.to_metadata() if live.marks is not None else None,
            "files": {label: file.id for label, file in (live.files or {}).items()},
        }
        return cls(digest(content).hex(), live.files is not None)


@dataclass(frozen=True, slots=True)
class Change:
    """One resource's transition, with everything needed to carry it out."""

    address: Address
    action: Action
    id: str | None = None
    """Id of the live object; None before it is created."""
    fields: tuple[FieldChange, ...] = ()
    """What moves; an update without any only writes the record on the live object."""
    after: Fields = field(default_factory=dict)
    """Create, update: every field as it shall be, declared or kept; references to our own are `Ref`."""
    marks: Marks | None = None
    """Create, update: the record to write."""
    live: Live | None = None
    """The live object the plan was made from; not part of a saved plan."""
    seen: Seen | None = None
    """Update, delete: what the live object read as."""
    moved_from: Address | None = None
    """Update: the address under which the object was live until now (`moved:`)."""
    depends_on: frozenset[Address] = frozenset()
    """Changes of this plan that come first."""
    blocked_by: str | None = None
    """The guard that keeps this from being carried out, and what to do about it."""

    @property
    def reason(self) -> str | None:
        """Say why an object is replaced; None where it is not, or where nobody knows any more."""
        expired = self.action is Action.REPLACE and self.live is not None and self.live.expired
        return EXPIRED if expired else None

    @property
    def paths(self) -> frozenset[str]:
        """Paths of the fields that move."""
        return frozenset(change.path for change in self.fields)

    @property
    def renamed(self) -> dict[str, str]:
        """Paths of a store's files whose content is there under another name until now: old ones by new ones."""
        moved = [
            item for item in self.fields if file_label(item.path) is not None and _hash(item.old) != _hash(item.new)
        ]
        gone = {item.path: hash for item in moved if (hash := _hash(item.old)) and "failed" not in item.old}
        return renamed(gone, {item.path: hash for item in moved if (hash := _hash(item.new))})

    @property
    def moved_away(self) -> frozenset[str]:
        """Paths of files that are no more because they are there under another name."""
        names = frozenset(self.renamed.values())
        return frozenset(item.path for item in self.fields if item.new is None and item.path in names)

    @property
    def record_only(self) -> bool:
        """Tell whether nothing but the record on the live object is written."""
        return self.action is Action.UPDATE and not self.fields


def _hash(value: Any) -> str | None:
    return value.get("sha256") if value is not None else None


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """A live object this project owns but declares no more; it stays unless deleting is asked for."""

    address: Address
    id: str


@dataclass(frozen=True, slots=True, order=True)
class Rename:
    """A create that is nearly equal to a live object declared no more: perhaps one resource with a new name."""

    old: Address
    new: Address


@dataclass(frozen=True, slots=True, order=True)
class Adoptable:
    """A create of what is live already, as declared, and nobody's: perhaps one to import instead."""

    address: Address
    id: str


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """What a live object has that specs have no words for; it stays as it is."""

    address: Address
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Unsearchable:
    """A declared file whose very content the target could not index, or is still at; it is not sent again unasked."""

    address: Address
    path: str
    reason: str
    """The target's own words."""
    pending: bool = False
    """Whether it is still being indexed."""


@dataclass(frozen=True, slots=True)
class Retiring:
    """An assistant whose model is shut down soon; a warning, and nothing a plan changes."""

    address: Address
    model: str
    day: str
    """The day it is shut down, as `YYYY-MM-DD`, by the target's own list."""
    days: int
    """Days until then; negative where it is past."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes for one project on one target, in an order in which they can be carried out."""

    project: str
    target: str
    changes: tuple[Change, ...]
    leftovers: tuple[Leftover, ...] = ()
    ids: Mapping[Address, str] = field(default_factory=dict)
    """Ids of this project's live objects at the time of planning, for references to them."""
    endpoint: str = ""
    """Digest of where the target was when it was read, by which another server under its name is told."""
    requests: int = 0
    """How many requests the reading took."""
    retiring: tuple[Retiring, ...] = ()
    """Assistants whose model is shut down soon, where the target's list was read; not part of a saved plan."""
    renames: tuple[Rename, ...] = ()
    """What looks like a rename that nobody declared, for people to judge."""
    adoptable: tuple[Adoptable, ...] = ()
    """What looks like an object to import, for people to judge."""
    kept: tuple[Kept, ...] = ()
    """What is live and beyond the language, for people to see; not part of a saved plan."""
    unsearchable: tuple[Unsearchable, ...] = ()
    """Files that failed before, for people to mend; not part of a saved plan."""

    @property
    def summary(self) -> dict[str, int]:
        """Count every change once, by action; those a guard holds back are under `blocked` only."""
        counts = {action.value: 0 for action in Action} | {"blocked": 0}
        for change in self.changes:
            counts["blocked" if change.blocked_by is not None else change.action.value] += 1
        return counts

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that are not no-ops, blocked or not."""
        return tuple(change for change in self.changes if change.action is not Action.NOOP)

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of what would be done: the same for the same changes, whatever was read and in which order.

        No-ops, remarks, request counts and the git revision are left out: they change nothing.
        """
        content = {
            "project": self.project,
            "target": self.target,
            "endpoint": self.endpoint,
            "changes": [_content(change, self.ids) for change in sorted(self.pending, key=lambda c: str(c.address))],
        }
        return digest(content).hex()


def _content(change: Change, ids: Mapping[Address, str]) -> dict[str, Any]:
    fields = sorted(change.fields, key=lambda item: item.path)
    marks = replace(change.marks, revision=None).to_metadata() if change.marks is not None else None
    return {
        "address": str(change.address),
        "action": change.action,
        "id": change.id,
        "fields": [[item.path, as_json(item.old), as_json(item.new), item.who] for item in fields],
        "after": as_json(change.after),
        "marks": marks,
        "references": {str(address): ids.get(address) for address in references(change.after)},
        "depends_on": sorted(map(str, change.depends_on)),
        "blocked_by": change.blocked_by,
    }
