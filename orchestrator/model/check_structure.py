"""Checks of a reply that is JSON, alone or inside a ```json fence."""

from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.language import Json, NonEmpty, Strict
from orchestrator.model.weighted import Weighted


class JsonValue(Strict):
    """A value to look for in a reply that is JSON."""

    path: NonEmpty | None = Field(
        None, description="JMESPath of the value, for example items[0].id; the whole if left out"
    )
    schema_: Json | None = Field(None, alias="schema", description="JSON Schema the value follows")
    equals: Any = Field(None, description="What the value is; null counts as a value")

    @property
    def has_equals(self) -> bool:
        """Tell whether `equals` is written, be it as null."""
        return "equals" in self.model_fields_set

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.path is None and self.schema_ is None and not self.has_equals:
            raise PydanticCustomError("json", "says nothing of the value: give path, schema or equals")
        return self


class JsonReply(Weighted):
    """The reply is JSON, and a value in it is as said; a `path` alone leads to a value that is not null."""

    json_: JsonValue = Field(alias="json")
