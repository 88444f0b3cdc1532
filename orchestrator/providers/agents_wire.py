"""The Agents dialect as two pure translations: spec fields to request bodies, and objects back to fields.

`reasoning` and `text` are sent whole, nulls and defaults too, since the API does not say whether it merges them. What
the API fills in is given back as it has it and declared in `DEFAULTS`. What this module does not know is kept: an
unknown tool raw under its own name, an unknown key of a known tool or object under `agents.unknown.`, from where it is
sent again with the rest.
Facts: API facts 1.2 to 1.4.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.model.address import Kind
from orchestrator.model.agents import BRIDGES, MARKS, TOOL
from orchestrator.model.bridges import FUNCTION, Bridges, SearchBridge
from orchestrator.model.code_files import FILES
from orchestrator.model.conversation import CODE_INTERPRETER, FILE_SEARCH
from orchestrator.model.fields import UNKNOWN_TOOL, Fields, resolved
from orchestrator.providers import stores_wire
from orchestrator.providers._shapes import items, mapping
from orchestrator.providers.beyond import beyond_at, free_path, joined, within
from orchestrator.providers.interface import Capabilities, Capability, Desired, Limit, Live
from orchestrator.providers.stores_wire import metadata_from, metadata_of, store_from_wire, store_to_wire

PATHS = {Kind.ASSISTANT: "/agents", Kind.VECTOR_STORE: stores_wire.PATH}
DEFAULTS: Mapping[Kind, Fields] = {
    Kind.ASSISTANT: {
        "response_format": "auto",
        "agents.service_tier": "auto",
        "agents.verbosity": "medium",
        "agents.multi_agent": {"enabled": False},
        "agents.compaction": {"async": False},
        "agents.time_awareness": False,
    },
    Kind.VECTOR_STORE: {},
}
REPLY = "reply"
"""Name of every reply's schema: the API keeps none, and the language wants one."""
_SAMPLING = "leave it out, or set it to null under this target's `overrides`: agents sample as their model does"
LIMITS = (
    Limit("description", "leave it out, or set it to null under this target's `overrides`: agents have a name only"),
    Limit("temperature", _SAMPLING),
    Limit("top_p", _SAMPLING),
    Limit("tools.*.strict", "set `strict: false` (under this target's `overrides`, if others keep it)", values=(True,)),
    Limit("response_format", "write {json_schema: {name, schema}}, or leave it out", values=("json_object",)),
    Limit(
        "tools.file_search",
        "write `agents: {bridges: [file_search]}`, which makes it a function that orch and your application answer, or "
        "give this target's `overrides` other `tools`",
    ),
    Limit(
        "tools.code_interpreter",
        "write `agents: {bridges: [code_interpreter]}`, which has code run in a hosted environment, or give this "
        "target's `overrides` other `tools`",
    ),
    Limit(
        FILES,
        "leave `files` out under this target's `overrides`, and let the code fetch them: nothing is placed in a hosted "
        "environment",
    ),
)
_CAN = frozenset(
    [
        Capability.VECTOR_STORES,
        Capability.FUNCTIONS,
        Capability.REASONING_EFFORT,
        Capability.RESPONSE_FORMAT,
        Capability.MODEL_DATES,
    ]
)
_UNKNOWN = "agents.unknown."
_SEARCH = f"tools.{FILE_SEARCH}"
_SUMMARY, _VERBOSITY = "agents.reasoning_summary", "agents.verbosity"
_REASONING = {"effort": "reasoning_effort", "summary": _SUMMARY}
_PLAIN = ("model", "instructions")
_OBJECTS: Mapping[str, Any] = {
    "service_tier": None,
    "multi_agent": dict.fromkeys(("enabled", "max_concurrent_subagents")),
    "compaction": {"async": None},
}
_FORMATS = ("text", "json_schema")
_TOP = frozenset(
    [
        *("id", "object", "created_at", "updated_at", "name", "metadata", "tools", "reasoning", "text", "experimental"),
        *_PLAIN,
        *_OBJECTS,
    ]
)
_TRANSPORT = dict.fromkeys(("type", "server_url", "headers", "command", "cwd", "args", "env_vars"))
_TOOL_KEYS: Mapping[str, Mapping[str, Any]] = {
    "function": dict.fromkeys(("type", "name", "description", "parameters", *MARKS)),
    "tool_search": {"type": None},
    "programmatic_tool_calling": dict.fromkeys(("type", "enabled")),
    "web_search": {
        **dict.fromkeys(("type", "mode", "context_size", "allowed_domains")),
        "location": dict.fromkeys(("city", "country", "region", "timezone")),
    },
    "computer_use": dict.fromkeys(("type", "include_screenshots")),
    "automations": {"type": None},
    "mcp": {
        **dict.fromkeys(("type", "server_label", "allowed_tools", "connection_origin", "credential_id")),
        **dict.fromkeys(("request_metadata", "required")),
        "transport": _TRANSPORT,
    },
}
"""What is known of each tool, in its own shape."""


