"""How the engine asks a model: the conversation so far in, one step out.

To add a kind of model, write a class with `name`, `answers` and `step`.
It must: be stateless between calls (everything it may know is in the request, because a run can be resumed by
another process after a crash), give exactly one `ModelStep`, and let `asyncio.CancelledError` through.
It may: take as long as it likes; the engine cancels it when the run is cancelled or expires.
It must not: check that the tools it calls were offered; the engine does, for every model alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

ErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]

CODE_INTERPRETER = "code_interpreter"
FILE_SEARCH = "file_search"


@dataclass(frozen=True, slots=True)
class ModelMessage:
    """One message of the thread; its text parts joined with newlines."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[str, ...] = ()
    """Addresses of a user's pictures; those of files are `data:` URLs."""


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """One search result, as a model sees it and a template may print it."""

    file_id: str
    filename: str
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """One tool call of this run and what came of it."""

    call_id: str
    name: str
    """The function's name, `code_interpreter` or `file_search`."""

    arguments: str
    """A function's arguments as the JSON text the model wrote; the code; the query."""

    output: str
    """What the client submitted; the code's logs; the found texts joined with blank lines."""

    passages: tuple[FoundPassage, ...] = ()
    hosted: bool = False
    """Whether the server's own tool was called, and not a function that has its name."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything a model may know."""

    model: str
    instructions: str
    messages: tuple[ModelMessage, ...]
    """Oldest first, already truncated as the run asks."""

    tools: tuple[Mapping[str, Any], ...]
    """As on the wire; empty when `tool_choice` is none."""

    tool_steps: tuple[tuple[ToolResult, ...], ...] = ()
    """This run's tool steps in order; parallel calls stand together in one step."""

    tool_choice: Any = "auto"
    response_format: Any = "auto"
    temperature: float | None = None
    top_p: float | None = None
    max_completion_tokens: int | None = None
    """What is left of the run's limit, at least 1."""

    reasoning_effort: str | None = None
    parallel_tool_calls: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """The model answers; that ends the run. The engine adds a citation mark to the text for each cited passage."""

    text: str
    citations: tuple[FoundPassage, ...] = ()
    cut_off: bool = False
    """Whether a limit of tokens stopped the model before its end; the run is then incomplete."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One function call; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallFunctions:
    """The model wants these functions called, together."""

    calls: tuple[FunctionCall, ...]


@dataclass(frozen=True, slots=True)
class RunCode:
    """The model wants this Python run."""

    code: str


@dataclass(frozen=True, slots=True)
class Search:
    """The model wants the vector stores searched."""

    query: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The run fails with this `last_error`."""

    code: ErrorCode
    message: str


Action = Reply | CallFunctions | RunCode | Search | Failure


@dataclass(frozen=True, slots=True)
class ModelStep:
    """What the model does next. Token counts are the model's own, where it knows them."""

    action: Action
    delay_ms: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Model(Protocol):
    """One model the server can run."""

    @property
    def name(self) -> str:
        """The name runs ask for, or `*` for any."""
        ...

    @property
    def shutdown_date(self) -> str | None:
        """The day on which it is shut down, `YYYY-MM-DD`, as `/models` tells it; None where none is set."""
        ...

    async def step(self, request: ModelRequest) -> ModelStep:
        """Decide what comes next. A model's own trouble is a `Failure`, not an exception."""
        ...


@runtime_checkable
class Catalogue(Protocol):
    """A model that stands for many, whose names it knows."""

    async def fetch_names(self) -> Sequence[str]:
        """Give the names there are now, for `/models`; none where they cannot be read."""
        ...


def find_model(models: Sequence[Model], name: str) -> Model | None:
    """Choose who answers for a model name: the first with exactly this name, else the first `*`."""
    exact = (model for model in models if model.name == name)
    anyone = (model for model in models if model.name == "*")
    return next(exact, None) or next(anyone, None)


def how_to_add(name: str) -> str:
    """Say what to do where nobody answers for a model name."""
    return (
        f"add a ScriptedModel named '{name}' or '*', or let a real model answer: "
        "`upstream: {base_url: URL}` on the local target, `orch serve --upstream URL`"
    )
