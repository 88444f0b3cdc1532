"""From a live object to the spec an author would have written for it. Pure.

A draft is only given where planning with it would change nothing: defaults of the target are left out, and what a spec
cannot say refuses the object with a reason, so that importing never takes anything away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from orchestrator.diagnostics import Position, counted
from orchestrator.errors import OrchError
from orchestrator.model.address import Address, Kind
from orchestrator.model.agents import BRIDGES
from orchestrator.model.desired import SIMPLE, assistant_fields, vector_store_fields
from orchestrator.model.fields import UNKNOWN_TOOL, Fields, canonical, equal, is_unknown
from orchestrator.model.language import Spec
from orchestrator.model.own_settings import is_own_tool, written_settings
from orchestrator.model.ownership import MAX_PAIRS, Baseline, Marks, pairs_needed
from orchestrator.model.project import Resource
from orchestrator.model.resources import Assistant, Function, JsonSchemaReply, VectorStore
from orchestrator.providers.interface import Limit, Live
from orchestrator.reconcile.diff import STORES_PATH, compared, covers, diff, with_references
from orchestrator.reconcile.refusals import limited
from orchestrator.spec.schema import check_parameters
from orchestrator.spec.shape import shape_data

_SEARCH = "tools.file_search"
_METADATA = "metadata."
NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
"""What a function's parameters are where nobody gave any."""

S = TypeVar("S", bound=Spec)


class RefusedError(OrchError):
    """A live object that cannot become a spec, and why."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a draft is made in."""

    project: str
    defaults: Mapping[Kind, Fields]
    stores: Mapping[str, Address]
    """Stores that a spec may name, by id."""
    unowned: frozenset[str]
    """Ids of live stores that nobody owns and that are not imported."""
    revision: str | None = None
    """Git revision that the record will hold."""
    limits: tuple[Limit, ...] = ()
    """What cannot be had where the object shall live."""
    exported: bool = False
    """Whether the object is in an export and live nowhere: its spec says from where it is, for a second migration."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What will be declared for one live object."""

    resource: Resource
    data: Mapping[str, Any]
    """The spec, with instructions as text; a function is listed by the name the model calls."""
    comments: tuple[str, ...] = ()
    functions: Mapping[str, Function] = field(default_factory=dict)
    """By the name the model calls."""


def draft(live: Live, address: Address, around: Surroundings) -> Draft:
    """Give the draft of one object; raises `RefusedError`."""
    bridged = [f"tools.{name}" for name in live.fields.get(BRIDGES) or ()]
    for path, value in live.fields.items():
        if any("\ud800" <= character <= "\udfff" for character in path + canonical(value)):
            raise RefusedError(f"`{path}` holds half of a surrogate pair, which no file can hold")
        if path not in bridged and any(limited(limit, path, value) for limit in around.limits):
            if path.startswith(UNKNOWN_TOOL):
                raise RefusedError(f"it has a tool that specs do not know: {path.removeprefix(UNKNOWN_TOOL)}")
            raise RefusedError(f"the target cannot take what it has at `{path}`")
    made = _store(live, address) if live.kind is Kind.VECTOR_STORE else _assistant(live, address, around)
    defaults = around.defaults.get(live.kind, {})
    seen = replace(live, fields=with_references(live.fields, around.stores))
    lost = [change.path for change in diff(made.resource, seen, defaults)]
    left = [path for path in unsaid(made.resource, live, defaults) if path not in lost]
    lost += [path for path in left if path.startswith("tools.") and not is_unknown(path)]
    if lost:
        raise RefusedError(f"a spec cannot say what it has at {', '.join(f'`{path}`' for path in lost)}")
    marks = Marks(around.project, address, Baseline.of(compared(made.resource)), revision=around.revision)
    needed = pairs_needed(_metadata(live), marks)
    over = needed - MAX_PAIRS
    if over > 0 and not around.exported:
        message = f"its metadata and the record orch keeps need {needed} pairs; an object holds {MAX_PAIRS}"
        raise RefusedError(f"{message}: take {over} away from it first")
    if around.exported:
        more = [f"Take {over} of its metadata away before it is applied."] if over > 0 else []
        return replace(made, comments=(f"From {live.id}.", *more))
    return replace(made, comments=(*made.comments, *(f"Specs cannot express its {p}: that stays." for p in left)))


def unsaid(resource: Resource, live: Live, defaults: Fields) -> Iterator[str]:
    """Give the paths of live values that the draft neither declares nor looks away from, defaults left out."""
    for path, value in live.fields.items():
        known = path in resource.fields or any(covers(prefix, path) for prefix in resource.ignore)
        if not known and value not in (None, "", [], {}) and not equal(value, defaults.get(path)):
            yield path


def _store(live: Live, address: Address) -> Draft:
    data, ignore = _head("VectorStore", live, address)
    if live.fields.get("expires_after") is not None:
        data["expires_after"] = live.fields["expires_after"]
    _add_tail(data, live, ignore)
    fields = vector_store_fields(_shaped(VectorStore, data), {})
    count = f"Its {counted(live.file_count, 'file')}" if live.file_count else "Its files"
    comment = f"{count} cannot be downloaded from the API: list them under `files:`, else they are left as they are."
    return Draft(_resource(address, fields, frozenset(), ignore), data, (comment,))


