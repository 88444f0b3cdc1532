"""What an assistant says for targets that speak one wire, under the wire's name; no other target is told of it.

Each wire's settings have a module of their own; this one is the table of them, for all who do not care which it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.model import agents, assistants, responses
from orchestrator.model.fields import Fields
from orchestrator.model.resources import Assistant


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """How the settings of one wire become fields and are written down again."""

    to_fields: Callable[[Any], dict[str, Any]]
    tool_name: Callable[[object], str]
    """Gives the name of a tool that only this wire has, as it stands in its path."""
    from_fields: Callable[[Fields, Fields], dict[str, Any]]
    """Gives the settings that these fields are, what equals a default left out; ValueError for an unknown tool."""


WIRES: Mapping[str, OwnSettings] = {
    "agents": OwnSettings(agents.agents_fields, agents.agents_tool_name, agents.settings_from),
    "assistants": OwnSettings(
        assistants.assistants_fields, assistants.assistants_tool_name, assistants.assistants_settings_from
    ),
    "responses": OwnSettings(responses.responses_fields, responses.responses_tool_name, responses.settings_from),
}
"""By the wire's name, which is the key in the spec too."""


def own_fields(assistant: Assistant, wire: str) -> dict[str, Any]:
    """Give the fields that an assistant declares for targets that speak `wire`."""
    settings = getattr(assistant, wire) if wire in WIRES else None
    return {} if settings is None else WIRES[wire].to_fields(settings)


def own_tools(assistant: Assistant, wire: str) -> tuple[str, ...] | None:
    """Give the names of the tools declared for `wire` alone, as they stand in paths; None where none are given."""
    settings = getattr(assistant, wire) if wire in WIRES else None
    if settings is None or settings.tools is None:
        return None
    return tuple(f"{wire}:{WIRES[wire].tool_name(tool)}" for tool in settings.tools)


def all_own_tools(assistant: Assistant) -> Iterator[tuple[str, int, str]]:
    """Give wire, place in its list and name of every tool that is declared for one wire alone."""
    for wire in WIRES:
        yield from ((wire, number, name) for number, name in enumerate(own_tools(assistant, wire) or ()))


def is_own_tool(path: str) -> bool:
    """Tell whether a path is that of a tool which only one wire has."""
    return any(path.startswith(f"tools.{wire}:") for wire in WIRES)


def written_settings(fields: Fields, defaults: Fields) -> dict[str, Any]:
    """Give the settings by wire as an author would write them for these fields.

    Raises ValueError for a tool that the language has no words for.
    """
    found = {wire: settings.from_fields(fields, defaults) for wire, settings in WIRES.items()}
    return {wire: settings for wire, settings in found.items() if settings}
