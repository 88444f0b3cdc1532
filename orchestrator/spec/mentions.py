"""The names specs speak of, so that a name nothing has is found before a run is spent on it."""

from collections.abc import Iterator, Mapping

from orchestrator.model.checks import Called, ToolCalled, ToolNotCalled
from orchestrator.model.resources import CodeInterpreterTool, FileSearchTool, Function, FunctionTool
from orchestrator.model.scenario import Scenario, Turn
from orchestrator.spec.reader import Path_


def named_functions(scenario: Scenario) -> Iterator[tuple[Path_, str]]:
    """Give every function that mocks and checks name, with its place; an unknown one would check nothing."""
    parts: list[tuple[Path_, Scenario | Turn]] = [((), scenario)]
    parts += [(("turns", index), turn) for index, turn in enumerate(scenario.turns)]
    for at, part in parts:
        yield from (((*at, "mocks", name), name) for name in part.mocks)
        for number, check in enumerate(part.checks):
            here = (*at, "checks", number)
            match check:
                case ToolCalled(tool_called=Called(name=name)):
                    yield (*here, "tool_called", "name"), name
                case ToolCalled(tool_called=str(name)):
                    yield (*here, "tool_called"), name
                case ToolNotCalled(tool_not_called=name):
                    yield (*here, "tool_not_called"), name


def tool_name(tool: object, functions: Mapping[str, Function]) -> str:
    """Give the name of a tool, however it is written; a function's is the one the model calls it by."""
    match tool:
        case FunctionTool(function=name):
            return functions[name].called if name in functions else name
        case FileSearchTool():
            return "file_search"
        case CodeInterpreterTool():
            return "code_interpreter"
        case _:
            return str(tool)
