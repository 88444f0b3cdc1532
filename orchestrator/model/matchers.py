"""What the arguments of a function call have to be, as written: mocks and checks ask it in the same words."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.language import Json, NonEmpty, Pattern, Strict


class ArgumentsPattern(Strict):
    """What arguments have to be; where several keys are given, all hold. Nothing given fits any arguments."""

    arguments: Json | None = Field(None, description="Values they have; other arguments are allowed")
    exact: Json | None = Field(None, description="What they are: these values and no other arguments")
    schema_: Json | None = Field(None, alias="schema", description="JSON Schema they follow")
    regex: dict[NonEmpty, Pattern] | None = Field(
        None, description="Patterns by argument, each found in its value; values other than text are searched as JSON"
    )
    jmespath: NonEmpty | None = Field(
        None, description="JMESPath query over them whose result is not false, null or empty"
    )

    @property
    def says_nothing(self) -> bool:
        """Whether any arguments at all would do, also such as are no JSON object."""
        return all(getattr(self, name) is None for name in ArgumentsPattern.model_fields)


class When(ArgumentsPattern):
    """The calls a mock answers."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.says_nothing:
            raise PydanticCustomError(
                "when", "says nothing of the arguments: give arguments, exact, schema, regex or jmespath"
            )
        return self
