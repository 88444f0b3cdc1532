"""What mocks refer to: arguments of their function, Python files; and which of them can never answer a call."""

from collections.abc import Iterator, Mapping

from orchestrator.model.mocks import ByPython, Mock, Place, answers
from orchestrator.model.scenario import Scenario
from orchestrator.spec.argument_faults import Signature
from orchestrator.spec.matcher_links import find_matcher_problems
from orchestrator.spec.mentions import located_mocks
from orchestrator.spec.python_files import PythonFiles
from orchestrator.spec.reader import Path_
from orchestrator.spec.schema import Problem


def find_mock_problems(scenario: Scenario, functions: Mapping[str, Signature], files: PythonFiles) -> Iterator[Problem]:
    """Give what is wrong with a scenario's mocks; `functions` are the assistant's, by the name the model calls."""
    for at, name, mock in located_mocks(scenario):
        if mock.when is not None:
            yield from find_matcher_problems(mock.when, (*at, "when"), functions.get(name))
        yield from _in_python(mock, at, functions.get(name), files)


def find_unreachable(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Give mocks that never answer, for one above them answers every call: where they stand, and why.

    That is no error: whoever tries something out puts it in front of what was there.
    """
    closed: dict[Path_, int] = {}
    for at, name, mock in located_mocks(scenario):
        if at[:-1] in closed:
            number = closed[at[:-1]] + 1
            yield at, f"this mock of `{name}` is never used: mock {number} has no `when`, so it answers every call"
        elif mock.when is None and isinstance(at[-1], int):
            closed[at[:-1]] = at[-1]


def _in_python(mock: Mock, at: Place, function: Signature | None, files: PythonFiles) -> Iterator[Problem]:
    for place, answer in answers(mock, at):
        if isinstance(answer, ByPython):
            takes = ", ".join(function.parameters.get("properties", {})) if function else "**arguments"
            if why := files.why_not(answer.python, takes, awaited=True):
                yield Problem((*place, "python"), *why)
