"""Assistants, functions and vector stores as an author writes them.

Limits are the API's own (API facts 2.2, 2.3, 4.1), so that a spec fails on the desk and not on the wire.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.diagnostics import did_you_mean
from orchestrator.model.address import Name
from orchestrator.model.agents import AgentsSettings
from orchestrator.model.assistants import AssistantsSettings
from orchestrator.model.language import FileText, Json, Metadata, NonEmpty, OwnKey, Spec, Strict
from orchestrator.model.responses import ResponsesSettings

FunctionName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
BUILT_IN_TOOLS = ("code_interpreter", "file_search")


class Function(Spec):
    """A function the model may call: its name, purpose and the JSON Schema of its arguments."""

    kind: Literal["Function"] = "Function"
    name: FunctionName = Field(description="Name that assistants list it by")
    display_name: FunctionName | None = Field(None, description="Name the model calls it by; `name` if left out")
    description: Annotated[str, StringConstraints(max_length=1024)] | None = Field(
        None, description="What it does and when to call it; the model reads this"
    )
    strict: bool = Field(False, description="Arguments follow the schema exactly (structured outputs)")
    parameters: Json = Field(
        default_factory=lambda: {"type": "object", "properties": {}}, description="JSON Schema of the arguments"
    )

    @model_validator(mode="after")
    def _name_is_free(self) -> Self:
        for key, name in (("name", self.name), ("display_name", self.display_name)):
            if name in BUILT_IN_TOOLS:
                message = "the name `{name}` is a built-in tool's"
                raise PydanticCustomError("reserved_name", message, {"name": name, "key": key})
        return self

    @property
    def called(self) -> str:
        """The name the model calls it by."""
        return self.display_name or self.name


class RankingOptions(Strict):
    """How found passages are ranked and cut."""

    ranker: Literal["auto", "default_2024_08_21"] = Field("auto", description="Which ranker scores the passages")
    score_threshold: float = Field(0.0, ge=0, le=1, description="Passages below this score are left out")


class FileSearch(Strict):
    """Search in vector stores."""

    vector_stores: list[Name] = Field(
        default_factory=list, max_length=1, description="Names of the vector stores to search (the API takes one)"
    )
    max_num_results: int | None = Field(
        None, ge=1, le=50, description="How many passages a search returns to the model"
    )
    ranking_options: RankingOptions | None = None


class ToolFiles(Strict):
    """One path or a glob."""

    path: NonEmpty = Field(description="Path or glob, relative to the spec; inside the project")
    exclude: list[NonEmpty] = Field(
        default_factory=list, description="Files to exclude: patterns as in .gitignore, relative to the spec"
    )


class CodeInterpreter(Strict):
    """Python that the model writes, run in a sandbox."""

    files: list[ToolFiles] = Field(default_factory=list, description="Files that the code can read, at most 20 in all")


class FileSearchTool(Strict):
    """`file_search: {...}`."""

    file_search: FileSearch


class CodeInterpreterTool(Strict):
    """`code_interpreter: {}`."""

    code_interpreter: CodeInterpreter


class FunctionTool(Strict):
    """`function: NAME` of a Function of this project."""

    function: FunctionName


def _tool_tag(value: Any) -> str | None:
    if isinstance(value, str):
        return "name"
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Strict) else ()
    return next((key for key in (*BUILT_IN_TOOLS, "function") if key in keys), None)


Tool = Annotated[
    Annotated[Literal["code_interpreter", "file_search"], Tag("name")]
    | Annotated[FileSearchTool, Tag("file_search")]
    | Annotated[CodeInterpreterTool, Tag("code_interpreter")]
    | Annotated[FunctionTool, Tag("function")],
    Discriminator(
        _tool_tag,
        custom_error_type="tool",
        custom_error_message="not a tool: write code_interpreter, file_search: {...} or function: NAME",
    ),
]


class JsonSchemaFormat(Strict):
    """Structured output: the reply is JSON of this schema."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    schema_: Json = Field(alias="schema", description="JSON Schema the reply follows")
    description: str | None = None
    strict: bool = False


class JsonSchemaReply(Strict):
    """`json_schema: {...}`."""

    json_schema: JsonSchemaFormat


FIELDS = (
    "display_name",
    "description",
    "model",
    "instructions",
    "tools",
    "temperature",
    "top_p",
    "reasoning_effort",
    "response_format",
    "metadata",
    "agents",
    "responses",
    "assistants",
    "files",
    "expires_after",
)
"""First words of the paths that `lifecycle.ignore` may name."""


