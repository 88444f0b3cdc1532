"""A scripted conversation as written: what the user says, what functions answer, what must be true then."""

from typing import Any, Literal

from pydantic import Field

from orchestrator.model.address import Name
from orchestrator.model.checks import Check
from orchestrator.model.language import NonEmpty, Spec, Strict
from orchestrator.model.mocks import Mock


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