def kept(kind: Kind, fields: Fields) -> Fields:
    """Give declared fields as agents read back: of a reply's schema nothing is kept but the schema."""
    reply = fields.get("response_format")
    if kind is not Kind.ASSISTANT or not isinstance(reply, Mapping) or "json_schema" not in reply:
        return fields
    return {**fields, "response_format": _reply_of(reply["json_schema"].get("schema"))}


def bridged(fields: Fields) -> frozenset[str]:
    """Give the tools that an assistant has by bridges."""
    return frozenset(f"tools.{name}" for name in fields.get(BRIDGES) or ())


def pairs(fields: Fields) -> int:
    """Give how many metadata pairs an assistant's bridges need."""
    return 1 if fields.get(BRIDGES) else 0


CAPABILITIES = Capabilities(
    can=_CAN,
    defaults=DEFAULTS,
    limits=LIMITS,
    kept=kept,
    bridged=bridged,
    pairs=pairs,
    chosen=frozenset(["reasoning_effort", _SUMMARY]),
)


def to_wire(desired: Desired, changed: frozenset[str] | None) -> dict[str, Any]:
    """Give the body of a create (`changed` None: everything) or of an update of the fields at `changed`.

    Metadata and tools are replaced whole by the API; a field that is gone is reset by an explicit null.
    """
    if desired.address.kind is Kind.VECTOR_STORE:
        return store_to_wire(desired, changed)
    fields = desired.fields
    paths = frozenset(fields) if changed is None else changed
    bridges = get_bridges(desired)
    body: dict[str, Any] = {"metadata": {**metadata_of(fields, desired.marks), **bridges.to_metadata()}}
    if "display_name" in paths:
        body["name"] = fields.get("display_name")
    body |= {key: fields.get(key) for key in _PLAIN if key in paths}
    if paths & set(_REASONING.values()):
        body["reasoning"] = _reasoning_to_wire(fields, paths)
    if paths & {"response_format", _VERBOSITY}:
        body["text"] = _text_to_wire(fields)
    body |= {key: _object_to_wire(fields, key) for key in _OBJECTS if f"agents.{key}" in paths}
    if "agents.time_awareness" in paths:
        aware = {"time_awareness": bool(fields.get("agents.time_awareness"))}
        body["experimental"] = joined(aware, fields.get(f"{_UNKNOWN}experimental"))
    if any(path.startswith("tools.") or path == BRIDGES for path in paths):
        body["tools"] = _tools_to_wire(fields)
    return body


