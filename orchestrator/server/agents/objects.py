"""Agents and sessions as the wire shows them: every field it echoes, with the defaults it fills in. Pure.

An update that leaves a field out keeps it; null puts the default back; a value replaces the whole field, except that
`experimental` is merged by key (API facts 1.2).
"""

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.server.store import Body
from orchestrator.server.wire import invalid, new_id, now

TOOLS_BYTES = 3 * 1024 * 1024
SUBAGENTS = 6
"""How many subagents may work at a time where several are enabled and nothing is said."""
SESSION_PREFIX = "sess_"

_DEFAULTS: Body = {
    "instructions": None,
    "tools": [],
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "service_tier": "auto",
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
}
_SAVED: Body = {"name": None, "metadata": {}, **_DEFAULTS}


def new_agent(values: Mapping[str, Any]) -> Body:
    """Make an agent from a checked create body."""
    made = now()
    blank = {"id": new_id("agent_"), "object": "agent", "created_at": made, "updated_at": made, **_SAVED}
    return _settled(blank, values)


def updated(agent: Body, values: Mapping[str, Any]) -> Body:
    """Give an agent after a checked update."""
    return {**_settled(agent, values), "updated_at": now()}


def _settled(agent: Mapping[str, Any], values: Mapping[str, Any]) -> Body:
    changed = dict(agent)
    for field, value in values.items():
        if value is None and field in ("model", "experimental"):
            raise invalid(f"Invalid type for '{field}': expected a value, but got null instead.", param=field)
        if field == "experimental":
            changed[field] = {**agent[field], **value}
        else:
            changed[field] = _SAVED[field] if value is None else value
    several = changed["multi_agent"]
    most = (several.get("max_concurrent_subagents") or SUBAGENTS) if several["enabled"] else None
    changed["multi_agent"] = {**several, "max_concurrent_subagents": most}
    size = len(json.dumps(changed["tools"], ensure_ascii=False, separators=(",", ":")).encode())
    if size > TOOLS_BYTES:
        raise invalid(f"Invalid 'tools': {size} bytes of JSON; at most {TOOLS_BYTES} are accepted.", param="tools")
    return changed


def new_session(agent: Mapping[str, Any] | None, values: Mapping[str, Any]) -> Body:
    """Make a session from a checked create body and the saved agent, if it names one; raises WireError.

    What the request says of the agent is for this session alone.
    """
    given = values.get("agent") or {}
    if agent is None:
        if given.get("model") is None:
            raise invalid("Missing required parameter: 'agent.model'.", param="agent.model")
        agent = {"id": new_id("agent_"), **_SAVED}
    made = now()
    session: Body = {
        "id": new_id(SESSION_PREFIX),
        "object": "agent.session",
        "created_at": made,
        "last_active_at": made,
        "agent": _shown_agent(_settled(agent, given)),
        "agent_saved": "created_at" in agent,
        "environment": _environment(values["environment"]),
        "error": None,
        "metadata": {},
        "vault_ids": [],
        "prompt_cache_options": None,
    }
    left = {key: values[key] for key in values if key not in ("agent", "agent_id", "environment")}
    return changed_session(session, left)


def _environment(given: Mapping[str, Any]) -> Body:
    """Give a session's environment as it is told."""
    if given["type"] == "none":
        return {"type": "none"}
    network = {"access": "disabled", "allowed_domains": list[str](), **(given.get("network") or {})}
    network.pop("blocked_domains", None)
    return {
        "id": new_id("env_"),
        "type": "openai_hosted",
        "capability_directories": [],
        "files": [{key: file[key] for key in ("type", "file_id", "path")} for file in given["files"]],
        "network": network,
        "packages": {"npm": [], "python": [], "system": []},
        "plugins": [],
        "skills": [],
        "container_size": given.get("container_size") or "medium",
        "desktop": {"enabled": False},
    }


def changed_session(session: Body, values: Mapping[str, Any]) -> Body:
    """Give a session after a checked update."""
    changed = dict(session)
    if "metadata" in values:
        changed["metadata"] = values["metadata"] or {}
    if "prompt_cache_options" in values:
        changed["prompt_cache_options"] = values["prompt_cache_options"]
    if values.get("review") is not None:
        changed.pop("review", None)  # none is told by leaving it out
        changed |= {"review": values["review"]} if values["review"] != "none" else {}
    if "spend_control" in values:
        limit = (values["spend_control"] or {}).get("limit")
        changed["spend_control"] = {"limit": limit, "consumed": 0}  # scripted models cost nothing
    agent = dict(values.get("agent") or {})
    if agent.get("reasoning") is not None:
        agent["reasoning"] = {**session["agent"]["reasoning"], **agent["reasoning"]}
    changed["agent"] = _shown_agent(_settled(session["agent"], agent))
    return changed


_AGENT_SHOWN = ("id", "name", "model", *_DEFAULTS)


def _shown_agent(agent: Mapping[str, Any]) -> Body:
    """Give the agent as a session shows it: no `tool_search`, no headers of MCP servers."""
    shown = {key: agent[key] for key in _AGENT_SHOWN}
    shown["tools"] = [_shown_tool(tool) for tool in agent["tools"] if tool["type"] != "tool_search"]
    return shown


def _shown_tool(tool: Mapping[str, Any]) -> Body:
    if tool["type"] != "mcp":
        return dict(tool)
    return {**tool, "transport": {key: value for key, value in tool["transport"].items() if key != "headers"}}


def as_assistant(agent: Mapping[str, Any], environment: Mapping[str, Any]) -> Body:
    """Give a session's agent as the engine takes it: what a run copies from an assistant.

    In a hosted environment it may run code, with the files that the environment was given.
    """
    code = [{"type": "code_interpreter"}] if environment["type"] == "openai_hosted" else []
    files = [file["file_id"] for file in environment.get("files", ())]
    given = agent["text"]["format"]
    schema = {"name": "reply", "schema": given.get("schema")}
    return {
        "id": agent["id"],
        "model": agent["model"],
        "instructions": agent["instructions"],
        "tools": [*(_as_run_tool(tool) for tool in agent["tools"]), *code],
        "tool_resources": {"code_interpreter": {"file_ids": files}} if code else {},
        "reasoning_effort": agent["reasoning"].get("effort"),
        "response_format": "auto" if given["type"] == "text" else {"type": "json_schema", "json_schema": schema},
    }


def _as_run_tool(tool: Mapping[str, Any]) -> Body:
    if tool["type"] != "function":
        return dict(tool)
    return {"type": "function", "function": {key: tool[key] for key in ("name", "description", "parameters")}}
