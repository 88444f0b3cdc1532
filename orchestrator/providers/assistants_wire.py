"""The Assistants dialect as two pure translations: spec fields to request bodies, and objects back to fields.

What the API fills in by itself is given back as the API has it and declared in `DEFAULTS`. What this module does not
know is kept: an unknown tool raw under its type, an unknown key of a known tool or object under `assistants.unknown.`,
from where it is sent again with the rest; a resource of a tool under its own name.
Facts: API facts 4.1 (assistants), 2.2 (vector stores), 5.1 (Foundry).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.model.address import Kind
from orchestrator.model.assistants import INDEXES, TOOL, known
from orchestrator.model.code_files import FILES, CodeFile, count_pairs, from_pairs, to_pairs
from orchestrator.model.fields import UNKNOWN_TOOL, Fields, resolved
from orchestrator.providers import stores_wire
from orchestrator.providers._shapes import items, mapping
from orchestrator.providers.beyond import beyond, beyond_at, free_path, joined, tool_path
from orchestrator.providers.interface import Capabilities, Capability, Desired, Limit, Live
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
CAPABILITIES = Capabilities(can=frozenset(Capability), defaults=DEFAULTS, pairs=count_pairs)
"""Everything; this protocol is the one the language grew from."""
EXPORTED = (Limit(f"{UNKNOWN_TOOL}*", "write a tool that specs know"),)
"""What an object cannot have that is made from a spec alone, and not kept where it is."""
LIMITS = (
    *EXPORTED,
    Limit(
        f"{TOOL}*",
        "set `assistants: {tools: null}` under this target's `overrides`: only Foundry classic has it; here a function "
        "can stand in for it",
    ),
)
EMBEDDED = replace(CAPABILITIES, limits=LIMITS)
"""Of the embedded server, which has the protocol's tools alone."""

SIMPLE = ("description", "model", "instructions", "temperature", "top_p", "reasoning_effort")
_SEARCH = "tools.file_search"
_RESOURCES = "tool_resources."
_CODE = "code_interpreter"
_UNKNOWN = "assistants.unknown."
_TOP = frozenset(
    [*SIMPLE, *("id", "object", "created_at", "name", "tools", "tool_resources", "metadata", "response_format")]
)
_RANKING = {"ranker": None, "score_threshold": None}
_SCHEMA = dict.fromkeys(("name", "description", "schema", "strict"))
_FILLED_IN = {"openapi": {"openapi": {"functions": None}}}
"""What Foundry adds to a tool by itself, out of what was written."""


def to_wire(desired: Desired, changed: frozenset[str] | None) -> dict[str, Any]:
    """Give the body of a create (`changed` None: everything) or of an update of the fields at `changed`.

    Metadata is replaced whole by the API, so that user pairs and marks are always sent together. A field that is gone
    from `desired` is reset by an explicit null.
    """
    if desired.address.kind is Kind.VECTOR_STORE:
        return store_to_wire(desired, changed)
    fields = desired.fields
    paths = frozenset(fields) if changed is None else changed
    body: dict[str, Any] = {"metadata": metadata_of(fields, desired.marks) | to_pairs(desired.code_files)}
    if "display_name" in paths:
        body["name"] = fields.get("display_name")
    body |= {key: fields.get(key) for key in SIMPLE if key in paths}
    if "response_format" in paths:
        body["response_format"] = _response_format_to_wire(fields)
    tool_paths = [path for path in paths if path.startswith("tools.")]
    if tool_paths:
        body["tools"] = _tools_to_wire(desired)
    if any(path in (_SEARCH, f"{_SEARCH}.vector_stores", f"{TOOL}{INDEXES}", FILES) for path in tool_paths):
        body["tool_resources"] = _resources_to_wire(desired, paths)
    return body


