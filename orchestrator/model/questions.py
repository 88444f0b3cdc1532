"""A question list for one vector store: what is asked, and which file has to be found."""

from typing import Literal

from pydantic import Field

from orchestrator.model.address import Name
from orchestrator.model.language import NonEmpty, Spec, Strict
from orchestrator.model.scenario import Quarantine


class Question(Strict):
    """One question."""

    question: NonEmpty = Field(description="What is searched for")
    file: NonEmpty | list[NonEmpty] = Field(description="The file that answers it, or several: name or path")


class Knowledge(Spec):
    """Whether a vector store finds what it should: recall@k over a list of questions. No model is asked."""

    kind: Literal["Knowledge"] = "Knowledge"
    name: Name = Field(description="Its name in reports")
    store: Name = Field(description="Name of the vector store that is searched")
    description: str | None = Field(None, description="What it shows; for people")
    tags: list[NonEmpty] = Field(default_factory=list, description="Tags to select it by (--tag)")
    questions: NonEmpty | list[Question] = Field(
        description="A .csv, .jsonl or .yaml file with the columns question and file, or a list"
    )
    k: int = Field(5, ge=1, le=50, description="Look among the first K results")
    recall: float = Field(1.0, gt=0, le=1, description="Least mean recall@k over all questions, 0 to 1")
    quarantine: Quarantine | None = Field(
        None, description="{reason, until}: until the end of that day it may fail without failing the run"
    )
