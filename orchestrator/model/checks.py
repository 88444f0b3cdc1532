"""What must be true of an exchange or a conversation, as written."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.language import Json, NonEmpty, Pattern, Strict


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
