"""What an object of an export must look like to be taken, and what of it orch has no word for. Pure.

An export may come from anywhere: what does not look as the API returns it is left out by name, the rest goes on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.providers.spool import Object

ASSISTANT, STORE, STORE_FILE, FILE = "assistant", "vector_store", "vector_store.file", "file"
THREAD, MESSAGE, RUN, STEP = "thread", "thread.message", "thread.run", "thread.run.step"
TEXT = "vector_store.file_content.page"
"""The parsed text of a file; taken from a live server only."""
KINDS = (ASSISTANT, STORE, STORE_FILE, FILE, THREAD, MESSAGE, RUN, STEP)

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


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _hold_mappings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, dict | None) for item in value.values())


def _is_content(value: Any) -> bool:
    return isinstance(value, str) or _are_mappings(value)


def _are_details(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("tool_calls") is None or _are_mappings(value["tool_calls"]))


_Check = Callable[[Any], bool]
_NEEDED: Mapping[str, Mapping[str, _Check]] = {
    ASSISTANT: {"model": _is_text},
    MESSAGE: {"thread_id": _is_text, "role": _is_text, "content": _is_content},
    RUN: {"thread_id": _is_text},
    STEP: {"run_id": _is_text, "thread_id": _is_text},
}
_WHERE_GIVEN: Mapping[str, Mapping[str, _Check]] = {
    ASSISTANT: {
        **dict.fromkeys(("name", "description", "instructions"), _is_text),
        **{"tools": _are_mappings, "tool_resources": _hold_mappings, "metadata": _is_mapping},
    },
    STORE: {"name": _is_text, "metadata": _is_mapping, "expires_after": _is_mapping},
    STORE_FILE: {"attributes": _is_mapping, "chunking_strategy": _is_mapping},
    THREAD: {"metadata": _is_mapping, "tool_resources": _hold_mappings},
    MESSAGE: {"attachments": _are_mappings},
    STEP: {"step_details": _are_details},
}


def find_fault(item: Object) -> str | None:
    """Say why an object cannot be taken, or None: what every one of its kind has is missing, or is something else."""
    kind = item["object"]
    lacking = [key for key in _NEEDED.get(kind, {}) if item.get(key) is None]
    if lacking:
        return f"this is no {kind}: it lacks {', '.join(lacking)}"
    checks = {**_NEEDED.get(kind, {}), **_WHERE_GIVEN.get(kind, {})}
    odd = [key for key, check in checks.items() if item.get(key) is not None and not check(item[key])]
    return f"this is no {kind}: its {', '.join(odd)} is not as the API gives it" if odd else None


def find_unknown(item: Object) -> list[str]:
    """Give the keys of an object that hold something and that orch has no word for; none of a kind that is no spec."""
    known = _KNOWN.get(item["object"])
    if known is None:
        return []
    return [key for key, value in item.items() if key not in known and value not in (None, "", [], {}) and _says(value)]


def _says(value: Any) -> bool:
    """Tell whether there is anything in a mapping of resources: `{file_search: {vector_store_ids: []}}` is empty."""
    return not isinstance(value, dict) or any(_says(item) and item not in (None, [], {}) for item in value.values())
