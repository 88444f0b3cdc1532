"""From what an author wrote to what should be live: a spec as flat fields."""

from collections.abc import Mapping
from typing import Any

from orchestrator.model.address import Address, Kind
from orchestrator.model.agents import BRIDGES
from orchestrator.model.code_files import FILES
from orchestrator.model.fields import Ref, file_path
from orchestrator.model.own_settings import own_fields
from orchestrator.model.resources import (
    Assistant,
    Chunking,
    CodeInterpreterTool,
    FileSearch,
    FileSearchTool,
    Function,
    FunctionTool,
    JsonSchemaReply,
    StoreFiles,
    VectorStore,
)

SIMPLE = ("description", "model", "temperature", "top_p", "reasoning_effort")


def assistant_fields(
    assistant: Assistant,
    instructions: str | None,
    functions: Mapping[str, Function],
    wire: str = "assistants",
    code_files: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give an assistant's declared fields on a target that speaks `wire`.

    `instructions` is its prompt as text, `functions` are by name, `code_files` are SHA-256 (hex) by label.
    """
    fields: dict[str, Any] = {"display_name": assistant.display_name or assistant.name}
    fields |= {key: getattr(assistant, key) for key in SIMPLE if getattr(assistant, key) is not None}
    if instructions is not None:
        fields["instructions"] = instructions
    if assistant.response_format is not None:
        fields["response_format"] = _response_format(assistant.response_format)
    for tool in assistant.tools or ():
        fields |= _tool_fields(tool, functions)
    if code_files:
        fields[FILES] = dict(code_files)
    fields |= {f"metadata.{key}": value for key, value in assistant.metadata.items()}
    fields |= own_fields(assistant, wire)
    if bridged := [name for name in fields.pop(BRIDGES, ()) if f"tools.{name}" in fields]:
        fields[BRIDGES] = bridged  # a bridge of a tool that is not listed leads nowhere
    return fields


def _response_format(written: str | JsonSchemaReply) -> Any:
    if isinstance(written, JsonSchemaReply):
        return {"json_schema": written.json_schema.model_dump(by_alias=True, exclude_none=True)}
    return "auto" if written == "text" else written  # the API answers "auto" and text for one another (API facts 4.1)


def _tool_fields(tool: object, functions: Mapping[str, Function]) -> dict[str, Any]:
    match tool:
        case "code_interpreter" | CodeInterpreterTool():
            return {"tools.code_interpreter": "code_interpreter"}
        case FileSearchTool(file_search=search):
            return _search_fields(search)
        case FunctionTool(function=name):
            function = functions[name]
            path = f"tools.{function.called}"
            return {
                path: "function",
                f"{path}.description": function.description,
                f"{path}.parameters": function.parameters,
                f"{path}.strict": function.strict,
            }
        case _:
            return _search_fields(FileSearch())


def _search_fields(search: FileSearch) -> dict[str, Any]:
    prefix = "tools.file_search"
    fields: dict[str, Any] = {prefix: "file_search"}
    if search.vector_stores:
        fields[f"{prefix}.vector_stores"] = [Ref(Address(Kind.VECTOR_STORE, name)) for name in search.vector_stores]
    if search.max_num_results is not None:
        fields[f"{prefix}.max_num_results"] = search.max_num_results
    if search.ranking_options is not None:
        options = search.ranking_options.model_dump()
        if options["ranker"] == "default_2024_08_21":
            options["ranker"] = "auto"  # one ranker with two names: the API answers `auto` with the dated one
        fields[f"{prefix}.ranking_options"] = options
    return fields


def vector_store_fields(store: VectorStore, files: Mapping[str, tuple[str, StoreFiles]]) -> dict[str, Any]:
    """Give a store's declared fields; `files` maps each file's label to its SHA-256 (hex) and the entry it came by."""
    fields: dict[str, Any] = {"display_name": store.display_name or store.name}
    if store.expires_after is not None:
        fields["expires_after"] = {"days": store.expires_after.days}
    fields |= {f"metadata.{key}": value for key, value in store.metadata.items()}
    shared: dict[int, dict[str, Any]] = {}
    for label, (sha256, entry) in files.items():
        if id(entry) not in shared:
            chunking = Chunking() if entry.chunking == "auto" else entry.chunking
            shared[id(entry)] = {"attributes": entry.attributes, "chunking": chunking.model_dump()}
        fields[file_path(label)] = {"sha256": sha256, **shared[id(entry)]}
    return fields
