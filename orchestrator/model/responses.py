"""What an assistant may say for the Responses API alone, under `responses:`; no other target sees it (API facts 3.1).

The words are the API's own. Nothing is filled in: a release holds what was declared, and the API's defaults are what
they are on the day of the request.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from orchestrator.model.agents import Location
from orchestrator.model.language import NonEmpty, Strict, key_among

TOOL = "tools.responses:"
"""How the path of a tool begins that only this API has; a function's name has no colon."""
PREFIX = "responses."
"""How the path of a setting begins."""

Label = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class WebSearch(Strict):
    """Search in the web."""

    search_context_size: Literal["low", "medium", "high"] | None = Field(
        None, description="How much of the results the model reads"
    )
    allowed_domains: list[NonEmpty] | None = Field(None, description="Domains to search; all if left out")
    user_location: Location | None = Field(None, description="Approximate location to search from")

    def to_wire(self) -> dict[str, Any]:
        """Give the tool as the API has it, without its type."""
        tool = self.model_dump(include={"search_context_size"}, exclude_none=True)
        if self.allowed_domains is not None:
            tool["filters"] = {"allowed_domains": self.allowed_domains}
        if self.user_location is not None:
            tool["user_location"] = {"type": "approximate", **self.user_location.model_dump(exclude_none=True)}
        return tool


class ImageGeneration(Strict):
    """Pictures that the model draws."""

    model: NonEmpty | None = Field(None, description="Image model; the API's choice if left out")
    size: NonEmpty | None = Field(None, description="Width and height such as 1024x1024, or auto")
    quality: Literal["low", "medium", "high", "auto"] | None = None
    output_format: Literal["png", "webp", "jpeg"] | None = None

    def to_wire(self) -> dict[str, Any]:
        """Give the tool as the API has it, without its type."""
        return self.model_dump(exclude_none=True)


class Mcp(Strict):
    """Tools of an MCP server. What it needs to know you by travels with the request, never in a release."""

    server_label: Label = Field(description="What the server is called in tool calls")
    server_url: NonEmpty = Field(description="Its address")
    server_description: NonEmpty | None = Field(None, description="What it is for; the model reads this")
    allowed_tools: list[NonEmpty] | None = Field(None, description="Tools the model may call; all if left out")
    require_approval: Literal["always", "never"] = Field(
        "never", description="Whether each call needs approval; a scenario cannot give it"
    )

    def to_wire(self) -> dict[str, Any]:
        """Give the tool as the API has it, without its type."""
        return self.model_dump(exclude_none=True)


class WebSearchTool(Strict):
    """`web_search: {...}`."""

    web_search: WebSearch


class ImageGenerationTool(Strict):
    """`image_generation: {...}`."""

    image_generation: ImageGeneration


class McpTool(Strict):
    """`mcp: {...}`."""

    mcp: Mcp


NAMES = ("web_search", "image_generation")
_BARE = {"web_search": WebSearch, "image_generation": ImageGeneration}


def _tag(value: Any) -> str | None:
    return "name" if isinstance(value, str) else key_among(value, (*NAMES, "mcp"))


ResponsesTool = Annotated[
    Annotated[Literal["web_search", "image_generation"], Tag("name")]
    | Annotated[WebSearchTool, Tag("web_search")]
    | Annotated[ImageGenerationTool, Tag("image_generation")]
    | Annotated[McpTool, Tag("mcp")],
    Discriminator(
        _tag,
        custom_error_type="tool",
        custom_error_message="not a tool of responses: write web_search, image_generation or mcp: {...}",
    ),
]


class ResponsesSettings(Strict):
    """What only the Responses API knows."""

    verbosity: Literal["low", "medium", "high"] | None = Field(None, description="How much the model writes")
    reasoning_summary: Literal["concise", "detailed", "auto"] | None = Field(
        None, description="How its reasoning is summarized"
    )
    max_output_tokens: int | None = Field(None, ge=16, description="Most tokens of a response, reasoning included")
    max_tool_calls: int | None = Field(None, ge=1, description="Most calls of built-in tools per response")
    parallel_tool_calls: bool | None = Field(None, description="Whether several tools may be called at once")
    truncation: Literal["auto", "disabled"] | None = Field(
        None, description="auto drops the oldest items if the context is full; disabled fails"
    )
    service_tier: NonEmpty | None = Field(None, description="Service tier of requests, such as flex or priority")
    tools: list[ResponsesTool] | None = Field(None, description="Tools that only this API has")


SIMPLE = (
    "verbosity",
    "reasoning_summary",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    "truncation",
    "service_tier",
)
"""Settings that are one value each."""


def responses_fields(settings: ResponsesSettings) -> dict[str, Any]:
    """Give the declared settings as flat fields."""
    fields = {f"{PREFIX}{key}": getattr(settings, key) for key in SIMPLE if getattr(settings, key) is not None}
    return fields | {f"{TOOL}{responses_tool_name(tool)}": _tool(tool) for tool in settings.tools or ()}


def responses_tool_name(tool: object) -> str:
    """Give the name of a tool within its path."""
    if isinstance(tool, McpTool):
        return f"mcp:{tool.mcp.server_label}"
    return tool if isinstance(tool, str) else str(key_among(tool, NAMES))


def _tool(tool: object) -> dict[str, Any]:
    if isinstance(tool, McpTool):
        return {"type": "mcp", **tool.mcp.to_wire()}
    name = responses_tool_name(tool)
    settings = _BARE[name]() if isinstance(tool, str) else getattr(tool, name)
    return {"type": name, **settings.to_wire()}


def settings_from(fields: Mapping[str, Any], _defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give `responses:` as an author would write it for these fields; a release has no defaults.

    Raises ValueError for a tool that the language has no words for.
    """
    written = {key: fields[f"{PREFIX}{key}"] for key in SIMPLE if fields.get(f"{PREFIX}{key}") is not None}
    tools = [_written(value) for path, value in fields.items() if path.startswith(TOOL)]
    return written | ({"tools": tools} if tools else {})


def _written(tool: Mapping[str, Any]) -> str | dict[str, Any]:
    """Give a tool as an author would write it."""
    kind = str(tool.get("type"))
    given = {key: value for key, value in tool.items() if key != "type"}
    if kind not in (*NAMES, "mcp"):
        raise ValueError(kind)
    if kind == "web_search":
        filters = given.pop("filters", None) or {}
        given |= {"allowed_domains": filters["allowed_domains"]} if filters.get("allowed_domains") else {}
        if location := given.pop("user_location", None):
            given["user_location"] = {key: value for key, value in location.items() if key != "type"}
    return {kind: given} if given else kind
