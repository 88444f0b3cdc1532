"""The Assistants dialect as two pure translations: spec fields to request bodies, and objects back to fields.

What the API fills in by itself is given back as the API has it and declared in `DEFAULTS`; what this module does not
know (a tool type, a resource of a tool) is kept raw under its own name and written back as it was.
Facts: API facts 4.1 (assistants), 2.2 (vector stores).
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Fields, Ref
from orchestrator.providers import stores_wire
from orchestrator.providers.interface import Capabilities, Capability, Desired, Live
from orchestrator.providers.stores_wire import metadata_from, metadata_of, store_from_wire, store_to_wire

PATHS = {Kind.ASSISTANT: "/assistants", Kind.VECTOR_STORE: stores_wire.PATH}
DEFAULTS: Mapping[Kind, Fields] = {
    Kind.ASSISTANT: {
        "temperature": 1,
        "top_p": 1,
        "response_format": "auto",
        "tools.file_search.max_num_results": 20,
        "tools.file_search.ranking_options": {"ranker": "auto", "score_threshold": 0},
    },
    Kind.VECTOR_STORE: {},
}
CAPABILITIES = Capabilities(can=frozenset(Capability), defaults=DEFAULTS)
"""Everything; this protocol is the one the language grew from."""
EMBEDDED = Capabilities(can=CAPABILITIES.can - {Capability.MODEL_DATES}, defaults=DEFAULTS)
"""Of the embedded server: its models are scripts, which nobody shuts down."""

SIMPLE = ("description", "model", "instructions", "temperature", "top_p", "reasoning_effort")
_SEARCH = "tools.file_search"
_RESOURCES = "tool_resources."


def to_wire(desired: Desired, changed: frozenset[str] | None) -> dict[str, Any]:
    """Give the body of a create (`changed` None: everything) or of an update of the fields at `changed`.

    Metadata is replaced whole by the API, so that user pairs and marks are always sent together. A field that is gone
    from `desired` is reset by an explicit null.
    """
    if desired.address.kind is Kind.VECTOR_STORE:
        return store_to_wire(desired, changed)
    fields = desired.fields
    paths = frozenset(fields) if changed is None else changed
    body: dict[str, Any] = {"metadata": metadata_of(fields, desired.marks)}
    if "display_name" in paths:
        body["name"] = fields.get("display_name")
    body |= {key: fields.get(key) for key in SIMPLE if key in paths}
    if "response_format" in paths:
        body["response_format"] = _response_format_to_wire(fields.get("response_format"))
    tool_paths = [path for path in paths if path.startswith("tools.")]
    if tool_paths:
        body["tools"] = _tools_to_wire(fields)
    if any(path == _SEARCH or path == f"{_SEARCH}.vector_stores" for path in tool_paths):
        ids = [_id(item, desired.ids) for item in fields.get(f"{_SEARCH}.vector_stores") or ()]
        body["tool_resources"] = {**_kept_resources(fields), "file_search": {"vector_store_ids": ids}}
    return body


def from_wire(kind: Kind, item: Mapping[str, Any]) -> Live:
    """Give a live object in the spec's fields; a store's files are not in it."""
    if kind is Kind.VECTOR_STORE:
        return store_from_wire(item)
    fields: dict[str, Any] = {} if item.get("name") is None else {"display_name": item["name"]}
    fields |= {key: item[key] for key in SIMPLE if item.get(key) is not None}
    fields["response_format"] = _response_format_from_wire(item.get("response_format"))
    resources = item.get("tool_resources") or {}
    fields |= _tools_from_wire(item.get("tools") or [], resources)
    # Not below `tools`: a declared set of tools says nothing of the files somebody gave one of them.
    others = {name: value for name, value in resources.items() if name != "file_search" and _holds(value)}
    fields |= {f"{_RESOURCES}{name}": value for name, value in others.items()}
    own, marks = metadata_from(item)
    return Live(kind, item["id"], fields | own, marks)


def _kept_resources(fields: Fields) -> dict[str, Any]:
    """Give the resources of other tools that are still there, for a server that replaces them all."""
    named = {path.removeprefix(_RESOURCES): value for path, value in fields.items() if path.startswith(_RESOURCES)}
    return {name: value for name, value in named.items() if f"tools.{name}" in fields}


def _holds(resource: Any) -> bool:
    return any(resource.values()) if isinstance(resource, Mapping) else resource is not None


def _id(value: Any, ids: Mapping[Address, str]) -> str:
    return ids[value.address] if isinstance(value, Ref) else str(value)


def _response_format_to_wire(value: Any) -> Any:
    if value is None or value == "auto":
        return "auto"
    if isinstance(value, Mapping) and "json_schema" in value:
        return {"type": "json_schema", "json_schema": value["json_schema"]}
    return {"type": value} if isinstance(value, str) else value


def _response_format_from_wire(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return "auto"
    match value.get("type"):
        case "text":
            return "auto"  # the API answers one for the other once tools are changed (API facts 4.1, the notebook)
        case "json_schema":
            schema = {key: item for key, item in (value.get("json_schema") or {}).items() if item is not None}
            return {"json_schema": {"strict": False, **schema}}
        case "json_object":
            return "json_object"
        case _:
            return dict(value)


def _tools_to_wire(fields: Fields) -> list[dict[str, Any]]:
    """Give the whole list of tools, in the order of the fields."""
    tools: list[dict[str, Any]] = []
    for path, value in fields.items():
        name = path.removeprefix("tools.")
        if name == path or "." in name:
            continue
        match value:
            case "function":
                described = {key: fields.get(f"{path}.{key}") for key in ("description", "parameters", "strict")}
                given = {key: item for key, item in described.items() if item is not None}
                tools.append({"type": "function", "function": {"name": name, **given}})
            case "file_search":
                options = {key: fields.get(f"{path}.{key}") for key in ("max_num_results", "ranking_options")}
                given = {key: item for key, item in options.items() if item is not None}
                tools.append({"type": "file_search", **({"file_search": given} if given else {})})
            case str():
                tools.append({"type": value})
            case _:
                tools.append(dict(value))
    return tools


def _tools_from_wire(tools: list[Any], resources: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for number, tool in enumerate(tools):
        kind = str(tool.get("type"))
        match kind:
            case "function":
                function = tool.get("function") or {}
                path = f"tools.{function.get('name')}"
                fields[path] = "function"
                fields[f"{path}.description"] = function.get("description")
                fields[f"{path}.parameters"] = function.get("parameters") or {"type": "object", "properties": {}}
                fields[f"{path}.strict"] = bool(function.get("strict"))
            case "file_search":
                fields |= _search_from_wire(tool.get("file_search") or {}, resources.get("file_search") or {})
            case "code_interpreter":
                fields["tools.code_interpreter"] = kind
            case _:
                path = f"tools.{kind}" if f"tools.{kind}" not in fields else f"tools.{kind}-{number}"
                fields[path] = dict(tool)
    return fields


def _search_from_wire(options: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {_SEARCH: "file_search"}
    if resource.get("vector_store_ids"):
        fields[f"{_SEARCH}.vector_stores"] = list(resource["vector_store_ids"])
    if options.get("max_num_results") is not None:
        fields[f"{_SEARCH}.max_num_results"] = options["max_num_results"]
    ranking = options.get("ranking_options")
    if ranking:
        ranker = ranking.get("ranker") or "auto"
        fields[f"{_SEARCH}.ranking_options"] = {
            "ranker": "auto" if ranker == "default_2024_08_21" else ranker,  # what `auto` is answered with
            "score_threshold": ranking.get("score_threshold") or 0,
        }
    return fields
