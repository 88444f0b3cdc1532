"""The local target's deterministic model, as written: rules that say what it answers to what."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.language import Day, Json, NonEmpty, Pattern, Spec, Strict


class ScriptedCall(Strict):
    """A function call the model makes."""

    name: NonEmpty
    arguments: Json = Field(default_factory=dict)


class Rule(Strict):
    """When it applies (`user`, `after`) and what the model does then."""

    user: Pattern | None = Field(None, description="Regular expression searched in the user's last message")
    after: NonEmpty | None = Field(
        None, description="Tool whose output came last in this run; left out: no tool output yet"
    )
    reply: str | None = Field(None, description="Text of the answer; a template over outputs, results, user, arguments")
    call: list[ScriptedCall] | None = Field(None, min_length=1, description="Functions called, together")
    code: str | None = Field(None, description="Python given to the code interpreter")
    search: str | None = Field(None, description="Query given to file_search")
    error: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"] | None = Field(
        None, description="The run fails with this code"
    )
    cite: bool = Field(False, description="The answer cites the search results it was given")
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(0, description="Wait this long first")

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        given = [key for key in ("reply", "call", "code", "search", "error") if getattr(self, key) is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "one_action",
                "a rule does one thing: give exactly one of reply, call, code, search, error (given: {given})",
                {"given": ", ".join(given) or "none"},
            )
        return self


class ScriptedModel(Spec):
    """A model that answers by rule; the first that matches wins."""

    LATER: ClassVar[dict[str, frozenset[str]]] = {
        "rules.*.reply": frozenset({"outputs", "results", "user", "arguments"}),
    }

    kind: Literal["ScriptedModel"] = "ScriptedModel"
    name: NonEmpty = Field(description="Answers runs that name this model; `*` answers any")
    shutdown_date: Day | None = Field(
        None, description="Day on which it claims to be shut down, YYYY-MM-DD; it answers anyway"
    )
    rules: list[Rule] = Field(min_length=1, description="What it answers; the first rule that matches wins")

    def to_rules(self) -> list[dict[str, Any]]:
        """Give the rules as plain data, as the embedded server takes them."""
        return [rule.model_dump(exclude_none=True) for rule in self.rules]
