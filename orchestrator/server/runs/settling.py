"""Ending a run, by whoever ends it: its worker, a cancellation, its time running out."""

from orchestrator.server.objects import visible_step
from orchestrator.server.runs.events import Event, run_event
from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.runs.prompt import total_usage
from orchestrator.server.runs.transitions import advance, close_step
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import now

_STEP_STATUS = {"failed": "failed", "incomplete": "failed", "cancelled": "cancelled", "expired": "expired"}


def settle(
    store: Store,
    active: ActiveRuns,
    run: Body,
    status: str,
    *,
    error: tuple[str, str] | None = None,
    reason: str | None = None,
) -> list[Event]:
    """End the run with a terminal status, its open step with it; call inside the transaction that read the run.

    `error` is code and message of a failure, `reason` the limit that made the run incomplete. Gives the events to
    publish after the commit.
    """
    at, last_error = now(), {"code": error[0], "message": error[1]} if error else None
    steps = store.fetch_page("step", run["id"]).items
    events: list[Event] = []
    for step in steps:
        if step["status"] == "in_progress":
            step_error = {**last_error, "code": _step_code(last_error["code"])} if last_error else None
            closed = close_step(step, _STEP_STATUS[status], at, step_error)
            store.replace("step", closed, run["id"])
            events.append(Event(f"thread.run.step.{closed['status']}", visible_step(closed, with_content=False)))
    ended = advance(
        run,
        status,
        at,
        last_error=last_error,
        incomplete_details={"reason": reason} if reason else None,
        usage=total_usage(steps),
    )
    store.replace("run", ended, run["thread_id"])
    active.close(run["id"])
    return [*events, run_event(ended)]


def _step_code(code: str) -> str:
    """A step knows fewer codes than a run."""
    return code if code == "rate_limit_exceeded" else "server_error"
