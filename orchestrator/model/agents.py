"""What an assistant may say for the Agents API alone, under `agents:`; no other target sees it (API facts 1.2, 1.3).

The words are the API's own. Values it fills in are filled in here too, so that a field never differs from itself.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.bridges import TOOLS
from orchestrator.model.language import NonEmpty, Strict, key_among

SUBAGENTS = 6
"""How many subagents work at a time where several are enabled and no number is given."""
BRIDGES = "agents.bridges"
MARKS = ("defer_loading", "async")
"""What an agent may say of a function; true or left out."""
TOOL = "tools.agents:"
"""How the path of a tool begins that only this API has; a function's name has no colon."""

FunctionName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class Location(Strict):
    """Where a search is made from, approximately."""

    city: NonEmpty | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description="Two-letter ISO code, such as US"
    )
    region: NonEmpty | None = None
    timezone: NonEmpty | None = Field(None, description="IANA name, such as Asia/Seoul")


class WebSearch(Strict):
    """Search in the web."""

    mode: Literal["live", "cached", "disabled"] = Field("live", description="Where results come from")
    context_size: Literal["low", "medium", "high"] = Field("medium", description="How much of them the model reads")
    allowed_domains: list[NonEmpty] | None = Field(None, description="Domains to search; all if left out")
    location: Location | None = Field(None, description="Approximate location to search from")


class ComputerUse(Strict):
    """A browser in a hosted session."""

    include_screenshots: bool = Field(False, description="Whether outputs include screenshots")


class ToolSearch(Strict):
    """Finds deferred functions and loads them; see `defer_loading`."""


class ProgrammaticToolCalling(Strict):
    """Tools may be called from code the model writes."""

    enabled: bool = True


class Automations(Strict):
    """The agent plans its own wake-ups."""


class Mcp(Strict):
    """Tools of an MCP server, reached over HTTP or started in the session's environment."""

    server_label: Label = Field(description="What the server is called in tool calls")
    server_url: NonEmpty | None = Field(None, description="Its address, for a server reached over HTTP")
    headers: dict[NonEmpty, str] = Field(default_factory=dict, description="HTTP headers; never a secret")
    command: NonEmpty | None = Field(None, description="What starts it, for a server in the environment")
    cwd: NonEmpty | None = Field(None, description="Folder to start it in")
    args: list[str] = Field(default_factory=list, description="Arguments of the command")
    env_vars: list[NonEmpty] = Field(default_factory=list, description="Names of variables it may see")
    allowed_tools: list[NonEmpty] | None = Field(None, description="Tools the agent may call; all if left out")
    connection_origin: Literal["service", "environment"] = Field("service", description="Where HTTP connections start")
    credential_id: NonEmpty | None = Field(None, description="A vault's credential for it")
    request_metadata: dict[str, Any] = Field(default_factory=dict, description="Sent with every request")
    required: bool = Field(False, description="Whether it must be up before the first turn")

    @model_validator(mode="after")
    def _is_reached_one_way(self) -> Self:
        if (self.server_url is None) == (self.command is None):
            raise PydanticCustomError("mcp", "give an MCP server `server_url`, or `command` and `cwd`, and not both")
        if self.command is not None and self.cwd is None:
            raise PydanticCustomError("mcp", "an MCP server with a `command` needs a `cwd`")
        return self

    def to_wire(self) -> dict[str, Any]:
        """Give the tool as the API has it, without its type."""
        if self.server_url is not None:
            transport: dict[str, Any] = {"type": "http", "server_url": self.server_url, "headers": self.headers}
        else:
            transport = {"type": "stdio", "command": self.command, "cwd": self.cwd}
            transport |= {"args": self.args, "env_vars": self.env_vars}
        rest = self.model_dump(include={"allowed_tools", "connection_origin", "credential_id"}, exclude_none=True)
        rest |= {"request_metadata": self.request_metadata, "required": self.required}
        return {"server_label": self.server_label, "transport": transport, **rest}


class WebSearchTool(Strict):
    """`web_search: {...}`."""

    web_search: WebSearch


class ComputerUseTool(Strict):
    """`computer_use: {...}`."""

    computer_use: ComputerUse


class ToolSearchTool(Strict):
    """`tool_search: {}`."""

    tool_search: ToolSearch


class ProgrammaticTool(Strict):
    """`programmatic_tool_calling: {...}`."""

    programmatic_tool_calling: ProgrammaticToolCalling


class AutomationsTool(Strict):
    """`automations: {}`."""

    automations: Automations


class McpTool(Strict):
    """`mcp: {...}`."""

    mcp: Mcp


NAMES = ("web_search", "computer_use", "tool_search", "programmatic_tool_calling", "automations")
_BARE = {
    "web_search": WebSearch,
    "computer_use": ComputerUse,
    "tool_search": ToolSearch,
    "programmatic_tool_calling": ProgrammaticToolCalling,
    "automations": Automations,
}


def _tag(value: Any) -> str | None:
    return "name" if isinstance(value, str) else key_among(value, (*NAMES, "mcp"))


AgentsTool = Annotated[
    Annotated[
        Literal["web_search", "computer_use", "tool_search", "programmatic_tool_calling", "automations"], Tag("name")
    ]
    | Annotated[WebSearchTool, Tag("web_search")]
    | Annotated[ComputerUseTool, Tag("computer_use")]
    | Annotated[ToolSearchTool, Tag("tool_search")]
    | Annotated[ProgrammaticTool, Tag("programmatic_tool_calling")]
    | Annotated[AutomationsTool, Tag("automations")]
    | Annotated[McpTool, Tag("mcp")],
    Discriminator(
        _tag,
        custom_error_type="tool",
        custom_error_message="not a tool of agents: write web_search, tool_search, computer_use: {...}, mcp: {...}",
    ),
]


