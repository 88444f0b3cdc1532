"""From plain data to the model of a kind: what is misshapen is said in an author's words, at its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.judges import Judge
from orchestrator.model.language import Spec
from orchestrator.model.project import ProjectSpec
from orchestrator.model.questions import Knowledge
from orchestrator.model.resources import Assistant, Function, VectorStore
from orchestrator.model.scenario import Scenario
from orchestrator.model.scripted import ScriptedModel
from orchestrator.spec.reader import Document, Path_
from orchestrator.spec.wording import Fault, describe

S = TypeVar("S", bound=Spec)

KINDS: Mapping[str, type[Spec]] = {
    "Project": ProjectSpec,
    "Assistant": Assistant,
    "Function": Function,
    "VectorStore": VectorStore,
    "Scenario": Scenario,
    "Knowledge": Knowledge,
    "Judge": Judge,
    "ScriptedModel": ScriptedModel,
}


def get_kind(document: Document) -> str | None:
    """Give the kind a document declares, or that its file name implies; None where neither says one."""
    data = document.data
    if isinstance(data, dict) and isinstance(data.get("kind"), str):
        return str(data["kind"])
    if document.path.name.endswith(".scenario.yaml"):
        return "Scenario"
    return "Assistant" if document.body is not None else None


def shape(document: Document, kind: type[Spec], data: Any) -> Spec | list[Diagnostic]:
    """Give `data` (of `document`, rendered) as the model of its kind, or everything that is wrong with it."""
    if not isinstance(data, dict):
        return [document.diagnostic("a spec is a mapping", hint="begin with kind: " + "|".join(KINDS))]
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        return describe(document, kind, _faults(data, error.errors(include_url=False)), data)


def shape_data(kind: type[S], data: Mapping[str, Any]) -> S | list[str]:
    """Give data that stands in no file as the model of its kind, or what is wrong with it in an author's words."""
    made = shape(Document(Path("data"), "data", dict(data), {}, ()), kind, dict(data))
    return made if isinstance(made, kind) else [each.message for each in made if isinstance(each, Diagnostic)]


def _faults(data: Any, errors: list[ErrorDetails]) -> list[Fault]:
    return [
        Fault(
            _document_path(data, error["loc"], error["type"] == "missing"),
            error["type"],
            error["msg"],
            error["input"],
            error.get("ctx", {}),
            "[key]" in error["loc"],
        )
        for error in errors
    ]


def _document_path(data: Any, location: tuple[int | str, ...], missing: bool) -> Path_:
    """Leave out of a location what pydantic adds to it: names of union members and of models.

    Such a name may also be a key (`file_search` is both the member and its only key), so both readings are tried: the
    longer one is meant, and of two alike the one without the name.
    """
    last = len(location) - 1

    def read(here: Any, at: int) -> Path_:
        if at > last:
            return ()
        part = location[at]
        readings = [read(here, at + 1)]
        in_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if in_list or (isinstance(here, dict) and part in here):
            readings.append((part, *read(here[part], at + 1)))
        elif missing and at == last:
            readings.append((part,))
        return max(readings, key=len)

    return read(data, 0)
