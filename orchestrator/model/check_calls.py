"""Checks of function calls: which were made, how often, with which arguments, in which order."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.model.language import Count, Json, NonEmpty, Strict
from orchestrator.model.weighted import Weighted


class CallPattern(Strict):
    """A function call to look for."""

    name: NonEmpty
    arguments: Json | None = Field(None, description="Values its arguments have; other arguments may stand beside")


class Called(CallPattern):
    """A function call to look for, and how often."""

    times: Annotated[int, Field(ge=0)] | Count | None = Field(
        None, description="N, or {min, max}; once or more if left out"
    )


class ToolCalled(Weighted):
    """The function was called."""

    tool_called: NonEmpty | Called


class ToolNotCalled(Weighted):
    """The function was not called."""

    tool_not_called: NonEmpty


Mode = Literal["exact", "in_order", "any_order", "subset", "superset"]
"""How what was done compares with what is listed.

exact: the same, in the same order. in_order: all of the list in its order, others may stand between. any_order: all of
the list, a name listed twice done twice, others may be done. subset: nothing that is not on the list. superset: each
of the list once or more, others may be done.
"""


class Calls(Strict):
    """The calls that were made, compared with a list."""

    mode: Mode = Field(description="How the calls made compare with the list")
    calls: list[NonEmpty | CallPattern] = Field(min_length=1, description="Calls, each NAME or {name, arguments}")


class Trajectory(Weighted):
    """The calls that were made are these, in the sense of `mode`."""

    trajectory: Calls


class MaxCalls(Weighted):
    """No more function calls were made than this."""

    max_calls: int = Field(ge=0)


class Parallel(Weighted):
    """These functions were called together, in one reply."""

    parallel: list[NonEmpty] = Field(min_length=2)