def from_wire(kind: Kind, item: Mapping[str, Any]) -> Live:
    """Give a live object in the spec's fields; a store's files are not in it."""
    if kind is Kind.VECTOR_STORE:
        return store_from_wire(item)
    fields: dict[str, Any] = {} if item.get("name") is None else {"display_name": item["name"]}
    fields |= {key: item[key] for key in SIMPLE if item.get(key) is not None}
    fields["response_format"] = _response_format_from_wire(item.get("response_format"))
    if "json_schema" in mapping(fields["response_format"]):
        known_format = {"type": None, "json_schema": _SCHEMA}
        fields |= beyond_at(f"{_UNKNOWN}response_format", item["response_format"], known_format)
    resources = mapping(item.get("tool_resources"))
    fields |= _tools_from_wire(items(item.get("tools")), resources)
    named = from_pairs({str(key): str(value) for key, value in mapping(item.get("metadata")).items()})
    code_files, resources = _code_files(named, resources)
    fields |= {FILES: {label: file.sha256 for label, file in code_files.items()}} if code_files else {}
    # Not below `tools`: a declared set of tools says nothing of the files somebody gave one of them.
    said = {"file_search"} | ({INDEXES} if f"{TOOL}{INDEXES}" in fields else set())
    others = {name: value for name, value in resources.items() if name not in said and _holds(value)}
    fields |= {f"{_RESOURCES}{name}": value for name, value in others.items()}
    fields |= {f"{_UNKNOWN}{key}": value for key, value in item.items() if key not in _TOP and value is not None}
    own, marks = metadata_from(item)
    return Live(kind, item["id"], fields | own, marks, code_files=code_files)


def _code_files(
    named: Mapping[str, CodeFile], resources: Mapping[str, Any]
) -> tuple[dict[str, CodeFile], Mapping[str, Any]]:
    """Give the files of the code interpreter that are ours, and the resources without them."""
    resource = mapping(resources.get(_CODE))
    ids = items(resource.get("file_ids"))
    ours = {label: file for label, file in named.items() if file.id in ids}
    if not ours:
        return {}, resources
    theirs = [id for id in ids if id not in {file.id for file in ours.values()}]
    return ours, {**resources, _CODE: {**resource, "file_ids": theirs}}


def _resources_to_wire(desired: Desired, paths: frozenset[str]) -> dict[str, Any]:
    """Give all resources but those of tools that go, for a server that replaces them all."""
    fields = desired.fields
    there, gone = _kinds(fields), _kinds(path for path in paths if path not in fields)
    named = {path.removeprefix(_RESOURCES): value for path, value in fields.items() if path.startswith(_RESOURCES)}
    resources = {name: value for name, value in named.items() if name in there or name not in gone}
    if _SEARCH in fields or _SEARCH in paths:
        ids = resolved(fields.get(f"{_SEARCH}.vector_stores") or (), desired.ids)
        resources["file_search"] = joined({"vector_store_ids": ids}, fields.get(f"{_UNKNOWN}{_RESOURCES}file_search"))
    if FILES in fields or FILES in paths:
        theirs = items(mapping(resources.get(_CODE)).get("file_ids"))
        ids = [*theirs, *(file.id for file in desired.code_files.values())]
        resources[_CODE] = {**mapping(resources.get(_CODE)), "file_ids": ids}
    if (search := fields.get(f"{TOOL}{INDEXES}")) is not None:
        rest = mapping(fields.get(f"{_UNKNOWN}{TOOL}{INDEXES}")).get(INDEXES)
        resources[INDEXES] = joined(search[INDEXES], rest)
    return resources


def _kinds(paths: Iterable[str]) -> frozenset[str]:
    """Give what kinds of tools there are at these paths."""
    tools = [path.removeprefix(TOOL).removeprefix("tools.") for path in paths if path.startswith("tools.")]
    return frozenset(tool.partition(":")[0] for tool in tools)


def _holds(resource: Any) -> bool:
    return any(resource.values()) if isinstance(resource, Mapping) else resource is not None


def _response_format_to_wire(fields: Fields) -> Any:
    value = fields.get("response_format")
    if value is None or value == "auto":
        return "auto"
    if isinstance(value, Mapping) and "json_schema" in value:
        asked = {"type": "json_schema", "json_schema": value["json_schema"]}
        return joined(asked, fields.get(f"{_UNKNOWN}response_format"))
    return {"type": value} if isinstance(value, str) else value


