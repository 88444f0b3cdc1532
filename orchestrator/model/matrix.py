"""One scenario as many cases, as written: values that are combined with each other, and rows of data.

Names that reports use for what tells cases apart may not be names of variables here.
"""

import json
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.language import NonEmpty, Spec, Strict

MODEL, ROW = "model", "row"
"""What a report calls the model and the row of a case."""
MOST_CASES = 10_000
"""Cases of one scenario; more are a mistake in a product, or data for another tool."""

Value = str | bool | int | float
"""A value that can stand in the name of a case."""


def _once(values: list[Any]) -> list[Any]:
    seen: set[str] = set()
    for value in values:
        written = json.dumps(value, ensure_ascii=False)  # for Python 1, 1.0 and true are one
        if written in seen:
            raise PydanticCustomError("matrix", "{value} is listed twice", {"value": written})
        seen.add(written)
    return values


def _free(name: str) -> str:
    if name in (MODEL, ROW):
        message = "`{name}` is what reports call the {name} of a case: give the variable another name"
        raise PydanticCustomError("reserved", message, {"name": name})
    return name


class Matrix(Strict):
    """Values of which each combination is a case."""

    model: Annotated[list[NonEmpty], Field(min_length=1), AfterValidator(_once)] | None = Field(
        None, description="Models to talk to, in place of the assistant's own"
    )
    variables: dict[
        Annotated[NonEmpty, AfterValidator(_free)], Annotated[list[Value], Field(min_length=1), AfterValidator(_once)]
    ] = Field(default_factory=dict, description="Values for {{ vars.NAME }}: a list for each name")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.model is None and not self.variables:
            raise PydanticCustomError("matrix", "the matrix is empty: give `model`, `variables` or both")
        return self


Rows = Annotated[list[dict[NonEmpty, Any]], Field(min_length=1)]
"""Rows as written in a spec: each gives variables."""


class Cases(Spec):
    """The part of a scenario that says which cases it has; it is read before what differs between them."""

    matrix: Matrix | None = None
    data: NonEmpty | Rows | None = None
