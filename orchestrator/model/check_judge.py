"""The check that asks a judge, a model, whether criteria are met."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.model.address import Name
from orchestrator.model.language import NonEmpty, Strict
from orchestrator.model.weighted import Weighted


class Graded(Strict):
    """Who is asked, and what."""

    by: Name = Field(description="Name of the Judge")
    criteria: list[NonEmpty] | None = Field(
        None, min_length=1, description="Criteria to use instead of the judge's own"
    )
    also: list[NonEmpty] | None = Field(None, min_length=1, description="Criteria in addition to the judge's own")

    @model_validator(mode="after")
    def _says_one_of_both(self) -> Self:
        if self.criteria is not None and self.also is not None:
            raise PydanticCustomError(
                "judge", "criteria stand in place of the judge's own and also adds to them: give one"
            )
        return self


class JudgeCheck(Weighted):
    """A judge finds every criterion met; NAME alone asks by the judge's own criteria."""

    judge: Name | Graded

    @property
    def by(self) -> str:
        """Name of the judge."""
        return self.judge.by if isinstance(self.judge, Graded) else self.judge

    def get_criteria(self, own: list[str]) -> tuple[str, ...]:
        """Give what is asked, in order and each once; `own` are the judge's own criteria."""
        if not isinstance(self.judge, Graded):
            return tuple(dict.fromkeys(own))
        asked = self.judge.criteria if self.judge.criteria is not None else [*own, *(self.judge.also or ())]
        return tuple(dict.fromkeys(asked))
