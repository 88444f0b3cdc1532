"""The Responses dialect as two pure translations: spec fields to a release, and a release back to fields.

Nothing is stored for an assistant at the API; the release holds what travels with each request. It says only what was
declared, so that nothing in it is a default. What this module does not know is kept under `responses.unknown.`, from
where it is written again. Facts: API facts 3.1.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.model.address import Address, Kind
from orchestrator.model.code_files import FILES, CodeFile, count_pairs, from_pairs, to_pairs
from orchestrator.model.fields import UNKNOWN_TOOL, Fields, resolved
from orchestrator.model.ownership import PREFIX as RECORD
from orchestrator.model.ownership import Marks
from orchestrator.model.release import Release
from orchestrator.model.responses import PREFIX, TOOL
from orchestrator.providers import stores_wire
from orchestrator.providers._shapes import items, mapping
from orchestrator.providers.beyond import beyond_at, free_path, joined, tool_path, within
from orchestrator.providers.interface import Capabilities, Capability, Desired, Live
from orchestrator.providers.stores_wire import metadata_from, metadata_of

PATHS = {Kind.VECTOR_STORE: stores_wire.PATH}
DEFAULTS: Mapping[Kind, Fields] = {Kind.ASSISTANT: {"response_format": "auto"}, Kind.VECTOR_STORE: {}}
CAPABILITIES = Capabilities(can=frozenset(Capability), defaults=DEFAULTS, pairs=count_pairs)
_UNKNOWN = f"{PREFIX}unknown."
_PLAIN = ("model", "instructions", "temperature", "top_p")
_OWN = ("max_output_tokens", "max_tool_calls", "parallel_tool_calls", "truncation", "service_tier")
_REASONING = {"effort": "reasoning_effort", "summary": f"{PREFIX}reasoning_summary"}
_VERBOSITY = f"{PREFIX}verbosity"
_FORMATS = ("text", "json_object", "json_schema")
_TOP = frozenset([*_PLAIN, *_OWN, "reasoning", "text", "tools", "metadata"])
_SEARCH = "tools.file_search"
_SEARCH_KEYS = ("max_num_results", "ranking_options")
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "function": dict.fromkeys(("type", "name", "description", "parameters", "strict")),
    "file_search": dict.fromkeys(("type", "vector_store_ids", *_SEARCH_KEYS)),
    "code_interpreter": {"type": None, "container": {"type": None}},
    "web_search": {
        **dict.fromkeys(("type", "search_context_size")),
        "filters": {"allowed_domains": None},
        "user_location": dict.fromkeys(("type", "city", "country", "region", "timezone")),
    },
    "image_generation": dict.fromkeys(("type", "model", "size", "quality", "output_format")),
    "mcp": dict.fromkeys(
        ("type", "server_label", "server_url", "server_description", "allowed_tools", "require_approval")
    ),
}
"""What is known of each tool, in its own shape."""
_CONTAINER = {"type": "auto"}


def to_release(desired: Desired) -> Release:
    """Give an assistant's release."""
    fields = desired.fields
    request = {key: fields[key] for key in _PLAIN if fields.get(key) is not None}
    request |= {key: fields[f"{PREFIX}{key}"] for key in _OWN if fields.get(f"{PREFIX}{key}") is not None}
    asked = {key: fields[path] for key, path in _REASONING.items() if fields.get(path) is not None}
    reasoning = joined(asked, fields.get(f"{_UNKNOWN}reasoning"))
    text = _text(fields)
    tools = [_tool(path, value, fields, desired.ids) for path, value in fields.items() if _is_tool(path)]
    tools = [_with_files(tool, desired.code_files) for tool in tools]
    record = desired.marks.to_metadata()
    own = {key: value for key, value in metadata_of(fields, desired.marks).items() if key not in record}
    parts = {"reasoning": reasoning, "text": text, "tools": tools, "metadata": own}
    request |= {key: value for key, value in parts.items() if value}
    rest = {path.removeprefix(_UNKNOWN): value for path, value in fields.items() if path.startswith(_UNKNOWN)}
    request |= {key: value for key, value in rest.items() if key not in _TOP and "." not in key}
    people = fields.get("display_name"), fields.get("description")
    return Release(desired.address.name, request, record | to_pairs(desired.code_files), *people)


