"""What a target cannot do for a resource, field by field, at its place in the specs, and what to write instead. Pure.

`orch validate` and every plan ask here, so that it is said before anything is read or written.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.address import Kind
from orchestrator.model.fields import Fields, as_json, equal
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Capabilities, Capability, Limit

_NEEDS = {
    "temperature": Capability.SAMPLING,
    "top_p": Capability.SAMPLING,
    "reasoning_effort": Capability.REASONING_EFFORT,
    "response_format": Capability.RESPONSE_FORMAT,
    "tools.code_interpreter": Capability.CODE_INTERPRETER,
    "tools.file_search": Capability.FILE_SEARCH,
}
WHOLE = "vector_store"
"""Stands for all of a store where the target has none."""


def refusals(resource: Resource, capabilities: Capabilities, target: str) -> list[Diagnostic]:
    """Give a diagnostic for every declared field that the target cannot take; a tool is one field."""
    return list(refused(resource, capabilities, target).values())


def refused(resource: Resource, capabilities: Capabilities, target: str) -> dict[str, Diagnostic]:
    """Give the same by path; under `vector_store` where the target has none, which no field has as its path."""
    if resource.address.kind is Kind.VECTOR_STORE and Capability.VECTOR_STORES not in capabilities.can:
        return {WHOLE: _lacking(resource, WHOLE, Capability.VECTOR_STORES, None, target)}
    found = {}
    bridged = get_bridged(resource.fields, capabilities)
    for path, value in resource.fields.items():
        limit = next((each for each in capabilities.limits if limited(each, path, value)), None)
        if _tool_of(path) in bridged and (limit is None or not _is_part(path)):
            continue
        need = None if _tool_of(path) in bridged else _need(path)
        if need is not None and need not in capabilities.can:
            if not _is_part(path):
                found[path] = _lacking(resource, path, need, limit, target)
        elif limit is not None:
            said = f"`{path}`" if limit.values is None else f"`{path}: {_short(value)}`"
            message = f"target {target} cannot take {said}, which {resource.address} declares"
            found[path] = resource.diagnostic(path, message, limit.instead)
    return found


def unkept(resource: Resource, capabilities: Capabilities, target: str) -> list[Diagnostic]:
    """Give a diagnostic where the target takes the schema of replies, and does not promise to keep to it."""
    if capabilities.kept is None:
        return []
    kept = capabilities.kept(resource.address.kind, resource.fields)
    if not _is_strict(resource.fields) or _is_strict(kept):
        return []
    message = (
        f"target {target} has no `strict` for the schema of replies, which {resource.address} declares: "
        "a reply may break it"
    )
    hint = f"check replies with `json_schema`, or set `strict: false` under `overrides` of target {target}"
    return [resource.diagnostic("response_format", message, hint)]


def _is_strict(fields: Fields) -> bool:
    reply = fields.get("response_format")
    schema = reply.get("json_schema") if isinstance(reply, Mapping) else None
    return isinstance(schema, Mapping) and schema.get("strict") is True


def _lacking(resource: Resource, path: str, capability: Capability, limit: Limit | None, target: str) -> Diagnostic:
    message = f"target {target} has no {capability}, which {resource.address} asks for with `{path}`"
    hint = f"take it out, or set it to null under `overrides` of target {target}"
    return resource.diagnostic(path, message, limit.instead if limit is not None else hint)


def limited(limit: Limit, path: str, value: object) -> bool:
    """Tell whether a field has a value that the limit rules out."""
    if not fnmatchcase(path, limit.path):
        return False
    return value is not None if limit.values is None else any(equal(value, each) for each in limit.values)


def _need(path: str) -> Capability | None:
    if not path.startswith("tools."):
        return _NEEDS.get(path)
    tool = _tool_of(path)
    # What is no function and not in the language for all wires is of one wire alone, and declared for that one.
    return _NEEDS.get(tool, None if ":" in tool else Capability.FUNCTIONS)


def get_bridged(fields: Fields, capabilities: Capabilities) -> frozenset[str]:
    """Give the paths of tools that are had by bridges, their parts left out."""
    return capabilities.bridged(fields) if capabilities.bridged is not None else frozenset()


def _tool_of(path: str) -> str:
    return ".".join(path.split(".")[:2]) if path.startswith("tools.") else path


def _is_part(path: str) -> bool:
    return path.startswith("tools.") and path.count(".") > 1


def _short(value: object) -> str:
    text = str(as_json(value)).lower() if isinstance(value, bool) else str(as_json(value))
    return text if len(text) <= 40 else f"{text[:39]}…"
