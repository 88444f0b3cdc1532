"""From plain data to the model of a kind: what is misshapen is said in an author's words, at its place."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.diagnostics import Diagnostic, nearest
from orchestrator.model.language import Spec
from orchestrator.model.project import ProjectSpec
from orchestrator.model.resources import Assistant, Function, VectorStore
from orchestrator.model.scenario import Scenario
from orchestrator.model.scripted import ScriptedModel
from orchestrator.spec.reader import Document, Path_

KINDS: Mapping[str, type[Spec]] = {
    "Project": ProjectSpec,
    "Assistant": Assistant,
    "Function": Function,
    "VectorStore": VectorStore,
    "Scenario": Scenario,
    "ScriptedModel": ScriptedModel,
}
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "literal_error": "one of the known words",
}
_NAME_HINT = "use lower case letters, digits and single dashes, for example math-tutor"
_HINTS = {
    "^[a-z0-9]+(-[a-z0-9]+)*$": _NAME_HINT,
    "^[a-zA-Z0-9_-]{1,64}$": "use letters, digits, _ and -, at most 64",
    "^[A-Za-z_][A-Za-z0-9_]*$": "write the name of an environment variable, for example OPENAI_API_KEY",
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
        return _describe(document, kind, data, error.errors(include_url=False))


def _describe(document: Document, kind: type[Spec], data: Any, errors: list[ErrorDetails]) -> list[Diagnostic]:
    by_path: dict[Path_, list[ErrorDetails]] = {}
    for error in errors:
        by_path.setdefault(_document_path(data, error), []).append(error)
    found = []
    for path, group in by_path.items():
        deeper = any(other != path and other[: len(path)] == path for other in by_path)
        if deeper and all(error["type"] in _TYPES for error in group):
            continue  # the value can be written in two ways; the deeper error speaks of the one used
        found.append(_describe_group(document, kind, path, group))
    return found


def _document_path(data: Any, error: ErrorDetails) -> Path_:
    """Leave out what pydantic adds to a location: names of union members and of models."""
    path: list[Any] = []
    here = data
    for at, part in enumerate(error["loc"]):
        last = at == len(error["loc"]) - 1
        if isinstance(here, dict) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif not (last and error["type"] == "missing"):
            continue
        path.append(part)
    return tuple(path)


def _describe_group(document: Document, kind: type[Spec], path: Path_, group: list[ErrorDetails]) -> Diagnostic:
    error = min(group, key=lambda e: e["type"] in _TYPES)  # of two forms, the one that came further says more
    name = str(path[-1]) if path else "it"
    if error["type"] == "missing":
        return document.diagnostic(f"`{name}` is missing", path[:-1], _describe_field(kind, name))
    if error["type"] == "extra_forbidden":
        near = nearest(name, _words(kind))
        hint = f"did you mean `{near}`?" if near else f"known here: {', '.join(sorted(kind.model_fields))}"
        return document.diagnostic(f"unknown key `{name}`", path, hint if len(path) == 1 or near else None, key=True)
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "value")
    wanted = sorted({_TYPES[e["type"]] for e in group if e["type"] in _TYPES and e["type"] != "literal_error"})
    if wanted and error["type"] != "literal_error":
        return document.diagnostic(f"`{key}` must be {' or '.join(wanted)}", path, _type_hint(error))
    if error["type"] in ("reserved", "reserved_name", "times", "overlap", "one_action", "pattern"):
        return document.diagnostic(error["msg"], path)
    if "[key]" in error["loc"]:
        return document.diagnostic(f"the key `{name}` {_sentence(error)}", path, _pattern_hint(error), key=True)
    if error["type"] in ("tool", "mock", "check"):
        return document.diagnostic(_unknown_form(error), path, error["msg"].partition(": ")[2])
    return document.diagnostic(f"`{key}` {_sentence(error)}", path, _pattern_hint(error))


def _unknown_form(error: ErrorDetails) -> str:
    given = error["input"]
    if isinstance(given, dict) and given:
        return f"`{next(iter(given))}` is {error['msg'].partition(':')[0]}"
    return (
        f"`{given}` is {error['msg'].partition(':')[0]}" if isinstance(given, str) else error["msg"].partition(":")[0]
    )


def _sentence(error: ErrorDetails) -> str:
    text = error["msg"]
    for old, new in (
        ("Input should be", "must be"),
        ("String should", "must"),
        ("List should", "must"),
        ("Dictionary should", "must"),
        ("Value error, ", ""),
        (" after validation", ""),
    ):
        text = text.replace(old, new)
    if error["type"] == "string_pattern_mismatch":
        text = f"may not be {error['input']!r}"
    return text if text.startswith(("must", "may")) else f"is wrong: {text}"


def _pattern_hint(error: ErrorDetails) -> str | None:
    if error["type"] == "literal_error":
        expected = str(error.get("ctx", {}).get("expected", ""))
        words = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
        near = nearest(str(error["input"]), words)
        return f"did you mean `{near}`?" if near else None
    pattern = str(error.get("ctx", {}).get("pattern", ""))
    return _HINTS.get(pattern)


def _type_hint(error: ErrorDetails) -> str | None:
    given = error["input"]
    if error["type"] == "string_type" and isinstance(given, bool | int | float):
        return f'quote it: "{str(given).lower() if isinstance(given, bool) else given}"'
    if isinstance(given, str) and error["type"] in ("int_type", "float_type", "bool_type"):
        return "only true and false are booleans" if error["type"] == "bool_type" else "write it without quotes"
    return None


@cache
def _schema(kind: type[Spec]) -> dict[str, Any]:
    return kind.model_json_schema()


@cache
def _words(kind: type[Spec]) -> frozenset[str]:
    """Every key the kind knows, at any depth."""
    schema = _schema(kind)
    shapes = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for one in shapes for name in one.get("properties", {}))


def _describe_field(kind: type[Spec], name: str) -> str | None:
    info = kind.model_fields.get(name)
    return info.description if info else None
