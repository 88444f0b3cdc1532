"""What must be true of an exchange or a conversation, as written; the families have modules of their own."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.check_calls import MaxCalls, Parallel, ToolCalled, ToolNotCalled, Trajectory
from orchestrator.model.check_evidence import Cites, Code, Recall, Retrieved, StatusIs, Steps
from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.check_numbers import CostUsd, LatencyMs, Tokens
from orchestrator.model.check_structure import JsonReply
from orchestrator.model.check_text import (
    TEXT_CHECKS,
    Contains,
    ContainsAll,
    ContainsAny,
    Equals,
    Regex,
    Similar,
    StartsWith,
    Words,
)
from orchestrator.model.language import PythonName, key_among
from orchestrator.model.weighted import Weighted


class PythonCheck(Weighted):
    """A function of the project's own says so: `FILE:FUNCTION`, the file below the project's folder without `.py`."""

    python: PythonName
    min: float = Field(0.5, ge=0, le=1, description="Least score, where the function gives one")


class Not(Weighted):
    """The check does not hold."""

    not_: "Check" = Field(alias="not")

    @model_validator(mode="after")
    def _weight_is_outside(self) -> Self:
        if "weight" in self.not_.model_fields_set:
            raise PydanticCustomError("weight", "a weight stands beside not:, not inside")
        return self


class AllOf(Weighted):
    """All of these checks hold."""

    all_of: list["Check"] = Field(min_length=1)


class AnyOf(Weighted):
    """One of these checks holds, or more."""

    any_of: list["Check"] = Field(min_length=1)


CHECKS = (
    *TEXT_CHECKS,
    "json",
    "tool_called",
    "tool_not_called",
    "trajectory",
    "max_calls",
    "parallel",
    "status",
    "steps",
    "cites",
    "retrieved",
    "recall",
    "code",
    "latency_ms",
    "tokens",
    "cost_usd",
    "python",
    "judge",
    "not",
    "all_of",
    "any_of",
)


def _tag(value: Any) -> str | None:
    return key_among(value, CHECKS)


Check = Annotated[
    Annotated[Contains, Tag("contains")]
    | Annotated[ContainsAll, Tag("contains_all")]
    | Annotated[ContainsAny, Tag("contains_any")]
    | Annotated[Equals, Tag("equals")]
    | Annotated[Regex, Tag("regex")]
    | Annotated[StartsWith, Tag("starts_with")]
    | Annotated[Similar, Tag("similar")]
    | Annotated[Words, Tag("words")]
    | Annotated[JsonReply, Tag("json")]
    | Annotated[ToolCalled, Tag("tool_called")]
    | Annotated[ToolNotCalled, Tag("tool_not_called")]
    | Annotated[Trajectory, Tag("trajectory")]
    | Annotated[MaxCalls, Tag("max_calls")]
    | Annotated[Parallel, Tag("parallel")]
    | Annotated[StatusIs, Tag("status")]
    | Annotated[Steps, Tag("steps")]
    | Annotated[Cites, Tag("cites")]
    | Annotated[Retrieved, Tag("retrieved")]
    | Annotated[Recall, Tag("recall")]
    | Annotated[Code, Tag("code")]
    | Annotated[LatencyMs, Tag("latency_ms")]
    | Annotated[Tokens, Tag("tokens")]
    | Annotated[CostUsd, Tag("cost_usd")]
    | Annotated[PythonCheck, Tag("python")]
    | Annotated[JudgeCheck, Tag("judge")]
    | Annotated[Not, Tag("not")]
    | Annotated[AllOf, Tag("all_of")]
    | Annotated[AnyOf, Tag("any_of")],
    Discriminator(
        _tag,
        custom_error_type="check",
        custom_error_message="not a check: write one of " + ", ".join(CHECKS),
    ),
]

for _model in (Not, AllOf, AnyOf):
    _model.model_rebuild()


def get_name(check: Check) -> str:
    """Give a check's name in the language; of one that is turned round `not NAME`."""
    return f"not {get_name(check.not_)}" if isinstance(check, Not) else _tag(check) or ""


def walk(checks: Sequence[Check], at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Check]]:
    """Give every check and those within it, each with its path from `at`, the place of the list."""
    for index, check in enumerate(checks):
        yield from _walk(check, (*at, index))


def _walk(check: Check, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Check]]:
    yield at, check
    match check:
        case Not(not_=inner):
            yield from _walk(inner, (*at, "not"))
        case AllOf(all_of=several):
            yield from walk(several, (*at, "all_of"))
        case AnyOf(any_of=several):
            yield from walk(several, (*at, "any_of"))
