"""A scripted conversation as written: what the user says, what functions answer, what must be true then."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.address import Name
from orchestrator.model.language import Json, NonEmpty, Pattern, Spec, Strict


class Returns(Strict):
    """A mock that always answers the same value; text is sent as it is, anything else as JSON."""

    returns: Any = Field(description="What the function returns")


class Sequence(Strict):
    """A mock that answers call after call; the last value is not repeated."""

    sequence: list[Returns] = Field(min_length=1, description="One answer a call, in order")


def _mock_tag(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Strict) else ()
    return next((key for key in ("returns", "sequence") if key in keys), None)


Mock = Annotated[
    Annotated[Returns, Tag("returns")] | Annotated[Sequence, Tag("sequence")],
    Discriminator(
        _mock_tag,
        custom_error_type="mock",
        custom_error_message="not a mock: write returns: VALUE or sequence: [{returns: VALUE}, ...]",
    ),
]


class Contains(Strict):
    """The reply contains this text."""

    contains: NonEmpty


class NotContains(Strict):
    """The reply does not contain this text."""

    not_contains: NonEmpty


class Equals(Strict):
    """The reply is this text, but for white space around it."""

    equals: str


class Regex(Strict):
    """The reply matches this regular expression somewhere."""

    regex: Pattern


class Times(Strict):
    """How often, from `min` to `max`."""

    min: int = Field(0, ge=0)
    max: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.max is not None and self.min > self.max:
            raise PydanticCustomError("times", "times.min is above times.max")
        return self


class Called(Strict):
    """A function call to look for."""

    name: NonEmpty
    arguments: Json | None = Field(None, description="Values its arguments have; other arguments may stand beside")
    times: Annotated[int, Field(ge=0)] | Times | None = Field(
        None, description="N, or {min, max}; once or more if left out"
    )


class ToolCalled(Strict):
    """The function was called."""

    tool_called: NonEmpty | Called


class ToolNotCalled(Strict):
    """The function was not called."""

    tool_not_called: NonEmpty


class StatusIs(Strict):
    """How the exchange ended."""

    status: Literal["completed", "incomplete", "failed", "cancelled", "expired"]


class Citation(Strict):
    """A citation to look for."""

    file: NonEmpty = Field(description="Name of the cited file")
    quote: NonEmpty | None = Field(None, description="Text that stands in the cited passages")


class Cites(Strict):
    """The reply cites this file."""

    cites: NonEmpty | Citation


CHECKS = ("contains", "not_contains", "equals", "regex", "tool_called", "tool_not_called", "status", "cites")


def _check_tag(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Strict) else ()
    return next((key for key in CHECKS if key in keys), None)


Check = Annotated[
    Annotated[Contains, Tag("contains")]
    | Annotated[NotContains, Tag("not_contains")]
    | Annotated[Equals, Tag("equals")]
    | Annotated[Regex, Tag("regex")]
    | Annotated[ToolCalled, Tag("tool_called")]
    | Annotated[ToolNotCalled, Tag("tool_not_called")]
    | Annotated[StatusIs, Tag("status")]
    | Annotated[Cites, Tag("cites")],
    Discriminator(
        _check_tag,
        custom_error_type="check",
        custom_error_message="not a check: write one of " + ", ".join(CHECKS),
    ),
]


class Turn(Strict):
    """One exchange: what the user says, what functions answer, what must be true of the reply."""

    user: NonEmpty
    mocks: dict[str, Mock] = Field(default_factory=dict, description="Answers to function calls, by function name")
    checks: list[Check] = Field(default_factory=list)


class Scenario(Spec):
    """One scripted conversation with an assistant."""

    kind: Literal["Scenario"] = "Scenario"
    name: Name = Field(description="Its name in reports")
    assistant: Name = Field(description="Name of the assistant to talk to")
    description: str | None = Field(None, description="What it shows, for people")
    tags: list[NonEmpty] = Field(default_factory=list, description="Words to choose scenarios by (--tag)")
    variables: dict[NonEmpty, Any] = Field(
        default_factory=dict, description="Values for {{ vars.NAME }} in this scenario"
    )
    mocks: dict[str, Mock] = Field(default_factory=dict, description="Answers for every turn; a turn's own come first")
    turns: list[Turn] = Field(min_length=1, description="The exchanges, in order: user, mocks, checks")
    checks: list[Check] = Field(default_factory=list, description="What must be true of the whole conversation")
