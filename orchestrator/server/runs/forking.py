"""A second way on from a point in a talk: a thread of its own that begins as the first one was then."""

import math
from collections.abc import Mapping
from typing import Any

from orchestrator.server.runs.leases import NOBODY, ActiveRuns, Lease
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import new_id


def fork(
    store: Store, active: ActiveRuns, thread_id: str, run_id: str, steps: int, messages: int, expires_at: int
) -> str:
    """Copy a thread's first `messages`; where the first `steps` of the run end in calls, they wait in the copy too.

    They wait until `expires_at`, in Unix seconds. Gives the new thread's id. Call inside a transaction.
    """
    thread = new_id("thread_")
    for message in store.fetch_page("message", thread_id).items[:messages]:
        store.add("message", {**message, "thread_id": thread}, thread)
    run, kept = store.fetch("run", run_id, thread_id), store.fetch_page("step", run_id).items[:steps]
    if run is None or not kept or not (calls := _asked(kept[-1])):
        return thread
    copy = {**run, "id": new_id("run_"), "thread_id": thread, "expires_at": expires_at, **_WAITING}
    copy["required_action"] = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    kept[-1] = _reopened(kept[-1])
    store.add("run", copy, thread)
    for step in kept:
        mine = {"id": new_id("step_"), "run_id": copy["id"], "thread_id": thread}
        store.add("step", {**step, **mine}, copy["id"])
    active.open(Lease(thread, copy["id"], NOBODY, math.inf, expires_at, False))
    return thread


_WAITING: Mapping[str, Any] = {
    "status": "requires_action",
    "completed_at": None,
    "failed_at": None,
    "cancelled_at": None,
    "last_error": None,
    "incomplete_details": None,
    "usage": None,
}


def _asked(step: Mapping[str, Any]) -> list[Body]:
    """Give the functions that a step calls, as a run asks for them."""
    calls = step["step_details"].get("tool_calls") or []
    return [
        {
            "id": call["id"],
            "type": "function",
            "function": {key: call["function"][key] for key in ("name", "arguments")},
        }
        for call in calls
        if call["type"] == "function"
    ]


def _reopened(step: Mapping[str, Any]) -> Body:
    calls = [{**call, "function": {**call["function"], "output": None}} for call in step["step_details"]["tool_calls"]]
    return {
        **step,
        "status": "in_progress",
        "completed_at": None,
        "step_details": {"type": "tool_calls", "tool_calls": calls},
    }
