"""The names specs speak of, so that a name nothing has is found before a run is spent on it."""

from collections.abc import Iterator, Mapping

from orchestrator.model.check_calls import Called, CallPattern, Parallel, ToolCalled, ToolNotCalled, Trajectory
from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.checks import Check, walk
from orchestrator.model.mocks import Mock, Place
from orchestrator.model.mocks import walk as walk_mocks
from orchestrator.model.resources import CodeInterpreterTool, FileSearchTool, Function, FunctionTool
from orchestrator.model.scenario import Scenario, Turn
from orchestrator.spec.reader import Path_


def located_checks(scenario: Scenario) -> Iterator[tuple[Path_, Check]]:
    """Give every check, also those within others, with its place."""
    for index, turn in enumerate(scenario.turns):
        yield from walk(turn.checks, ("turns", index, "checks"))
    yield from walk(scenario.checks, ("checks",))


def named_judges(scenario: Scenario) -> list[str]:
    """Give the judges that checks name, each once, in order."""
    return list(dict.fromkeys(check.by for _, check in located_checks(scenario) if isinstance(check, JudgeCheck)))


def located_mocks(scenario: Scenario) -> Iterator[tuple[Place, str, Mock]]:
    """Give every mock with its place and the name of its function."""
    yield from walk_mocks(scenario.mocks, ("mocks",))
    for index, turn in enumerate(scenario.turns):
        yield from walk_mocks(turn.mocks, ("turns", index, "mocks"))


def named_functions(scenario: Scenario) -> Iterator[tuple[Path_, str]]:
    """Give every function that mocks and checks name, with its place; an unknown one would check nothing."""
    parts: list[tuple[Path_, Scenario | Turn]] = [((), scenario)]
    parts += [(("turns", index), turn) for index, turn in enumerate(scenario.turns)]
    for at, part in parts:
        yield from (((*at, "mocks", name), name) for name in part.mocks)
    for here, check in located_checks(scenario):
        match check:
            case ToolCalled(tool_called=Called(name=name)):
                yield (*here, "tool_called", "name"), name
            case ToolCalled(tool_called=str(name)):
                yield (*here, "tool_called"), name
            case ToolNotCalled(tool_not_called=name):
                yield (*here, "tool_not_called"), name
            case Trajectory(trajectory=trajectory):
                for number, call in enumerate(trajectory.calls):
                    place: Path_ = (*here, "trajectory", "calls", number)
                    yield ((*place, "name"), call.name) if isinstance(call, CallPattern) else (place, call)
            case Parallel(parallel=names):
                yield from (((*here, "parallel", number), name) for number, name in enumerate(names))


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
