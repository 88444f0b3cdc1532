"""Building the objects of the wire: every field the API echoes, with the defaults it fills in.

Pure: values that passed `bodies.py` in, whole objects out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.server.store import Body
from orchestrator.server.wire import new_id, now

RUN_SECONDS = 600
"""How long a run may take, waiting for tool outputs included: `expires_at` minus `created_at` in every example."""


def new_assistant(values: Mapping[str, Any]) -> Body:
    """Make an assistant from a checked create body (without `vector_stores` in its resources)."""
    return with_defaults(
        {
            "id": new_id("asst_"),
            "object": "assistant",
            "created_at": now(),
            "name": values.get("name"),
            "description": values.get("description"),
            "model": values["model"],
            "instructions": values.get("instructions"),
            "tools": values.get("tools"),
            "tool_resources": values.get("tool_resources"),
            "metadata": values.get("metadata"),
            "temperature": values.get("temperature"),
            "top_p": values.get("top_p"),
            "response_format": values.get("response_format"),
            "reasoning_effort": values.get("reasoning_effort"),
        }
    )


def with_defaults(assistant: Body) -> Body:
    """Fill what an assistant reads as where nothing, or null, was written."""
    filled = dict(assistant)
    for field, default in (("temperature", 1.0), ("top_p", 1.0), ("response_format", "auto")):
        if filled[field] is None:
            filled[field] = default
    filled["tools"] = filled["tools"] or []
    filled["metadata"] = filled["metadata"] or {}
    filled["tool_resources"] = _filled_resources(filled["tool_resources"], filled["tools"])
    return filled


def _filled_resources(resources: Mapping[str, Any] | None, tools: Sequence[Mapping[str, Any]]) -> Body:
    """Show an enabled tool's resources as an empty list where it has none."""
    kinds = {tool["type"] for tool in tools}
    empty: dict[str, Body] = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
    return {
        kind: dict((resources or {}).get(kind) or none)
        for kind, none in empty.items()
        if _shown(resources, kind, kinds)
    }


def _shown(resources: Mapping[str, Any] | None, kind: str, kinds: set[str]) -> bool:
    return kind in kinds or bool((resources or {}).get(kind))


def merged_resources(current: Mapping[str, Any] | None, change: Mapping[str, Any] | None) -> Body:
    """Apply an update of `tool_resources`: a tool named in it has its lists replaced, null clears all."""
    return {} if change is None else {**(current or {}), **change}


def new_thread(values: Mapping[str, Any]) -> Body:
    """Make a thread from a checked create body (its messages are added apart)."""
    return {
        "id": new_id("thread_"),
        "object": "thread",
        "created_at": now(),
        "metadata": values.get("metadata") or {},
        "tool_resources": values.get("tool_resources") or {},
    }


def new_message(thread_id: str, values: Mapping[str, Any]) -> Body:
    """Make a message that a client sent, from a checked create body."""
    content = values["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    made = now()
    return {
        "id": new_id("msg_"),
        "object": "thread.message",
        "created_at": made,
        "thread_id": thread_id,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": made,
        "incomplete_at": None,
        "role": values["role"],
        "content": [_stored_part(part) for part in parts],
        "assistant_id": None,
        "run_id": None,
        "attachments": values["attachments"],
        "metadata": values["metadata"],
    }


def _stored_part(part: Mapping[str, Any]) -> Body:
    if part["type"] == "text":
        return {"type": "text", "text": {"value": part["text"], "annotations": []}}
    return dict(part)


def new_reply(run: Mapping[str, Any], content: list[Body], attachments: list[Body]) -> Body:
    """Make the message of a run, finished."""
    made = now()
    return {
        "id": new_id("msg_"),
        "object": "thread.message",
        "created_at": made,
        "thread_id": run["thread_id"],
        "status": "completed",
        "incomplete_details": None,
        "completed_at": made,
        "incomplete_at": None,
        "role": "assistant",
        "content": content,
        "assistant_id": run["assistant_id"],
        "run_id": run["id"],
        "attachments": attachments,
        "metadata": {},
    }


def new_run(
    thread_id: str, assistant: Mapping[str, Any], values: Mapping[str, Any], seconds: int = RUN_SECONDS
) -> Body:
    """Make a queued run from a checked body: what it does not say comes from the assistant.

    `additional_instructions` are added to the instructions below an empty line.
    """

    def chosen(field: str) -> Any:
        return values[field] if values.get(field) is not None else assistant.get(field)

    made = now()
    instructions = [chosen("instructions") or "", values.get("additional_instructions") or ""]
    return {
        "id": new_id("run_"),
        "object": "thread.run",
        "created_at": made,
        "assistant_id": assistant["id"],
        "thread_id": thread_id,
        "status": "queued",
        "started_at": None,
        "expires_at": made + seconds,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": chosen("model"),
        "instructions": "\n\n".join(filter(None, instructions)),
        "tools": chosen("tools"),
        "tool_resources": merged_resources(assistant.get("tool_resources"), values.get("tool_resources") or {}),
        "metadata": values["metadata"],
        "temperature": chosen("temperature"),
        "top_p": chosen("top_p"),
        "reasoning_effort": chosen("reasoning_effort"),
        "max_completion_tokens": values.get("max_completion_tokens"),
        "max_prompt_tokens": values.get("max_prompt_tokens"),
        "truncation_strategy": values["truncation_strategy"],
        "incomplete_details": None,
        "usage": None,
        "response_format": chosen("response_format"),
        "tool_choice": values["tool_choice"],
        "parallel_tool_calls": values["parallel_tool_calls"],
    }


def new_step(run: Mapping[str, Any], type: str, details: Any, usage: Mapping[str, int]) -> Body:
    """Make a step in progress; `type` is message_creation or tool_calls, `details` what stands under that name."""
    return {
        "id": new_id("step_"),
        "object": "thread.run.step",
        "created_at": now(),
        "run_id": run["id"],
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "type": type,
        "status": "in_progress",
        "cancelled_at": None,
        "completed_at": None,
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": {"type": type, type: details},
        "metadata": {},
        "usage": dict(usage),
    }


def visible_step(step: Mapping[str, Any], *, with_content: bool) -> Body:
    """Give a step as clients see it: without the engine's own notes, found texts only where asked for."""
    details = step["step_details"]
    if step["type"] != "tool_calls":
        return dict(step)
    calls = [_visible_call(call, with_content) for call in details["tool_calls"]]
    return {**step, "step_details": {"type": "tool_calls", "tool_calls": calls}}


def _visible_call(call: Mapping[str, Any], with_content: bool) -> Body:
    shown = {key: value for key, value in call.items() if not key.startswith("_")}
    if shown["type"] == "file_search" and not with_content:
        search = shown["file_search"]
        results = [{key: result[key] for key in result if key != "content"} for result in search.get("results", [])]
        shown["file_search"] = {**search, "results": results}
    return shown
