"""Scripted answers to function calls, as written.

An answer says what the function gives back; a mock is an answer, or a sequence of them, with the calls it is for.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from orchestrator.model.language import Count, NonEmpty, PythonName, Strict, key_among
from orchestrator.model.matchers import When

TEMPLATE_NAMES = frozenset({"arguments", "vars", "calls"})
"""What a mock's template may use."""
ANSWERS = ("returns", "error", "malformed", "template", "python")


class Delayed(Strict):
    """What may take its time."""

    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(0, description="Wait this long first")


class Returns(Delayed):
    """The function returns this value; text is sent as it is, anything else as JSON."""

    returns: Any = Field(description="What the function returns")


class Fails(Delayed):
    """The function answers that it failed: `{"error": TEXT}`."""

    error: NonEmpty = Field(description="What went wrong, sent as {error: TEXT}")


class Malformed(Delayed):
    """The function gives back what no caller expects; sent as it is."""

    malformed: str = Field(description="Broken output, such as truncated JSON, returned as it is")


class Templated(Delayed):
    """The function returns a text made for the call."""

    template: str = Field(description="Text of the output; a template over arguments, vars and calls")


class ByPython(Delayed):
    """A function of the project's own answers, plain or async; it gets the arguments by their names."""

    python: PythonName = Field(description="FILE:FUNCTION, the file below the project's folder without .py")


def _answer_tag(value: Any) -> str | None:
    return key_among(value, ANSWERS)


Answer = Annotated[
    Annotated[Returns, Tag("returns")]
    | Annotated[Fails, Tag("error")]
    | Annotated[Malformed, Tag("malformed")]
    | Annotated[Templated, Tag("template")]
    | Annotated[ByPython, Tag("python")],
    Discriminator(
        _answer_tag,
        custom_error_type="mock",
        custom_error_message="not an answer: write returns: VALUE, or one of " + ", ".join(ANSWERS[1:]),
    ),
]


class Conditional(Strict):
    """Which calls a mock is for, and how many are expected."""

    when: When | None = Field(None, description="The calls it answers, by their arguments; all if left out")
    times: Annotated[int, Field(ge=0)] | Count | None = Field(
        None, description="Calls it should answer: N, or {min, max}; once or more if left out"
    )


class ReturnsMock(Returns, Conditional):
    """A mock that returns a value."""


class FailsMock(Fails, Conditional):
    """A mock that answers that the function failed."""


class MalformedMock(Malformed, Conditional):
    """A mock whose output is broken."""


class TemplatedMock(Templated, Conditional):
    """A mock that makes its output from the call."""


class ByPythonMock(ByPython, Conditional):
    """A mock that asks a function of the project's own."""


class Sequence(Delayed, Conditional):
    """A mock that answers call after call."""

    sequence: list[Answer] = Field(min_length=1, description="One answer per call, in order")
    then: Literal["error", "repeat_last"] = Field(
        "error", description="After the last answer: error fails the turn, repeat_last repeats it"
    )


MOCKS = (*ANSWERS, "sequence")


def _mock_tag(value: Any) -> str | None:
    return key_among(value, MOCKS)


Mock = Annotated[
    Annotated[ReturnsMock, Tag("returns")]
    | Annotated[FailsMock, Tag("error")]
    | Annotated[MalformedMock, Tag("malformed")]
    | Annotated[TemplatedMock, Tag("template")]
    | Annotated[ByPythonMock, Tag("python")]
    | Annotated[Sequence, Tag("sequence")],
    Discriminator(
        _mock_tag,
        custom_error_type="mock",
        custom_error_message="not a mock: write returns: VALUE, or one of " + ", ".join(MOCKS[1:]),
    ),
]


def _number_tag(value: Any) -> str:
    return "several" if isinstance(value, list) else "one"


OneOrMore = Annotated[
    Annotated[Mock, Tag("one")] | Annotated[list[Mock], Field(min_length=1), Tag("several")],
    Discriminator(_number_tag),
]
"""The mocks of one function: one, or a list of which the first that fits a call answers it."""

Place = tuple[str | int, ...]
"""Where a mock stands in its scenario: keys and indexes."""


def walk(mocks: Mapping[str, OneOrMore], at: Place = ()) -> Iterator[tuple[Place, str, Mock]]:
    """Give every mock with its place and the name of its function; `at` is the place of the mapping."""
    for name, written in mocks.items():
        if isinstance(written, list):
            yield from (((*at, name, index), name, mock) for index, mock in enumerate(written))
        else:
            yield (*at, name), name, written


def answers(mock: Mock, at: Place) -> Iterator[tuple[Place, Answer]]:
    """Give the answers of the mock at a place, each with its own place."""
    if isinstance(mock, Sequence):
        yield from (((*at, "sequence", index), answer) for index, answer in enumerate(mock.sequence))
    else:
        yield at, mock


def later(at: str) -> dict[str, frozenset[str]]:
    """Give the templates of the mocks at a place as `Spec.LATER` has them."""
    ways = ("*", "*.#", "*.sequence.#", "*.#.sequence.#")
    return {f"{at}.{way}.template": TEMPLATE_NAMES for way in ways}
