"""A request for a response as the engine takes it, and as the response echoes it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.server.responses.tools import chosen
from orchestrator.server.store import Body
from orchestrator.server.wire import new_id, now

_ECHOED = (
    *("model", "tool_choice", "parallel_tool_calls", "max_tool_calls", "max_output_tokens", "temperature"),
    *("top_p", "top_logprobs", "truncation", "service_tier", "metadata", "store", "background", "previous_response_id"),
    *("instructions", "safety_identifier", "prompt_cache_key", "user", "prompt"),
)
ASSISTANT = "resp_assistant"
"""Id of the assistant that a run of responses names: there is none."""


def new_response(values: Mapping[str, Any], conversation: str | None) -> Body:
    """Make a response from a checked body; where its output comes from is noted by the caller."""
    reasoning = {"effort": None, "summary": None, **values["reasoning"]}
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": now(),
        **{key: values[key] for key in _ECHOED},
        "tools": [_shown(tool) for tool in values["tools"]],
        "reasoning": reasoning,
        "text": values["text"],
        "conversation": None if conversation is None else {"id": conversation},
    }


def _shown(tool: Mapping[str, Any]) -> Body:
    if tool["type"] != "file_search":
        return dict(tool)
    ranking = {"ranker": "auto", "score_threshold": 0.0, **(tool.get("ranking_options") or {})}
    return {"max_num_results": 20, "filters": None, **tool, "ranking_options": ranking}


def as_assistant(values: Mapping[str, Any]) -> Body:
    """Give what a run copies from an assistant."""
    resources: Body = {"file_search": {"vector_store_ids": []}, "code_interpreter": {"file_ids": []}}
    for tool in values["tools"]:
        if tool["type"] == "file_search":
            resources["file_search"]["vector_store_ids"] += tool["vector_store_ids"]
        elif tool["type"] == "code_interpreter" and isinstance(tool["container"], Mapping):
            resources["code_interpreter"]["file_ids"] += tool["container"].get("file_ids") or []
    return {
        "id": ASSISTANT,
        "model": values["model"],
        "instructions": _instructions(values["instructions"]),
        "tools": [_run_tool(tool) for tool in chosen(values["tool_choice"], values["tools"])],
        "tool_resources": resources,
        "temperature": values["temperature"],
        "top_p": values["top_p"],
        "reasoning_effort": values["reasoning"].get("effort"),
        "response_format": _response_format(values["text"]["format"]),
    }


def as_run_values(values: Mapping[str, Any]) -> Body:
    """Give what a run is told of itself."""
    choice = values["tool_choice"]
    if isinstance(choice, Mapping):
        function = {"type": "function", "function": {"name": choice.get("name")}}
        choice = function if choice["type"] == "function" else choice.get("mode", "auto")
    return {
        "metadata": {},
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "tool_choice": choice,
        "parallel_tool_calls": values["parallel_tool_calls"],
        "max_completion_tokens": values["max_output_tokens"],
    }


def _instructions(given: str | Sequence[Mapping[str, Any]] | None) -> str:
    if given is None or isinstance(given, str):
        return given or ""
    parts = [item["content"] for item in given if item["type"] == "message"]
    texts = [[part] if isinstance(part, str) else [each.get("text", "") for each in part] for part in parts]
    return "\n".join(text for some in texts for text in some)


def _run_tool(tool: Mapping[str, Any]) -> Body:
    match tool["type"]:
        case "function":
            function = {key: tool[key] for key in ("name", "description", "parameters", "strict")}
            return {"type": "function", "function": function}
        case "file_search":
            options = {key: tool[key] for key in ("max_num_results", "ranking_options", "filters") if key in tool}
            return {"type": "file_search", "file_search": options}
        case "code_interpreter":
            return {"type": "code_interpreter"}
        case _:
            return dict(tool)


def _response_format(given: Mapping[str, Any]) -> Any:
    match given["type"]:
        case "text":
            return "auto"
        case "json_schema":
            return {"type": "json_schema", "json_schema": {key: given[key] for key in given if key != "type"}}
        case _:
            return dict(given)
