"""Tools of a request for a response: what they may say, which of them may be chosen, and what they name. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.server.bodies import FUNCTION_NAME
from orchestrator.server.knowledge.filters import parse_filter
from orchestrator.server.shapes import (
    Boolean,
    Choice,
    Field,
    Free,
    ListOf,
    Number,
    Object,
    OrText,
    Shape,
    Tagged,
    Text,
    as_object,
)
from orchestrator.server.wire import invalid

TYPE = {"type": Field(Text(), required=True)}
_TEXTS = ListOf(Text())


@dataclass(frozen=True, slots=True)
class Open:
    """An object whose `type` says which shape it has; one of another type is taken as it is."""

    known: Mapping[str, Shape]
    otherwise: str | None = None
    """Type of an object that names none."""

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        given = as_object(value, path)
        kind = given.get("type", self.otherwise)
        if not isinstance(kind, str):
            place = f"{path}.type"
            raise invalid(f"Missing required parameter: '{place}'.", param=place, code="missing_required_parameter")
        checked: dict[str, Any] = self.known[kind].check({**given, "type": kind}, path) if kind in self.known else given
        return {**checked}


@dataclass(frozen=True, slots=True)
class Partly:
    """An object of which some fields are checked; what else it has is kept as it is."""

    known: Object

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        given = as_object(value, path)
        checked = self.known.check({key: given[key] for key in given if key in self.known.fields}, path)
        return {**given, **checked}


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter over attributes of files, kept as it was written."""

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        parse_filter(value, path)
        return as_object(value, path)


_RANKING = Object(
    {
        "ranker": Field(Choice(("auto", "none", "default-2024-11-15", "default_2024_08_21"))),
        "score_threshold": Field(Number(0, 1)),
        "hybrid_search": Field(Free()),
    }
)
_CONTAINER = Object(
    {
        "type": Field(Choice(("auto",)), required=True),
        "file_ids": Field(ListOf(Text(), most=50)),
        "memory_limit": Field(Choice(("1g", "4g", "16g", "64g"))),
        "network_policy": Field(Free()),
    }
)
_CALLERS = {"allowed_callers": Field(ListOf(Choice(("direct", "programmatic")), least=1))}
TOOLS = ListOf(
    Open(
        {
            "function": Object(
                {
                    **TYPE,
                    "name": Field(FUNCTION_NAME, required=True),
                    "description": Field(Text(), default=None),
                    "parameters": Field(Free(), default=None),
                    "strict": Field(Boolean(), default=True),
                    "output_schema": Field(Free()),
                    "defer_loading": Field(Boolean()),
                    "async": Field(Boolean()),
                    **_CALLERS,
                }
            ),
            "file_search": Object(
                {
                    **TYPE,
                    "vector_store_ids": Field(_TEXTS, required=True),
                    "max_num_results": Field(Number(1, 50, whole=True)),
                    "ranking_options": Field(_RANKING),
                    "filters": Field(Filter()),
                }
            ),
            "code_interpreter": Object(
                {**TYPE, "container": Field(OrText(Text(), _CONTAINER), required=True), **_CALLERS}
            ),
            "mcp": Partly(Object({**TYPE, "server_label": Field(Text(least=1), required=True)})),
            "custom": Partly(Object({**TYPE, "name": Field(Text(least=1), required=True)})),
        }
    )
)

_NAMED = Object({**TYPE, "name": Field(Text(least=1), required=True)})
_HOSTED = (
    *("file_search", "code_interpreter", "image_generation", "web_search_preview", "web_search_preview_2025_03_11"),
    *("computer", "computer_use", "computer_use_preview", "shell", "apply_patch", "programmatic_tool_calling"),
)
TOOL_CHOICE = OrText(
    Choice(("none", "auto", "required")),
    Tagged(
        {
            "function": _NAMED,
            "custom": _NAMED,
            "mcp": Object({**TYPE, "server_label": Field(Text(), required=True), "name": Field(Text())}),
            "allowed_tools": Object(
                {
                    **TYPE,
                    "mode": Field(Choice(("auto", "required")), required=True),
                    "tools": Field(ListOf(Partly(Object(TYPE)), least=1), required=True),
                }
            ),
            **{kind: Object(TYPE) for kind in _HOSTED},
        }
    ),
)


def check_choice(choice: Any, tools: Sequence[Mapping[str, Any]]) -> None:
    """Raise WireError 400 where a request chooses a tool that it does not have."""
    if not isinstance(choice, Mapping):
        return
    wanted = choice["tools"] if choice["type"] == "allowed_tools" else [choice]
    for each in wanted:
        if not any(_is_meant(each, tool) for tool in tools):
            name = each.get("name") or each.get("server_label") or each["type"]
            raise invalid(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")


def chosen(choice: Any, tools: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Give the tools that a model may use: all, or those that are allowed."""
    if not isinstance(choice, Mapping) or choice["type"] != "allowed_tools":
        return tools
    return [tool for tool in tools if any(_is_meant(each, tool) for each in choice["tools"])]


def _is_meant(choice: Mapping[str, Any], tool: Mapping[str, Any]) -> bool:
    match choice["type"]:
        case "function" | "custom":
            key = "name"
        case "mcp":
            key = "server_label"
        case kind:  # one of a family may stand for another: web_search_preview, computer_use
            return bool(kind.startswith(tool["type"]) or tool["type"].startswith(kind))
    return tool["type"] == choice["type"] and tool.get(key) == choice.get(key)


def check_named(tools: Sequence[Mapping[str, Any]], is_there: Callable[[str, str], bool]) -> None:
    """Raise WireError 400 for a vector store or a file that a tool names and that is not there.

    `is_there` is asked for a kind of documents and an id.
    """
    for number, tool in enumerate(tools):
        if tool["type"] == "file_search":
            kind, ids, place = "vector_store", tool["vector_store_ids"], "vector_store_ids"
        elif tool["type"] == "code_interpreter" and isinstance(tool["container"], Mapping):
            kind, ids, place = "file", tool["container"].get("file_ids") or (), "container.file_ids"
        else:
            continue
        for id in ids:
            if not is_there(kind, id):
                what = kind.replace("_", " ").capitalize()
                raise invalid(f"{what} with id '{id}' not found.", param=f"tools[{number}].{place}")
