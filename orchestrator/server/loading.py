"""Objects of another server put into the store under the ids they had there.

For applications that have ids in their code. An object whose id is here already stays as it is, so that loading can be
done again.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.server.knowledge.vector_stores import with_expiry
from orchestrator.server.objects import with_defaults
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import now

_ASSISTANT = ("name", "description", "instructions", "tools", "tool_resources", "metadata", "temperature", "top_p")
_ASSISTANT_LATER = ("response_format", "reasoning_effort")
_MESSAGE: Body = {
    "status": "completed",
    "incomplete_details": None,
    "assistant_id": None,
    "run_id": None,
    "attachments": [],
    "metadata": {},
}
"""What a message has that an export leaves out."""
_FOREVER = 1e12
"""Seconds since 1970 that no clock shows; what is no number is none of them."""
_OVER = frozenset(["completed", "failed", "cancelled", "expired", "incomplete"])


def load_objects(store: Store, objects: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, int]:
    """Add what is not there yet, all or nothing; gives how many of each kind were added.

    `objects` are as the API returned them, by their `object`; they are read more than once, and never held all. Stores
    are empty afterwards: the content of files is in no export. Runs that were not over when they were exported are left
    out, and so are their steps.
    """
    added: dict[str, int] = {}
    with store.transaction():
        for kind, parent, body in _documents(objects):
            if store.fetch(kind, body["id"], parent) is None:
                store.add(kind, body | {"created_at": _time(body.get("created_at"))}, parent)
                added[kind] = added.get(kind, 0) + 1
    return added


def _time(made: object) -> int:
    return int(made) if isinstance(made, int | float) and abs(made) < _FOREVER else now()


def _documents(objects: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[tuple[str, str, Body]]:
    """Give each document with its kind and its parent."""
    yield from (("assistant", "", _assistant(item)) for item in objects.get("assistant", ()))
    yield from (("vector_store", "", _store(item)) for item in objects.get("vector_store", ()))
    yield from (("thread", "", _thread(item)) for item in objects.get("thread", ()))
    threads = {str(thread["id"]) for thread in objects.get("thread", ())}
    for message in objects.get("thread.message", ()):
        if (thread := str(message["thread_id"])) not in threads:
            threads.add(thread)
            yield "thread", "", _thread({"id": thread, "created_at": message.get("created_at")})
        yield "message", thread, _MESSAGE | dict(message)
    ended = set()
    for run in objects.get("thread.run", ()):
        if run.get("status") in _OVER:
            ended.add(run["id"])
            yield "run", str(run["thread_id"]), dict(run)
    for step in objects.get("thread.run.step", ()):
        if step.get("run_id") in ended:
            yield "step", str(step["run_id"]), _step(step)


def _assistant(item: Mapping[str, Any]) -> Body:
    filled = dict.fromkeys((*_ASSISTANT, *_ASSISTANT_LATER)) | dict(item)
    return with_defaults(filled | {"metadata": _own(item)})


def _store(item: Mapping[str, Any]) -> Body:
    counts = dict.fromkeys(("in_progress", "completed", "failed", "cancelled", "total"), 0)
    empty = {"name": item.get("name") or "", "status": "completed", "usage_bytes": 0, "file_counts": counts}
    kept = {key: value for key, value in item.items() if value is not None}
    if (kept.get("expires_after") or {}).get("days") is None:
        kept.pop("expires_after", None)
    return with_expiry(kept | empty | {"metadata": _own(item), "last_active_at": now()})


def _step(item: Mapping[str, Any]) -> Body:
    details = item.get("step_details") or {"type": "tool_calls", "tool_calls": []}
    return {"type": details.get("type"), "status": "completed", "metadata": {}} | dict(item) | {"step_details": details}


def _thread(item: Mapping[str, Any]) -> Body:
    kept = {key: value for key, value in item.items() if key in ("id", "created_at", "metadata", "tool_resources")}
    return {"object": "thread", "metadata": {}, "tool_resources": {}} | kept


def _own(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give an object's metadata without what a project noted in it there."""
    return {key: value for key, value in (item.get("metadata") or {}).items() if not key.startswith("orch.")}