def from_wire(kind: Kind, item: Mapping[str, Any]) -> Live:
    """Give a live object in the spec's fields; a store's files are not in it."""
    if kind is Kind.VECTOR_STORE:
        return store_from_wire(item)
    fields: dict[str, Any] = {} if item.get("name") is None else {"display_name": item["name"]}
    fields |= {key: item[key] for key in _PLAIN if item.get(key) is not None}
    reasoning, text = mapping(item.get("reasoning")), mapping(item.get("text"))
    fields |= {path: reasoning[key] for key, path in _REASONING.items() if reasoning.get(key) is not None}
    fields["response_format"] = _format_from_wire(text.get("format"))
    if text.get("verbosity") is not None:
        fields[_VERBOSITY] = text["verbosity"]
    for key, known in _OBJECTS.items():
        if (value := within(item.get(key), known)) is not None:
            fields[f"agents.{key}"] = value
        fields |= beyond_at(f"{_UNKNOWN}{key}", item.get(key), known)
    experimental = mapping(item.get("experimental"))
    if experimental.get("time_awareness") is not None:
        fields["agents.time_awareness"] = experimental["time_awareness"]
    bridges = Bridges.from_metadata(mapping(item.get("metadata")))
    fields |= _tools_from_wire(items(item.get("tools")), bridges)
    known_parts = {
        "reasoning": dict.fromkeys(_REASONING),
        "text": {"format": _format_keys(text.get("format")), "verbosity": None},
        "experimental": {"time_awareness": None},
    }
    for name, parts in known_parts.items():
        fields |= beyond_at(f"{_UNKNOWN}{name}", item.get(name), parts)
    fields |= {f"{_UNKNOWN}{key}": value for key, value in item.items() if key not in _TOP and value is not None}
    own, marks = metadata_from(item)
    return Live(kind, item["id"], fields | own, marks)


def _object_to_wire(fields: Fields, key: str) -> Any:
    value = fields.get(f"agents.{key}")
    return joined(dict(value), fields.get(f"{_UNKNOWN}{key}")) if isinstance(value, Mapping) else value


def _reasoning_to_wire(fields: Fields, paths: frozenset[str]) -> Any:
    """Give both parts, null where one goes, for a server that merges; null for all of it where nothing is left."""
    asked = {key: fields.get(path) for key, path in _REASONING.items() if path in paths or fields.get(path) is not None}
    whole = joined(asked, fields.get(f"{_UNKNOWN}reasoning"))
    return whole if any(value is not None for value in whole.values()) else None


def _text_to_wire(fields: Fields) -> dict[str, Any]:
    reply = fields.get("response_format")
    if isinstance(reply, Mapping) and "json_schema" in reply:
        asked: Any = {"type": "json_schema", "schema": reply["json_schema"]["schema"]}
    else:
        asked = {"type": "text"} if reply in (None, "auto") else reply
    verbosity = fields.get(_VERBOSITY) or DEFAULTS[Kind.ASSISTANT][_VERBOSITY]
    rest = dict(mapping(fields.get(f"{_UNKNOWN}text")))
    if mapping(asked).get("type") != "json_schema":
        rest.pop("format", None)  # what a schema had beside it goes with it
    whole: dict[str, Any] = joined({"format": asked, "verbosity": verbosity}, rest)
    return whole


def _format_keys(value: Any) -> Any:
    return {"type": None, "schema": None} if mapping(value).get("type") in _FORMATS else value


def _format_from_wire(value: Any) -> Any:
    if value is None or mapping(value).get("type") == "text":
        return "auto"
    return _reply_of(value.get("schema")) if mapping(value).get("type") == "json_schema" else value


def _reply_of(schema: Any) -> dict[str, Any]:
    return {"json_schema": {"name": REPLY, "strict": False, "schema": schema}}


def _tools_to_wire(fields: Fields) -> list[dict[str, Any]]:
    """Give the whole list of tools, in the order of the fields."""
    tools: list[Any] = []
    for path, value in fields.items():
        name = path.removeprefix("tools.")
        if name == path or "." in name:
            continue
        rest = fields.get(f"{_UNKNOWN}{path}")
        if path in bridged(fields):
            tools += [joined({"type": "function", **FUNCTION}, rest)] if value == FILE_SEARCH else []
        elif value == "function":
            described = {key: fields.get(f"{path}.{key}") for key in ("description", "parameters", *MARKS)}
            given = {key: item for key, item in described.items() if item is not None}
            needed = {"description": "", "parameters": {"type": "object", "properties": {}}}
            tools.append(joined({"type": "function", "name": name, **needed, **given}, rest))
        elif path.startswith(UNKNOWN_TOOL) or isinstance(value, Mapping):
            tools.append(joined(value, rest))
        else:
            tools.append({"type": value})
    return tools