class MultiAgent(Strict):
    """Whether the agent may start others."""

    enabled: bool = Field(description="Whether it may start them")
    max_concurrent_subagents: int | None = Field(
        None, ge=1, description=f"How many work at a time; {SUBAGENTS} where left out"
    )

    @model_validator(mode="after")
    def _counts_those_there_are(self) -> Self:
        if not self.enabled and self.max_concurrent_subagents is not None:
            raise PydanticCustomError(
                "multi_agent",
                "leave out `max_concurrent_subagents`, or write `enabled: true`: there are none otherwise",
            )
        return self


class Compaction(Strict):
    """How a long conversation is made shorter."""

    async_: bool = Field(False, alias="async", description="In the background, while the agent continues")


class AgentsSettings(Strict):
    """What only the Agents API knows."""

    service_tier: Literal["auto", "default", "flex", "priority", "fast", "ultrafast"] | None = Field(
        None, description="Service tier of model requests"
    )
    verbosity: Literal["low", "medium", "high"] | None = Field(None, description="How much the agent writes")
    reasoning_summary: Literal["concise", "detailed", "auto"] | None = Field(
        None, description="How its reasoning is summarized"
    )
    multi_agent: MultiAgent | None = Field(None, description="Whether it may start other agents")
    compaction: Compaction | None = Field(None, description="How a long conversation is shortened")
    time_awareness: bool | None = Field(None, description="Whether it is told the time (experimental)")
    tools: list[AgentsTool] | None = Field(None, description="Tools that only this API has")
    bridges: list[Literal["file_search", "code_interpreter"]] | None = Field(
        None, description="Tools this API lacks, brought to it: file_search as a function, code in a hosted environment"
    )
    defer_loading: list[FunctionName] | None = Field(
        None, description="Functions that `tool_search` loads when needed, by the name the model calls"
    )
    async_: list[FunctionName] | None = Field(
        None, alias="async", description="Functions the agent does not wait for, by the name the model calls"
    )

    @property
    def marks(self) -> dict[str, list[str]]:
        """Give the functions that are marked, by how."""
        return {"defer_loading": self.defer_loading or [], "async": self.async_ or []}


def agents_fields(settings: AgentsSettings) -> dict[str, Any]:
    """Give the declared settings as flat fields."""
    fields: dict[str, Any] = {}
    for key in ("service_tier", "verbosity", "reasoning_summary", "time_awareness"):
        if getattr(settings, key) is not None:
            fields[f"agents.{key}"] = getattr(settings, key)
    if settings.multi_agent is not None:
        most = settings.multi_agent.max_concurrent_subagents or SUBAGENTS
        enabled = settings.multi_agent.enabled
        fields["agents.multi_agent"] = {"enabled": enabled, **({"max_concurrent_subagents": most} if enabled else {})}
    if settings.compaction is not None:
        fields["agents.compaction"] = {"async": settings.compaction.async_}
    if settings.bridges:
        fields[BRIDGES] = [name for name in TOOLS if name in settings.bridges]
    for tool in settings.tools or ():
        fields[f"{TOOL}{agents_tool_name(tool)}"] = _tool(tool)
    return fields | {f"tools.{name}.{mark}": True for mark, names in settings.marks.items() for name in names}


def agents_tool_name(tool: object) -> str:
    """Give the name of a tool within its path."""
    if isinstance(tool, McpTool):
        return f"mcp:{tool.mcp.server_label}"
    return tool if isinstance(tool, str) else str(key_among(tool, NAMES))


def _tool(tool: object) -> dict[str, Any]:
    if isinstance(tool, McpTool):
        return {"type": "mcp", **tool.mcp.to_wire()}
    name = agents_tool_name(tool)
    settings: Strict = _BARE[name]() if isinstance(tool, str) else getattr(tool, name)
    return {"type": name, **settings.model_dump(exclude_none=True)}


def settings_from(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give `agents:` as an author would write it for these fields, what equals a default left out.

    Raises ValueError for a tool that the language has no words for.
    """
    written: dict[str, Any] = {}
    for key in AgentsSettings.model_fields:
        path = f"agents.{key}"
        if fields.get(path) is not None and fields[path] != defaults.get(path):
            written[key] = fields[path]
    tools = [_written(value) for path, value in fields.items() if path.startswith(TOOL)]
    parts = [path.split(".") for path, value in fields.items() if value is True and path.startswith("tools.")]
    marked = {mark: [part[1] for part in parts if part[2:] == [mark]] for mark in MARKS}
    return written | ({"tools": tools} if tools else {}) | {mark: names for mark, names in marked.items() if names}


def _written(tool: Mapping[str, Any]) -> str | dict[str, Any]:
    """Give a tool as an author would write it."""
    kind = str(tool.get("type"))
    given = {key: value for key, value in tool.items() if key != "type"}
    if kind == "mcp":
        transport = {key: value for key, value in (given.pop("transport", None) or {}).items() if key != "type"}
        whole = {**given, **transport}
        return {"mcp": {key: whole[key] for key in Mcp.model_fields if whole.get(key) not in (None, {}, [])}}
    if kind not in NAMES:
        raise ValueError(kind)
    bare = _BARE[kind]().model_dump(exclude_none=True)
    options = {key: value for key, value in given.items() if value != bare.get(key)}
    return {kind: options} if options else kind
