"""A scripted conversation as written: what the user says, what functions answer, what must be true then."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.address import Name
from orchestrator.model.checks import Check
from orchestrator.model.language import Day, NonEmpty, Spec, Strict
from orchestrator.model.matrix import Matrix, Rows
from orchestrator.model.mocks import OneOrMore, later


class Repeat(Strict):
    """Attempts at a scenario until they show whether it passes often enough."""

    min: int = Field(3, ge=1, le=500, description="Attempts before a verdict may fall")
    max: int = Field(ge=1, le=500, description="Attempts at most; undecided then, it is inconclusive")
    require: float = Field(gt=0, lt=1, description="Share of attempts that has to pass, for example 0.8")
    confidence: float = Field(0.95, ge=0.5, lt=1, description="How sure a verdict has to be")

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.min > self.max:
            raise PydanticCustomError("repeat", "repeat.min is above repeat.max")
        return self


class Quarantine(Strict):
    """A scenario that may fail for a while: it is played and reported, and fails no run."""

    reason: NonEmpty = Field(description="Why, for people")
    until: Day = Field(description="The last day it may fail, as YYYY-MM-DD; from the next one on it counts again")


class Turn(Strict):
    """One exchange: what the user says, what functions answer, what must be true of the reply."""

    user: NonEmpty
    mocks: dict[str, OneOrMore] = Field(
        default_factory=dict, description="Answers to function calls, by function: one, or a list"
    )
    checks: list[Check] = Field(default_factory=list)


class Scenario(Spec):
    """One scripted conversation with an assistant."""

    LATER: ClassVar[dict[str, frozenset[str]]] = {**later("mocks"), **later("turns.#.mocks")}

    kind: Literal["Scenario"] = "Scenario"
    name: Name = Field(description="Its name in reports")
    assistant: Name = Field(description="Name of the assistant to talk to")
    description: str | None = Field(None, description="What it shows; for people")
    tags: list[NonEmpty] = Field(default_factory=list, description="Tags to select scenarios by (--tag)")
    variables: dict[NonEmpty, Any] = Field(
        default_factory=dict, description="Values for {{ vars.NAME }} in this scenario"
    )
    matrix: Matrix | None = Field(
        None, description="{model: [...], variables: {NAME: [...]}}: each combination is a case of its own"
    )
    data: NonEmpty | Rows | None = Field(
        None, description="Rows, each a case: a .csv, .jsonl or .yaml file, or a list; columns are variables"
    )
    repeat: Annotated[int, Field(ge=1, le=1000)] | Repeat = Field(
        1, description="N attempts that must all pass, or {min, max, require, confidence}"
    )
    quarantine: Quarantine | None = Field(
        None, description="{reason, until}: until the end of that day it may fail without failing the run"
    )
    strict: bool = Field(False, description="Fail if a mock is used more or less often than expected")
    mocks: dict[str, OneOrMore] = Field(
        default_factory=dict, description="Mocks for every turn; a turn's own come first"
    )
    turns: list[Turn] = Field(min_length=1, description="The exchanges, in order: user, mocks, checks")
    checks: list[Check] = Field(default_factory=list, description="What must be true of the whole conversation")
