"""What became of a plan's changes, and the exit code that says so."""

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.model.address import Address
from orchestrator.reconcile.plan import Action


class Status(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    FAILED = "failed"
    BLOCKED = "blocked"
    """A guard held it back."""
    SKIPPED = "skipped"
    """What it depends on failed, or the run was interrupted before it began."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change that is not a no-op."""

    address: Address
    action: Action
    status: Status
    id: str | None = None
    """Id on the target; of a failed create too where the object was made."""
    error: str | None = None
    """Why it was not applied."""
    hint: str | None = None
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan."""

    project: str
    target: str
    outcomes: tuple[Outcome, ...]
    """In the order of the plan's changes."""
    noop: int = 0
    """Number of resources that were as declared."""
    requests: int = 0
    """Requests of planning and applying together."""
    interrupted: bool = False
    """Whether somebody stopped it; what was in flight is finished and recorded."""
    unclear: tuple[str, ...] = ()
    """Names of uploads of an earlier apply that may be left on the target: several files there look like them."""

    @property
    def summary(self) -> dict[str, int]:
        """Count outcomes by status, and no-ops."""
        counts = {status.value: 0 for status in Status} | {"noop": self.noop}
        for outcome in self.outcomes:
            counts[outcome.status.value] += 1
        return counts

    @property
    def exit_code(self) -> int:
        """0 all done or nothing to do; 5 partly done, or stopped by somebody; 4 only guards in the way; 1 the rest."""
        counts = self.summary
        left = counts["failed"] + counts["skipped"]
        if not left and not counts["blocked"]:
            return 0
        if counts["applied"] or self.interrupted:
            return 5
        return 1 if left else 4