def _known_field(path: str) -> str:
    first = path.partition(".")[0].partition("[")[0]
    if first not in FIELDS:
        raise PydanticCustomError(
            "unknown_field",
            "there is no field `{path}`: {hint}",
            {"path": path, "hint": did_you_mean(first, FIELDS) or f"known: {', '.join(FIELDS)}"},
        )
    return path


class Lifecycle(Strict):
    """How careful apply is with a resource."""

    protect: bool = Field(False, description="Never delete it; also written on the live object")
    ignore: list[Annotated[str, AfterValidator(_known_field)]] = Field(
        default_factory=list, description="Fields managed elsewhere, for example description or metadata.team"
    )


class Assistant(Spec):
    """An assistant: a model with instructions and tools."""

    kind: Literal["Assistant"] = "Assistant"
    name: Name = Field(description="The address: assistant.NAME")
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = Field(
        None, description="Name shown by the API; `name` if left out"
    )
    description: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = Field(
        None, description="What it is for; for people"
    )
    model: NonEmpty = Field(description="Model id, or a deployment's name")
    instructions: Annotated[str, StringConstraints(max_length=256_000)] | FileText | None = Field(
        None, description="The system prompt, as text or {file: PATH}"
    )
    tools: Annotated[list[Tool], Field(max_length=128)] | None = Field(
        None, description="Tools it may use; if given, the whole set"
    )
    temperature: float | None = Field(None, ge=0, le=2, description="Sampling temperature, 0 to 2")
    top_p: float | None = Field(None, ge=0, le=1, description="Nucleus sampling, 0 to 1")
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = Field(
        None, description="How long a reasoning model thinks"
    )
    response_format: Literal["auto", "text", "json_object"] | JsonSchemaReply | None = Field(
        None, description="auto, json_object, or {json_schema: {name, schema, strict}}"
    )
    metadata: Metadata = Field(
        default_factory=dict, description="Your own pairs: at most 16, less those of orch's record"
    )
    agents: AgentsSettings | None = Field(None, description="Settings for targets that speak `agents` only")
    responses: ResponsesSettings | None = Field(None, description="Settings for targets that speak `responses` only")
    assistants: AssistantsSettings | None = Field(None, description="Settings for Foundry classic only")
    lifecycle: Lifecycle = Field(
        Lifecycle(), description="{protect: true} never deletes it; {ignore: [FIELD]} leaves these fields unmanaged"
    )


class Chunking(Strict):
    """How a file is cut for search, in tokens (API facts 2.3); `auto` is 800 and 400."""

    max_chunk_size_tokens: int = Field(800, ge=100, le=4096)
    chunk_overlap_tokens: int = Field(400, ge=0)

    @model_validator(mode="after")
    def _overlap_is_at_most_half(self) -> Self:
        if self.chunk_overlap_tokens * 2 > self.max_chunk_size_tokens:
            raise PydanticCustomError(
                "overlap",
                "chunk_overlap_tokens may be at most half of max_chunk_size_tokens ({half})",
                {"half": self.max_chunk_size_tokens // 2},
            )
        return self


AttributeValue = Annotated[str, StringConstraints(max_length=512)] | float | int | bool


class StoreFiles(ToolFiles):
    """Files of a vector store: one path or a glob, with what they share."""

    attributes: Annotated[dict[OwnKey, AttributeValue], Field(max_length=14)] = Field(
        default_factory=dict, description="Attributes for search filters: at most 16, less two of orch's"
    )
    chunking: Literal["auto"] | Chunking = "auto"


class ExpiresAfter(Strict):
    """When an unused vector store expires."""

    days: int = Field(ge=1, le=365, description="Days since it was last used")


class VectorStore(Spec):
    """Documents an assistant can search."""

    kind: Literal["VectorStore"] = "VectorStore"
    name: Name = Field(description="The address: vector_store.NAME")
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = Field(
        None, description="Name shown by the API; `name` if left out"
    )
    files: list[StoreFiles] | None = Field(None, description="Files it holds; if given, the whole set")
    expires_after: ExpiresAfter | None = Field(None, description="{days: N} since it was last used, 1 to 365")
    metadata: Metadata = Field(
        default_factory=dict, description="Your own pairs: at most 16, less those of orch's record"
    )
    lifecycle: Lifecycle = Field(
        Lifecycle(), description="{protect: true} never deletes it; {ignore: [FIELD]} leaves these fields unmanaged"
    )