def from_release(release: Release) -> Live:
    """Give a released assistant in the spec's fields; its id is its name."""
    request = release.request
    fields: dict[str, Any] = {"display_name": release.display_name, "description": release.description}
    fields |= {key: request.get(key) for key in _PLAIN}
    fields |= {f"{PREFIX}{key}": request.get(key) for key in _OWN}
    reasoning, text = mapping(request.get("reasoning")), mapping(request.get("text"))
    fields |= {path: reasoning.get(key) for key, path in _REASONING.items()}
    fields["response_format"] = _format(text.get("format"))
    fields[_VERBOSITY] = text.get("verbosity")
    fields = {path: value for path, value in fields.items() if value is not None}
    named, code_files = from_pairs(release.record), dict[str, CodeFile]()
    for number, tool in enumerate(items(request.get("tools"))):
        if not isinstance(tool, Mapping):
            fields[tool_path(tool, number, fields)] = tool
            continue
        ours, rest = _without_files(dict(tool), named)
        code_files |= ours
        fields |= _tool_fields(rest, number, fields)
    fields |= {FILES: {label: file.sha256 for label, file in code_files.items()}} if code_files else {}
    fields |= beyond_at(f"{_UNKNOWN}reasoning", request.get("reasoning"), dict.fromkeys(_REASONING))
    known_text = {"format": _format_keys(text.get("format")), "verbosity": None}
    fields |= beyond_at(f"{_UNKNOWN}text", request.get("text"), known_text)
    fields |= {f"{_UNKNOWN}{key}": value for key, value in request.items() if key not in _TOP}
    record = {key: value for key, value in release.record.items() if key.startswith(RECORD)}
    own, marks = metadata_from({"metadata": {**mapping(request.get("metadata")), **record}})
    if marks is not None and not _is_as_written(release, marks):
        marks = replace(marks, files=_ASKEW)
    return Live(Kind.ASSISTANT, release.name, fields | own, marks, code_files=code_files)


def _is_as_written(release: Release, marks: Marks) -> bool:
    return release.is_intact and release.replaces is None and release.name == marks.address.name


_ASKEW = "written again"
"""In the record of a release that has to be written again although it says what is declared: its hash is not the one of
its request, or its file is not (or not only) where the assistant's name puts it. No record of an assistant has files.
"""


def _with_files(tool: Any, files: Mapping[str, CodeFile]) -> Any:
    """Give the code interpreter with its files, after those that somebody else gave it."""
    if mapping(tool).get("type") != "code_interpreter" or not files:
        return tool
    container = tool["container"]
    ids = [*(container.get("file_ids") or ()), *(file.id for file in files.values())]
    return {**tool, "container": {**container, "file_ids": ids}}


def _without_files(tool: dict[str, Any], named: Mapping[str, CodeFile]) -> tuple[dict[str, CodeFile], dict[str, Any]]:
    """Give which files of a code interpreter are ours, and the tool without them."""
    container = tool.get("container")
    if tool.get("type") != "code_interpreter" or not isinstance(container, Mapping):
        return {}, tool
    ids = items(container.get("file_ids"))
    ours = {label: file for label, file in named.items() if file.id in ids}
    if not ours:
        return {}, tool
    theirs = [id for id in ids if id not in {file.id for file in ours.values()}]
    rest = {key: value for key, value in container.items() if key != "file_ids"}
    return ours, {**tool, "container": rest | ({"file_ids": theirs} if theirs else {})}


def _is_tool(path: str) -> bool:
    return path.startswith("tools.") and "." not in path.removeprefix("tools.")


