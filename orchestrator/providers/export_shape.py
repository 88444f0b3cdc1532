"""What an object of an export must look like to be taken, and what of it orch has no word for. Pure.

An export may come from anywhere: what does not look as the API returns it is left out by name, the rest goes on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.providers.spool import Object

ASSISTANT, STORE, STORE_FILE, FILE = "assistant", "vector_store", "vector_store.file", "file"
THREAD, MESSAGE, RUN, STEP = "thread", "thread.message", "thread.run", "thread.run.step"
TEXT = "vector_store.file_content.page"
"""The parsed text of a file; taken from a live server only."""
KINDS = (ASSISTANT, STORE, STORE_FILE, FILE, THREAD, MESSAGE, RUN, STEP)

ANY = "*"
"""Stands for every key of a mapping."""
_SHARED = frozenset({"id", "object", "created_at", "metadata"})
_KNOWN: Mapping[str, frozenset[str]] = {
    ASSISTANT: _SHARED
    | {"name", "description", "model", "instructions", "tools", "tool_resources", "temperature", "top_p"}
    | {"response_format", "reasoning_effort"},
    STORE: _SHARED
    | {"name", "usage_bytes", "bytes", "file_counts", "status", "expires_after", "expires_at", "last_active_at"},
    THREAD: _SHARED | {"messages", "runs"},
}
"""Keys whose value is in a spec, or tells nothing of it; a thread's `tool_resources` is in none."""


_NUMBER = (int, float)
_NEEDED: Mapping[str, tuple[str, ...]] = {
    ASSISTANT: ("model",),
    MESSAGE: ("thread_id", "role", "content"),
    RUN: ("thread_id",),
    STEP: ("run_id", "thread_id"),
}
_FUNCTION = {"name": str, "description": str, "parameters": dict, "strict": bool, "arguments": str}
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    ASSISTANT: {
        **dict.fromkeys(("model", "name", "description", "instructions", "reasoning_effort"), str),
        "tools": [
            {
                "type": str,
                "function": _FUNCTION,
                "file_search": {
                    "max_num_results": int,
                    "ranking_options": {"ranker": str, "score_threshold": _NUMBER},
                },
            }
        ],
        "tool_resources": {"file_search": {"vector_store_ids": [str]}, "code_interpreter": {"file_ids": [str]}},
        "metadata": {ANY: str},
    },
    STORE: {"name": str, "metadata": {ANY: str}, "expires_after": {"anchor": str, "days": int}, "status": str},
    STORE_FILE: {
        "vector_store_id": str,
        "attributes": {ANY: (str, bool, *_NUMBER)},
        "chunking_strategy": {"static": {"max_chunk_size_tokens": int, "chunk_overlap_tokens": int}},
    },
    FILE: {"filename": str},
    THREAD: {"metadata": {ANY: str}, "tool_resources": {ANY: dict}},
    MESSAGE: {
        **dict.fromkeys(("thread_id", "role", "run_id", "assistant_id"), str),
        "attachments": [{"file_id": str}],
        "file_ids": [str],
        "metadata": {ANY: str},
    },
    RUN: dict.fromkeys(("thread_id", "assistant_id", "status"), str),
    STEP: {
        **dict.fromkeys(("run_id", "thread_id"), str),
        "step_details": {"type": str, "tool_calls": [{"type": str, "function": _FUNCTION}]},
    },
}
"""Of what is read here: a type or some, a mapping by its keys, or a list of one shape. Null may stand for any.

What lies in a list and may have a `type` has one.
"""
_WHERE_NO_TEXT: Mapping[str, Mapping[str, Any]] = {
    ASSISTANT: {
        "response_format": {
            "type": str,
            "json_schema": {"name": str, "description": str, "schema": dict, "strict": bool},
        }
    },
    MESSAGE: {"content": [{"type": str}]},
}
"""Of what is a text or this."""


def find_fault(item: Object) -> str | None:
    """Say why an object cannot be taken, or None: what every one of its kind has is missing, or is something else."""
    kind = item["object"]
    lacking = [key for key in _NEEDED.get(kind, ()) if item.get(key) is None]
    if lacking:
        return f"this is no {kind}: it lacks {', '.join(lacking)}"
    odd = list(_odd(item, _SHAPES.get(kind, {}), ""))
    ids = [(key, item.get(key)) for key in ("id", "thread_id", "run_id")]
    odd += [key for key, id in ids if id is not None and not (id and str(id).isprintable())]
    for key, shape in _WHERE_NO_TEXT.get(kind, {}).items():
        odd += [] if isinstance(item.get(key), str) else _odd(item.get(key), shape, f".{key}")
    return f"this is no {kind}: its `{odd[0].lstrip('.')}` is not as the API gives it" if odd else None


def _odd(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Give the places in a value that have another shape."""
    match shape:
        case _ if value is None:
            return
        case Mapping():
            if not isinstance(value, dict):
                yield path
                return
            keys = value if ANY in shape else [key for key in shape if key in value]
            for key in keys:
                yield from _odd(value[key], shape[ANY] if ANY in shape else shape[key], f"{path}.{key}")
        case [inner]:
            if not isinstance(value, list):
                yield path
                return
            for number, item in enumerate(value):
                typed = isinstance(inner, Mapping) and "type" in inner
                if item is None or (typed and isinstance(item, dict) and item.get("type") is None):
                    yield f"{path}[{number}]"
                yield from _odd(item, inner, f"{path}[{number}]")
        case _:
            if not isinstance(value, shape):
                yield path


def find_unknown(item: Object) -> list[str]:
    """Give the keys of an object that hold something and that orch has no word for; none of a kind that is no spec."""
    known = _KNOWN.get(item["object"])
    if known is None:
        return []
    return [key for key, value in item.items() if key not in known and value not in (None, "", [], {}) and _says(value)]


def _says(value: Any) -> bool:
    """Tell whether there is anything in a mapping of resources: `{file_search: {vector_store_ids: []}}` is empty."""
    return not isinstance(value, dict) or any(_says(item) and item not in (None, [], {}) for item in value.values())
