"""Assistants that ask one another (`connected_agent`): which name which, and whether they go round in a circle."""

from collections.abc import Mapping

from orchestrator.model.assistants import ConnectedAgentTool
from orchestrator.model.resources import Assistant


def connected(assistant: Assistant) -> list[tuple[int, str]]:
    """Give the assistants of the project that one names, each with the number of its tool under `assistants.tools`."""
    tools = (assistant.assistants.tools if assistant.assistants is not None else None) or ()
    found = []
    for number, tool in enumerate(tools):
        if isinstance(tool, ConnectedAgentTool) and tool.connected_agent.assistant is not None:
            found.append((number, tool.connected_agent.assistant))
    return found


def circle(first: str, second: str, named: Mapping[str, list[str]]) -> list[str] | None:
    """Give the shortest way from `first` over `second` back to `first`; None where there is none."""
    ways, seen = [[first, second]], {second}
    for way in ways:  # which grows as it is walked
        if way[-1] == first:
            return way
        further = [name for name in named.get(way[-1], ()) if name not in seen]
        seen.update(further)
        ways += [[*way, name] for name in further]
    return None
