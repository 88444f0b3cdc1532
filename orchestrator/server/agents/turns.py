"""A session's runs, messages and steps as the turns and items of the Agents wire. Reads the store, writes nothing.

A session is to the engine a thread with the session's id, a turn is a run, and nothing is kept twice: the items are
made from messages and steps when they are asked for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.store import EVERYTHING, Body, Page, PageQuery, Store
from orchestrator.server.wire import page_of

SESSION, RESULT = "agent_session", "tool_result"
"""Kinds of documents: sessions, and results of calls by the run they belong to."""

_TURN, _RUN = "turn_", "run_"
_STATUSES = {
    "requires_action": "waiting",
    "cancelling": "in_progress",
    "incomplete": "failed",
    "expired": "failed",
}
_ERRORS = {
    "invalid_prompt": "invalid_request",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "server_error": "server_error",
}
"""A turn's error codes by the engine's."""


def turn_id(run_id: str) -> str:
    """Give the id of the turn that a run is."""
    return _TURN + run_id.removeprefix(_RUN)


def run_id(turn: str) -> str:
    """Give the id of the run that a turn is."""
    return _RUN + turn.removeprefix(_TURN)


def turn_of(run: Mapping[str, Any]) -> Body:
    """Give a run as a turn."""
    status = _STATUSES.get(run["status"], run["status"])
    ended = run["completed_at"] or run["failed_at"] or run["cancelled_at"]
    return {
        "id": turn_id(run["id"]),
        "object": "agent.session.turn",
        "session_id": run["thread_id"],
        "agent_id": run["assistant_id"],
        "subagent_id": None,
        "status": status,
        "created_at": run["created_at"],
        "started_at": run["started_at"],
        "completed_at": ended,
        "error": _error(run) if status == "failed" else None,
        "usage": token_usage([run]),
        "prompt_cache_options": None,
    }


def _error(run: Mapping[str, Any]) -> Body:
    if run["last_error"]:
        code = _ERRORS.get(run["last_error"]["code"], "internal_error")
        return {"code": code, "message": run["last_error"]["message"]}
    if run["status"] == "expired":
        return {"code": "request_timeout", "message": "The turn took too long."}
    return {"code": "max_output_tokens", "message": "The turn reached a token limit."}


def token_usage(runs: Sequence[Mapping[str, Any]]) -> Body | None:
    """Add up what runs used; None where nothing is known yet."""
    used = [run["usage"] for run in runs if run["usage"]]
    if not used:
        return None
    read, written = (sum(one[key] for one in used) for key in ("prompt_tokens", "completion_tokens"))
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def session_view(store: Store, active: ActiveRuns, session: Mapping[str, Any]) -> Body:
    """Give a session as clients see it: its status is that of its unfinished run."""
    runs = store.fetch_page("run", session["id"]).items
    lease = active.fetch(session["id"])
    run = next((each for each in runs if lease is not None and each["id"] == lease.run_id), None)
    waiting = pending_calls(store, run)
    times = [run[key] for run in runs for key in ("created_at", "completed_at", "failed_at", "cancelled_at")]
    shown = {key: value for key, value in session.items() if key != "agent_saved"}
    return {
        **shown,
        "last_active_at": max([session["last_active_at"], *filter(None, times)]),
        "status": "idle" if run is None else "requires_action" if waiting else "in_progress",
        "required_actions": waiting,
        "usage": token_usage(runs),
    }


def pending_calls(store: Store, run: Mapping[str, Any] | None) -> list[Body]:
    """Give the calls that a run waits for and that have no result yet, as required actions."""
    if run is None or run["status"] != "requires_action":
        return []
    answered = {result["id"] for result in store.fetch_page(RESULT, run["id"]).items}
    return [
        {
            "type": "function_call",
            "call_id": call["id"],
            "name": call["function"]["name"],
            "arguments": parsed(call["function"]["arguments"]),
            "turn_id": turn_id(run["id"]),
        }
        for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]
        if call["id"] not in answered
    ]


def parsed(arguments: str) -> Any:
    """Give a call's arguments as data, or as text where they are no JSON object."""
    try:
        value = json.loads(arguments)
    except ValueError:
        return arguments
    return value if isinstance(value, dict) else arguments


def items_page(store: Store, session_id: str, query: PageQuery) -> Page:
    """Read a part of a session's items; raises UnknownCursorError."""
    return page_of(list(_items(store, session_id)), query)


def _items(store: Store, session_id: str) -> Iterator[Body]:
    """Tell everything that was said and done, turn by turn: input, calls, their results, answers."""
    messages = store.fetch_page("message", session_id, EVERYTHING).items
    for run in store.fetch_page("run", session_id, EVERYTHING).items:
        own = [message for message in messages if message["run_id"] == run["id"]]
        yield from (message_item(message) for message in own if message["role"] == "user")
        by_id = {message["id"]: message for message in own}
        results = {result["id"]: result for result in store.fetch_page(RESULT, run["id"]).items}
        for step in store.fetch_page("step", run["id"]).items:
            if step["type"] == "message_creation":
                yield message_item(by_id[step["step_details"]["message_creation"]["message_id"]])
                continue
            made = step["step_details"]["tool_calls"]
            yield from (command_item(run["id"], call) for call in made if call["type"] == "code_interpreter")
            calls = [call for call in made if call["type"] == "function"]
            yield from (call_item(run["id"], call) for call in calls)
            yield from (result_item(run["id"], results[call["id"]]) for call in calls if call["id"] in results)


def message_item(message: Mapping[str, Any]) -> Body:
    """Give a message as an item."""
    mine = message["role"] == "assistant"
    item: Body = {
        "id": message["id"],
        "type": "message",
        "role": message["role"],
        "status": "completed" if message["status"] == "completed" else "incomplete",
        "content": [_part(part, mine) for part in message["content"]],
        "turn_id": turn_id(message["run_id"]),
    }
    return {**item, "phase": "final_answer"} if mine else item


def _part(part: Mapping[str, Any], mine: bool) -> Body:
    if part["type"] == "image_url":
        return {"type": "input_image", "image_url": part["image_url"]["url"]}
    return {"type": "output_text" if mine else "input_text", "text": part["text"]["value"]}


def call_item(run: str, call: Mapping[str, Any]) -> Body:
    """Give a function call as an item."""
    return {
        "id": f"fc_{call['id'].removeprefix('call_')}",
        "type": "function_call",
        "call_id": call["id"],
        "name": call["function"]["name"],
        "arguments": parsed(call["function"]["arguments"]),
        "status": "completed",
        "turn_id": turn_id(run),
    }


def command_item(run: str, call: Mapping[str, Any]) -> Body:
    """Give code that was run as an item; its pictures are in the environment alone."""
    code = call["code_interpreter"]
    return {
        "id": f"cmd_{call['id'].removeprefix('call_')}",
        "type": "command_execution",
        "command": code["input"],
        "cwd": "/workspace",
        "exit_code": None,
        "duration_ms": None,
        "output": "".join(output["logs"] for output in code["outputs"] if output["type"] == "logs"),
        "status": "completed",
        "turn_id": turn_id(run),
    }


def result_item(run: str, result: Mapping[str, Any]) -> Body:
    """Give the result of a function call as an item."""
    return {
        "id": f"fco_{result['id'].removeprefix('call_')}",
        "type": "function_call_output",
        "call_id": result["id"],
        "output": result["output"],
        "error": result["error"],
        "status": "completed" if result["success"] else "failed",
        "turn_id": turn_id(run),
    }
