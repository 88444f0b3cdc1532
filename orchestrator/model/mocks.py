"""Scripted answers to function calls, as written."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from orchestrator.model.language import Strict


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
