"""What an assistant may say for Foundry classic alone, under `assistants:`; only targets of that protocol see it.

Tools that Foundry has beside those of the protocol. The words are its own (package azure-ai-agents, models); where it
takes a list of exactly one connection, here the one is written.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.address import Address, Kind
from orchestrator.model.address import Name as AddressName
from orchestrator.model.fields import Ref
from orchestrator.model.language import Json, NonEmpty, Strict, key_among

TOOL = "tools.assistants:"
"""How the path of a tool begins that only Foundry has; a function's name has no colon."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class BingGrounding(Strict):
    """Answers out of a web search."""

    connection_id: NonEmpty = Field(description="Id of the project's connection to Bing")
    market: NonEmpty | None = Field(None, description="Market of the results, such as de-DE")
    set_lang: NonEmpty | None = Field(None, description="Language of its texts, such as de")
    count: int | None = Field(None, ge=1, le=50, description="How many results it gives")
    freshness: NonEmpty | None = Field(None, description="Day, Week, Month, or a span of days")


class BingCustomSearch(BingGrounding):
    """The same over a list of sites."""

    instance_name: NonEmpty = Field(description="Name of the custom search's configuration")


class AzureAiSearch(Strict):
    """Search in an index of Azure AI Search."""

    index_connection_id: NonEmpty | None = Field(None, description="Id of the project's connection to the service")
    index_name: NonEmpty | None = Field(None, description="Name of the index there")
    index_asset_id: NonEmpty | None = Field(
        None, description="Id of an index that the project knows, instead of these two"
    )
    query_type: Literal["simple", "semantic", "vector", "vector_simple_hybrid", "vector_semantic_hybrid"] | None = (
        Field(None, description="How it is searched")
    )
    top_k: int | None = Field(None, ge=1, description="How many documents the model gets")
    filter: NonEmpty | None = Field(None, description="Which documents count, as the service writes filters")


class Connected(Strict):
    """A service the project has a connection to."""

    connection_id: NonEmpty = Field(description="Id of the project's connection to it")


class ManagedIdentity(Strict):
    """The project signs in as itself."""

    audience: NonEmpty = Field(description="What the token is for")


class ConnectionAuth(Strict):
    """`connection: {connection_id: ID}`."""

    connection: Connected


class ManagedAuth(Strict):
    """`managed_identity: {audience: ...}`."""

    managed_identity: ManagedIdentity


class OpenApi(Strict):
    """An HTTP API, told by its OpenAPI description."""

    name: Name = Field(description="What the model calls it by")
    description: str | None = Field(None, description="What it is for; the model reads this")
    spec: Json = Field(description="The OpenAPI description")
    auth: Literal["anonymous"] | ConnectionAuth | ManagedAuth = Field("anonymous", description="How it authenticates")
    default_params: list[NonEmpty] | None = Field(None, description="Parameters that take the user's defaults")


class FoundryMcp(Strict):
    """Tools of an MCP server."""

    server_label: Name = Field(description="What the server is called in tool calls")
    server_url: NonEmpty = Field(description="Its address")
    allowed_tools: list[NonEmpty] | None = Field(None, description="Tools the model may call; all if left out")


class ConnectedAgent(Strict):
    """Another assistant, to be asked."""

    assistant: AddressName | None = Field(None, description="Name of its spec, if it is one of this project")
    id: NonEmpty | None = Field(None, description="Its id, if it is live and not this project's")
    name: Name = Field(description="What the model calls it by")
    description: str = Field(description="What it is for; the model reads this")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.assistant is None) == (self.id is None):
            raise PydanticCustomError("connected", "give a connected agent `assistant` or `id`, and not both")
        return self


class Queue(Strict):
    """A queue of Azure Storage."""

    queue_service_endpoint: NonEmpty
    queue_name: NonEmpty


class AzureFunction(Strict):
    """A function in Azure that takes its arguments from one queue and puts what came of it into another."""

    name: Name = Field(description="What the model calls it by")
    description: str | None = Field(None, description="What it does; the model reads this")
    parameters: Json = Field(description="JSON Schema of its arguments")
    input: Queue = Field(description="Where its arguments go")
    output: Queue = Field(description="Where its result is read")


class BingGroundingTool(Strict):
    """`bing_grounding: {...}`."""

    bing_grounding: BingGrounding


class BingCustomSearchTool(Strict):
    """`bing_custom_search: {...}`."""

    bing_custom_search: BingCustomSearch


class AzureAiSearchTool(Strict):
    """`azure_ai_search: {...}`."""

    azure_ai_search: AzureAiSearch


class OpenApiTool(Strict):
    """`openapi: {...}`."""

    openapi: OpenApi


class FoundryMcpTool(Strict):
    """`mcp: {...}`."""

    mcp: FoundryMcp


class ConnectedAgentTool(Strict):
    """`connected_agent: {...}`."""

    connected_agent: ConnectedAgent


class AzureFunctionTool(Strict):
    """`azure_function: {...}`."""

    azure_function: AzureFunction


class FabricTool(Strict):
    """`fabric_dataagent: {...}`."""

    fabric_dataagent: Connected


class SharepointTool(Strict):
    """`sharepoint_grounding: {...}`."""

    sharepoint_grounding: Connected


KINDS: Mapping[str, type[Strict]] = {
    "bing_grounding": BingGrounding,
    "bing_custom_search": BingCustomSearch,
    "azure_ai_search": AzureAiSearch,
    "openapi": OpenApi,
    "mcp": FoundryMcp,
    "connected_agent": ConnectedAgent,
    "azure_function": AzureFunction,
    "fabric_dataagent": Connected,
    "sharepoint_grounding": Connected,
}
_QUEUES = ("input", "output")
_LISTED = {
    "bing_grounding": "search_configurations",
    "bing_custom_search": "search_configurations",
    "azure_ai_search": "indexes",
    "fabric_dataagent": "connections",
    "sharepoint_grounding": "connections",
}
"""Where Foundry has a list of exactly one."""
INDEXES = "azure_ai_search"
"""The tool whose settings are not in the list of tools, but a resource of that name."""


