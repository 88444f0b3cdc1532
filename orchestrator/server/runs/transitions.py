"""Which way a run may go: a pure table, and the fields that change with the status.

queued -> in_progress -> requires_action -> queued -> in_progress -> completed | incomplete | failed
any of the first three -> cancelling -> cancelled; any that is not finished -> expired
"""

from collections.abc import Mapping
from typing import Any, Final

from orchestrator.server.store import Body

TERMINAL: Final = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})
STREAM_ENDS: Final = TERMINAL | {"requires_action"}
"""A stream of a run is over when the run gets one of these."""

_NEXT: Final[Mapping[str, frozenset[str]]] = {
    "queued": frozenset({"in_progress", "cancelling", "failed", "expired"}),
    "in_progress": frozenset({"requires_action", "completed", "incomplete", "failed", "cancelling", "expired"}),
    "requires_action": frozenset({"queued", "cancelling", "expired"}),
    "cancelling": frozenset({"cancelled", "expired"}),
    **dict.fromkeys(TERMINAL, frozenset[str]()),
}
_TIMES: Final = {
    "in_progress": "started_at",
    "completed": "completed_at",
    "failed": "failed_at",
    "cancelled": "cancelled_at",
}


class IllegalTransitionError(Exception):
    """A run cannot go there from where it is."""

    def __init__(self, status: str, wanted: str) -> None:
        super().__init__(f"a run in status '{status}' cannot become '{wanted}'")
        self.status = status


def advance(run: Mapping[str, Any], status: str, at: int, **fields: Any) -> Body:
    """Give the run in its next status at time `at`, with the fields that go with it; raises IllegalTransitionError.

    Finished runs have no `expires_at`; only a run in requires_action has a `required_action`.
    """
    if status not in _NEXT[run["status"]]:
        raise IllegalTransitionError(run["status"], status)
    changed = {**run, "status": status, "required_action": None, **fields}
    if (time := _TIMES.get(status)) is not None and changed[time] is None:
        changed[time] = at
    if status in TERMINAL:
        changed["expires_at"] = None
    return changed


def close_step(step: Mapping[str, Any], status: str, at: int, error: Mapping[str, str] | None = None) -> Body:
    """End a step: completed, failed, cancelled or expired."""
    return {**step, "status": status, f"{status}_at": at, "last_error": dict(error) if error else None}