def _response_format_from_wire(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return "auto"
    match value.get("type"):
        case "text":
            return "auto"  # the API answers one for the other once tools are changed (API facts 4.1, the notebook)
        case "json_schema":
            asked = mapping(value.get("json_schema"))
            schema = {key: asked[key] for key in _SCHEMA if asked.get(key) is not None}
            return {"json_schema": {"strict": False, **schema}}
        case "json_object":
            return "json_object"
        case _:
            return dict(value)


def _tools_to_wire(desired: Desired) -> list[Any]:
    """Give the whole list of tools, in the order of the fields."""
    fields = desired.fields
    tools: list[Any] = []
    for path, value in fields.items():
        name = path.removeprefix("tools.")
        if name == path or "." in name:
            continue
        if path.startswith(UNKNOWN_TOOL):
            tools.append(value)
            continue
        tool = _tool_to_wire(path, name, resolved(value, desired.ids), fields)
        whole: dict[str, Any] = joined(tool, fields.get(f"{_UNKNOWN}{path}"))
        if whole["type"] == INDEXES:
            whole.pop(INDEXES, None)  # its settings are a resource
        tools.append(whole)
    return tools


def _tool_to_wire(path: str, name: str, value: Any, fields: Fields) -> dict[str, Any]:
    match value:
        case "function":
            described = {key: fields.get(f"{path}.{key}") for key in ("description", "parameters", "strict")}
            given = {key: item for key, item in described.items() if item is not None}
            return {"type": "function", "function": {"name": name, **given}}
        case "file_search":
            options = {key: fields.get(f"{path}.{key}") for key in ("max_num_results", "ranking_options")}
            given = {key: item for key, item in options.items() if item is not None}
            return {"type": "file_search", **({"file_search": given} if given else {})}
        case str():
            return {"type": value}
        case _:
            return dict(value)


def _tools_from_wire(tools: list[Any], resources: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for number, tool in enumerate(tools):
        kind = str(tool.get("type")) if isinstance(tool, Mapping) else None
        match kind:
            case None:
                path, rest = tool_path(tool, number, fields), None
                fields[path] = tool
            case "function" if mapping(tool.get(kind)).get("name") is not None:
                function = tool[kind]
                path = f"tools.{function.get('name')}"
                fields |= _function_from_wire(path, function)
                rest = beyond(
                    tool, {"type": kind, kind: dict.fromkeys(("name", "description", "parameters", "strict"))}
                )
            case "file_search":
                path = _SEARCH
                fields |= _search_from_wire(mapping(tool.get(kind)), mapping(resources.get(kind)))
                rest = beyond(tool, {"type": kind, kind: {"max_num_results": None, "ranking_options": _RANKING}})
            case "code_interpreter":
                path = f"tools.{kind}"
                fields[path] = kind
                rest = beyond(tool, {"type": kind})
            case _:
                path, value, rest = _other_from_wire(kind, tool, resources)
                path = free_path(path, number, fields)
                fields[path] = value
        if rest is not None:
            fields[f"{_UNKNOWN}{path}"] = rest
    return fields | beyond_at(
        f"{_UNKNOWN}{_RESOURCES}file_search", resources.get("file_search"), {"vector_store_ids": None}
    )


def _other_from_wire(kind: str, tool: Mapping[str, Any], resources: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """Give the path and the value of a tool that is not the protocol's, and what specs have no words for in it.

    A tool of which they can say nothing is raw.
    """
    whole = {**tool, **({kind: resources[kind]} if kind == INDEXES and kind in resources else {})}
    found = known(whole)
    if found is None:
        return UNKNOWN_TOOL + kind.replace(".", "_"), dict(tool), None
    name, value = found
    return f"{TOOL}{name}", value, beyond(whole, joined(value, _FILLED_IN.get(kind)))


def _function_from_wire(path: str, function: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {path: "function", f"{path}.description": function.get("description")}
    fields[f"{path}.parameters"] = function.get("parameters") or {"type": "object", "properties": {}}
    fields[f"{path}.strict"] = bool(function.get("strict"))
    return fields


def _search_from_wire(options: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {_SEARCH: "file_search"}
    if stores := items(resource.get("vector_store_ids")):
        fields[f"{_SEARCH}.vector_stores"] = stores
    if options.get("max_num_results") is not None:
        fields[f"{_SEARCH}.max_num_results"] = options["max_num_results"]
    ranking = mapping(options.get("ranking_options"))
    if ranking:
        ranker = ranking.get("ranker") or "auto"
        fields[f"{_SEARCH}.ranking_options"] = {
            "ranker": "auto" if ranker == "default_2024_08_21" else ranker,  # what `auto` is answered with
            "score_threshold": ranking.get("score_threshold") or 0,
        }
    return fields