def get_bridges(desired: Desired) -> Bridges:
    """Give what the bridges of an assistant need; a store that is not made yet is not among them."""
    fields, tools = desired.fields, desired.fields.get(BRIDGES) or ()
    if FILE_SEARCH not in tools or fields.get(_SEARCH) is None:
        return Bridges(code=CODE_INTERPRETER in tools)
    ids = tuple(resolved(fields.get(f"{_SEARCH}.vector_stores") or (), desired.ids))
    most, ranking = fields.get(f"{_SEARCH}.max_num_results"), fields.get(f"{_SEARCH}.ranking_options")
    return Bridges(SearchBridge(ids, most, ranking), CODE_INTERPRETER in tools)


def find_homeless(fields: Fields) -> str | None:
    """Give a tool that works in an environment alone: a browser, or an MCP server that is started (API facts 1.3)."""
    for path, value in fields.items():
        if path == f"{TOOL}computer_use":
            return "computer_use"
        if path.startswith(f"{TOOL}mcp:") and mapping(mapping(value).get("transport")).get("type") == "stdio":
            return f"the MCP server {mapping(value).get('server_label')}"
    return None


def _bridges_from_wire(bridges: Bridges, has_function: bool) -> dict[str, Any]:
    """Give the tools that bridges are; one whose function somebody took away is not there."""
    fields: dict[str, Any] = {BRIDGES: bridges.tools} if bridges.tools else {}
    if bridges.code:
        fields[f"tools.{CODE_INTERPRETER}"] = CODE_INTERPRETER
    if bridges.search is not None and has_function:
        fields[_SEARCH] = FILE_SEARCH
        parts = bridges.search.to_json()
        stores = parts.pop("stores")
        fields |= {f"{_SEARCH}.vector_stores": stores} if stores else {}
        fields |= {f"{_SEARCH}.{key}": value for key, value in parts.items()}
    return fields


def _tools_from_wire(tools: list[Any], bridges: Bridges) -> dict[str, Any]:
    searches = [tool for tool in tools if bridges.search is not None and _is_search(tool)]
    fields = _bridges_from_wire(bridges, bool(searches))
    for number, tool in enumerate(tools):
        kind = _kind_of(tool)
        if tool in searches:
            path = _SEARCH
        elif kind == "function":
            path = f"tools.{tool['name']}"
            fields |= _function_from_wire(path, tool)
        else:
            path = _path_of(kind, tool)
            path = free_path(path, number, fields)
            fields[path] = within(tool, _TOOL_KEYS.get(kind))
        fields |= beyond_at(f"{_UNKNOWN}{path}", tool, _TOOL_KEYS.get(kind, tool))
    return fields


def _kind_of(tool: Any) -> str:
    """Give the type of a tool; a function without a name is none, and what has no shape goes by its text."""
    kind = str(tool.get("type")) if isinstance(tool, Mapping) else str(tool)
    return kind if kind != "function" or isinstance(mapping(tool).get("name"), str) else "function without a name"


def _is_search(tool: Any) -> bool:
    """Tell whether a tool is the function that a search is bridged by, as it was written."""
    told = mapping(tool)
    return told.get("type") == "function" and all(told.get(key) == value for key, value in FUNCTION.items())


def _function_from_wire(path: str, tool: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {path: "function", f"{path}.description": tool.get("description") or None}
    fields[f"{path}.parameters"] = tool.get("parameters") or {"type": "object", "properties": {}}
    fields[f"{path}.strict"] = False  # there is no such thing here: what is declared can only be this
    return fields | {f"{path}.{key}": True for key in MARKS if tool.get(key)}


def _path_of(kind: str, tool: Any) -> str:
    """Give the path of a tool that is no function: an MCP server goes by its label; a dot would begin a part."""
    known = isinstance(tool, Mapping) and kind in _TOOL_KEYS
    label = f":{tool.get('server_label')}" if known and kind == "mcp" else ""
    return (TOOL if known else UNKNOWN_TOOL) + f"{kind}{label}".replace(".", "_")
