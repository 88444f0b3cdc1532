"""Checks of what the assistant did besides answering: how it ended, its steps, sources and code."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.check_calls import Mode
from orchestrator.model.check_text import AnyTextCheck
from orchestrator.model.language import NonEmpty, Pattern, Strict
from orchestrator.model.weighted import Weighted


class StatusIs(Weighted):
    """How the exchange ended."""

    status: Literal["completed", "incomplete", "failed", "cancelled", "expired"]


class StepList(Strict):
    """The steps that were taken, compared with a list."""

    mode: Mode = Field(description="How the steps taken compare with the list")
    names: list[NonEmpty] = Field(
        min_length=1, description="file_search, code_interpreter, message, or the name of a function"
    )


class Steps(Weighted):
    """The assistant took these steps; a list alone is in order, and others may stand between."""

    steps: list[NonEmpty] | StepList


class Citation(Strict):
    """A citation to look for."""

    file: NonEmpty = Field(description="The cited file: path, its last parts, or name")
    quote: NonEmpty | None = Field(None, description="Text that must appear in that file")


class Cites(Weighted):
    """The reply cites this file."""

    cites: NonEmpty | Citation


class Retrieval(Strict):
    """A search result to look for."""

    file: NonEmpty = Field(description="The file that is found: path, its last parts, or name")
    within: int | None = Field(None, ge=1, description="Look among the first N results of one search")
    min_score: float | None = Field(None, ge=0, le=1, description="Lowest score of the result, 0 to 1")


class Retrieved(Weighted):
    """file_search found a passage of this file."""

    retrieved: NonEmpty | Retrieval


class Sought(Strict):
    """A question, and where its answer stands."""

    user: NonEmpty = Field(description="The message it was asked with, word for word")
    file: NonEmpty | list[NonEmpty] = Field(description="The file that has to be found, or several: name or path")

    @property
    def files(self) -> list[str]:
        """The files as a list."""
        return [self.file] if isinstance(self.file, str) else self.file


class RecallOf(Strict):
    """How much of what should be found is found."""

    k: int = Field(5, ge=1, le=50, description="Look among the first K results of a search")
    min: float = Field(1.0, gt=0, le=1, description="Least mean recall@k over all questions, 0 to 1")
    questions: list[Sought] = Field(min_length=1, description="What was asked, and the file that answers it")


class Recall(Weighted):
    """Over all questions, searches found the files that answer them: recall@k."""

    recall: RecallOf


class CodeUse(Strict):
    """One use of the code interpreter to look for; all that is said holds for the same one."""

    contains: NonEmpty | None = Field(None, description="Text the code contains")
    regex: Pattern | None = Field(None, description="Regular expression that matches the code somewhere")
    equals: NonEmpty | None = Field(None, description="The whole code, ignoring white space around it")
    logs: AnyTextCheck | None = Field(None, description="A text check of what the code printed and returned")
    file: NonEmpty | None = Field(None, description="Name of a file that came with the reply")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("code", "says nothing of the code: give contains, regex, equals, logs or file")
        if self.logs is not None and "weight" in self.logs.model_fields_set:
            raise PydanticCustomError("weight", "a weight stands beside code:, not inside")
        return self


class Code(Weighted):
    """The code interpreter ran this, printed this, or made this file."""

    code: CodeUse