def _tag(value: Any) -> str | None:
    return key_among(value, tuple(KINDS))


AssistantsTool = Annotated[
    Annotated[BingGroundingTool, Tag("bing_grounding")]
    | Annotated[BingCustomSearchTool, Tag("bing_custom_search")]
    | Annotated[AzureAiSearchTool, Tag("azure_ai_search")]
    | Annotated[OpenApiTool, Tag("openapi")]
    | Annotated[FoundryMcpTool, Tag("mcp")]
    | Annotated[ConnectedAgentTool, Tag("connected_agent")]
    | Annotated[AzureFunctionTool, Tag("azure_function")]
    | Annotated[FabricTool, Tag("fabric_dataagent")]
    | Annotated[SharepointTool, Tag("sharepoint_grounding")],
    Discriminator(
        _tag,
        custom_error_type="tool",
        custom_error_message="not a tool of Foundry: write bing_grounding: {...}, azure_ai_search: {...}, "
        "openapi: {...} or another of those in docs/targets.md",
    ),
]
_TOOLS: TypeAdapter[Any] = TypeAdapter(AssistantsTool)


class AssistantsSettings(Strict):
    """What only Foundry classic knows."""

    tools: list[AssistantsTool] | None = Field(None, description="Tools that only Foundry classic has")


def assistants_fields(settings: AssistantsSettings) -> dict[str, Any]:
    """Give the declared settings as flat fields: each tool as the API has it."""
    return {f"{TOOL}{assistants_tool_name(tool)}": _to_wire(tool) for tool in settings.tools or ()}


def assistants_tool_name(tool: object) -> str:
    """Give the name of a tool within its path; of some there may be several."""
    kind = str(key_among(tool, tuple(KINDS)))
    settings = getattr(tool, kind)
    own = settings.server_label if kind == "mcp" else getattr(settings, "name", None)
    return kind if own is None else f"{kind}:{own}"


def _to_wire(tool: object) -> dict[str, Any]:
    kind = str(key_among(tool, tuple(KINDS)))
    settings: Strict = getattr(tool, kind)
    given = {key: getattr(settings, key) for key in KINDS[kind].model_fields if getattr(settings, key) is not None}
    if kind in _LISTED:
        return {"type": kind, kind: {_LISTED[kind]: [given]}}
    match settings:
        case OpenApi():
            return {"type": kind, kind: {**given, "auth": _auth_to_wire(settings.auth)}}
        case FoundryMcp():
            return {"type": kind, **given}
        case ConnectedAgent(assistant=str(name)):
            del given["assistant"]
            return {"type": kind, kind: {"id": Ref(Address(Kind.ASSISTANT, name)), **given}}
        case AzureFunction():
            function = {key: given[key] for key in ("name", "description", "parameters") if key in given}
            bindings = {f"{key}_binding": _binding(getattr(settings, key)) for key in _QUEUES}
            return {"type": kind, kind: {"function": function, **bindings}}
        case _:
            return {"type": kind, kind: given}


def _binding(queue: Queue) -> dict[str, Any]:
    return {"type": "storage_queue", "storage_queue": queue.model_dump()}


def _auth_to_wire(auth: object) -> dict[str, Any]:
    match auth:
        case ConnectionAuth(connection=settings) | ManagedAuth(managed_identity=settings):
            kind = "connection" if isinstance(auth, ConnectionAuth) else "managed_identity"
            return {"type": kind, "security_scheme": settings.model_dump()}
        case _:
            return {"type": "anonymous"}


def known(tool: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Give the name and the value of a live tool as a spec would declare it; None where a spec cannot.

    What specs have no words for within it is left out. The tool has its resource under its own name.
    """
    try:
        typed = _TOOLS.validate_python(_written(tool))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return assistants_tool_name(typed), _to_wire(typed)


def assistants_settings_from(fields: Mapping[str, Any], _defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give `assistants:` as an author would write it for these fields; its tools have no defaults."""
    tools = [_written(value) for path, value in fields.items() if path.startswith(TOOL)]
    return {"tools": tools} if tools else {}


def _written(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Give a live tool as an author would write it; raises a builtin error where it is not shaped like one."""
    kind = str(tool["type"])
    inner = tool if kind == "mcp" else tool[kind]
    if kind == "azure_function":
        inner = {**inner["function"], **{key: inner[f"{key}_binding"]["storage_queue"] for key in _QUEUES}}
    elif kind == "openapi":
        inner = {**inner, "auth": _auth_from_wire(inner["auth"])}
    elif kind in _LISTED:
        [inner] = inner[_LISTED[kind]]
    given = _of(inner, KINDS[kind])
    return {kind: {key: item for key, item in given.items() if (key, item) != ("auth", "anonymous")}}


def _auth_from_wire(auth: Mapping[str, Any]) -> Any:
    schemes: dict[str, type[Strict]] = {"connection": Connected, "managed_identity": ManagedIdentity}
    scheme = schemes.get(auth["type"])
    return auth["type"] if scheme is None else {auth["type"]: _of(auth["security_scheme"], scheme)}


def _of(value: Mapping[str, Any], model: type[Strict]) -> dict[str, Any]:
    """Give what a model has words for, nulls left out."""
    fields = model.model_fields
    return {
        key: _of(value[key], Queue) if fields[key].annotation is Queue else value[key]
        for key in fields
        if value.get(key) is not None
    }