def _text(fields: Fields) -> dict[str, Any]:
    reply, verbosity = fields.get("response_format"), fields.get(_VERBOSITY)
    text: dict[str, Any] = {} if verbosity is None else {"verbosity": verbosity}
    rest = dict(mapping(fields.get(f"{_UNKNOWN}text")))
    if isinstance(reply, Mapping) and "json_schema" in reply:
        text["format"] = {"type": "json_schema", **reply["json_schema"]}
    elif reply not in (None, "auto"):
        text["format"] = dict(reply) if isinstance(reply, Mapping) else {"type": reply}
    if "format" not in text:
        rest.pop("format", None)  # what a format had beside it goes with it
    whole: dict[str, Any] = joined(text, rest)
    return whole


def _format_keys(value: Any) -> Any:
    known = dict.fromkeys(("type", "name", "description", "schema", "strict"))
    return known if isinstance(value, Mapping) and value.get("type") in _FORMATS else value


def _format(value: Any) -> Any:
    if not isinstance(value, Mapping) or value.get("type") == "text":  # a release says nothing else as text
        return "auto"
    if value.get("type") == "json_schema":
        schema = {key: value[key] for key in ("name", "description", "schema", "strict") if value.get(key) is not None}
        return {"json_schema": {"strict": False, **schema}}
    return "json_object" if value.get("type") == "json_object" else dict(value)


def _tool(path: str, value: Any, fields: Fields, ids: Mapping[Address, str]) -> Any:
    """Give one tool as the API has it. `strict` is always said: left out it would be true (API facts 3.1)."""
    match value:
        case "function":
            description, parameters = fields.get(f"{path}.description"), fields.get(f"{path}.parameters")
            tool: dict[str, Any] = {"type": "function", "name": path.removeprefix("tools.")}
            tool |= {"description": description} if description is not None else {}
            tool["parameters"] = parameters or {"type": "object", "properties": {}}
            tool["strict"] = bool(fields.get(f"{path}.strict"))
        case "file_search":
            stores = resolved(fields.get(f"{_SEARCH}.vector_stores") or (), ids)
            options = {key: fields[f"{path}.{key}"] for key in _SEARCH_KEYS if fields.get(f"{path}.{key}") is not None}
            tool = {"type": "file_search", "vector_store_ids": stores, **options}
        case "code_interpreter":
            tool = {"type": "code_interpreter", "container": dict(_CONTAINER)}
        case _ if path.startswith(UNKNOWN_TOOL):
            return value
        case Mapping():
            tool = dict(value)
        case _:
            tool = {"type": value}
    return joined(tool, fields.get(f"{_UNKNOWN}{path}"))


def _tool_fields(tool: Mapping[str, Any], number: int, before: Fields) -> dict[str, Any]:
    kind = str(tool.get("type"))
    if kind == "function" and isinstance(tool.get("name"), str):
        path = f"tools.{tool['name']}"
        fields: dict[str, Any] = {path: kind, f"{path}.description": tool.get("description")}
        fields[f"{path}.parameters"] = tool.get("parameters") or {"type": "object", "properties": {}}
        fields[f"{path}.strict"] = bool(tool.get("strict"))
    elif kind == "file_search":
        path = _SEARCH
        fields = {path: kind} | {f"{path}.{key}": tool[key] for key in _SEARCH_KEYS if tool.get(key) is not None}
        stores = items(tool.get("vector_store_ids"))
        fields |= {f"{path}.vector_stores": stores} if stores else {}
    elif kind == "code_interpreter" and _is_automatic(tool.get("container")):
        path = f"tools.{kind}"
        fields = {path: kind}
    else:
        known = kind in _KNOWN and kind not in ("code_interpreter", "function")
        label = f":{tool.get('server_label')}" if kind == "mcp" else ""
        path = (TOOL if known else UNKNOWN_TOOL) + f"{kind}{label}".replace(".", "_")
        path = free_path(path, number, before)
        if not known:
            return {path: dict(tool)}
        fields = {path: within(tool, _KNOWN[kind])}
    return fields | beyond_at(f"{_UNKNOWN}{path}", tool, _KNOWN[kind])


def _is_automatic(container: Any) -> bool:
    """Tell whether the API makes the container by itself; one that is named by its id is not in a spec's words."""
    return isinstance(container, Mapping) and container.get("type") == "auto"