def _assistant(live: Live, address: Address, around: Surroundings) -> Draft:
    defaults = around.defaults.get(Kind.ASSISTANT, {})
    data, ignore = _head("Assistant", live, address)
    for path in (*SIMPLE, "instructions", "response_format"):
        value = live.fields.get(path)
        if value not in (None, "") and not equal(value, defaults.get(path)):
            data[path] = value
    if isinstance(reply := data.get("response_format"), Mapping) and "json_schema" not in reply:
        raise RefusedError("a spec cannot say what it has at `response_format`")
    functions = {name: _function(name, live.fields) for name, kind in _tools(live.fields) if kind == "function"}
    comments: list[str] = []
    tools = [_tool(name, kind, live.fields, around, ignore, comments) for name, kind in _tools(live.fields)]
    if tools:
        data["tools"] = tools
    own = _own_settings(live.fields, defaults)
    data |= own
    _add_tail(data, live, ignore)
    data = {key: data[key] for key in Assistant.model_fields if key in data}
    spec = _shaped(Assistant, data)
    if isinstance(spec.response_format, JsonSchemaReply):
        asked = spec.response_format.json_schema
        for problem in check_parameters(asked.schema_, asked.strict, called="schema"):
            raise RefusedError(f"its response_format: {problem.message}")
    wire = next(iter(own), "assistants")
    fields = assistant_fields(spec, data.get("instructions"), functions, wire)
    whole = frozenset({"tools"} if tools or "tools" in own.get(wire, {}) else ())
    return Draft(_resource(address, fields, whole, ignore), data, tuple(comments), functions)


def _head(kind: str, live: Live, address: Address) -> tuple[dict[str, Any], list[str]]:
    """Give the first keys of a spec, and what it has to look away from: a name nobody gave cannot be declared."""
    name = live.fields.get("display_name")
    data: dict[str, Any] = {"kind": kind, "name": address.name}
    if name and name != address.name:
        data["display_name"] = name
    return data, [] if name else ["display_name"]


def _add_tail(data: dict[str, Any], live: Live, ignore: list[str]) -> None:
    if metadata := _metadata(live):
        data["metadata"] = metadata
    if ignore:
        data["lifecycle"] = {"ignore": list(ignore)}


def _metadata(live: Live) -> dict[str, Any]:
    return {path.removeprefix(_METADATA): value for path, value in live.fields.items() if path.startswith(_METADATA)}


def _tools(fields: Fields) -> Iterator[tuple[str, Any]]:
    """Give the name of each tool and what it is."""
    for path, value in fields.items():
        name = path.removeprefix("tools.")
        if name != path and "." not in name and not is_own_tool(path) and not path.startswith(UNKNOWN_TOOL):
            yield name, value


def _own_settings(fields: Fields, defaults: Fields) -> dict[str, dict[str, Any]]:
    """Give what only the target's wire has, as the spec says it, under the wire's name."""
    try:
        return written_settings(fields, defaults)
    except ValueError as error:
        raise RefusedError(f"it has a tool that specs do not know: {error}") from error


def _tool(
    name: str, kind: Any, fields: Fields, around: Surroundings, ignore: list[str], comments: list[str]
) -> dict[str, Any] | str:
    if kind == "function":
        return {"function": name}
    if name == "file_search":
        return _search(fields, around, ignore, comments)
    if name == "code_interpreter":
        return name
    raise RefusedError(f"it has a tool that specs do not know: {name}")


def _search(fields: Fields, around: Surroundings, ignore: list[str], comments: list[str]) -> dict[str, Any] | str:
    defaults = around.defaults.get(Kind.ASSISTANT, {})
    options: dict[str, Any] = {}
    ids = [str(id) for id in fields.get(STORES_PATH) or ()]
    waiting = [id for id in ids if id in around.unowned]
    if waiting:
        raise RefusedError(f"it searches {waiting[0]}: import that too (vector_store.NAME={waiting[0]})")
    if all(id in around.stores for id in ids):
        options |= {"vector_stores": [around.stores[id].name for id in ids]} if ids else {}
    else:
        ignore.append(STORES_PATH)
        comments.append(f"It searches {', '.join(ids)}, not declared in this project: that stays as it is.")
    for key in ("max_num_results", "ranking_options"):
        value = fields.get(f"{_SEARCH}.{key}")
        if value is not None and not equal(value, defaults.get(f"{_SEARCH}.{key}")):
            options[key] = value
    return {"file_search": options} if options else "file_search"


def _function(name: str, fields: Fields) -> Function:
    values = {key: fields.get(f"tools.{name}.{key}") for key in ("description", "strict", "parameters")}
    spec = shape_data(Function, {"name": name} | {key: value for key, value in values.items() if value is not None})
    problems = (
        spec if isinstance(spec, list) else [each.message for each in check_parameters(spec.parameters, spec.strict)]
    )
    if isinstance(spec, list) or problems:
        raise RefusedError(f"its function {name}: {'; '.join(problems)}")
    return spec


def function_data(function: Function) -> dict[str, Any]:
    """Give the spec of a function as an author would write it, what needs no saying left out."""
    data: dict[str, Any] = {"kind": "Function", "name": function.name}
    data |= {"display_name": function.display_name} if function.display_name is not None else {}
    data |= {"description": function.description} if function.description is not None else {}
    data |= {"strict": True} if function.strict else {}
    return data if equal(function.parameters, NO_PARAMETERS) else data | {"parameters": function.parameters}


def _shaped(kind: type[S], data: Mapping[str, Any]) -> S:
    spec = shape_data(kind, data)
    if isinstance(spec, list):
        raise RefusedError("; ".join(spec))
    return spec


def _resource(address: Address, fields: Fields, whole: frozenset[str], ignore: list[str]) -> Resource:
    return Resource(address, fields, whole, Position("live"), ignore=tuple(ignore))
