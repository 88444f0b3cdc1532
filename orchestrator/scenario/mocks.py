"""What functions answer in a scenario: scripted values in place of the user's code."""

import json
from collections.abc import Sequence
from typing import Any

from orchestrator.diagnostics import nearest
from orchestrator.errors import OrchError
from orchestrator.model.conversation import Answer, Call
from orchestrator.model.mocks import Mock, Returns
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.quoting import shown_call


class MockError(OrchError):
    """Calls the scenario has no answer for; names each of them."""


class Mocks:
    """The mocks of one conversation: a sequence remembers how far it is used.

    A turn's own mock goes before the scenario's of the same name, also when its sequence is used up.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._used: dict[tuple[int | None, str], int] = {}

    def answer(self, turn: int, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """Answer all pending calls of a reply in the turn with this index; raises `MockError` naming every one
        that cannot be answered.
        """
        answers: list[Answer] = []
        errors: list[MockError] = []
        for call in calls:
            try:
                answers.append(Answer(call.id, self._output(turn, call)))
            except MockError as error:
                errors.append(error)
        if errors:
            hints = [error.hint for error in errors if error.hint]
            missing = [call.name for call in calls if call.invalid is None and not self._find(turn, call.name)]
            hints += [self._mocks_to_write(turn, list(dict.fromkeys(missing)))] if missing else []
            raise MockError("\n".join(error.message for error in errors), "\n".join(dict.fromkeys(hints)))
        return tuple(answers)

    def _output(self, turn: int, call: Call) -> str:
        made = shown_call(call.name, call.arguments, call.invalid)
        if call.invalid is not None:
            raise MockError(
                f"{call.name} was called with arguments that are not a JSON object: {made}",
                f"see the parameters of {call.name}, or the model's settings",
            )
        found = self._find(turn, call.name)
        if found is None:
            raise MockError(f"{call.name} was called and has no mock: {made}", self._near(turn, call.name))
        place, mock = found
        if isinstance(mock, Returns):
            return _as_text(mock.returns)
        used = self._used.get((place, call.name), 0)
        if used == len(mock.sequence):
            raise MockError(
                f"{call.name} was called once more than its sequence of {used} has answers: {made}",
                f"add an answer to the sequence of {call.name}, or write `returns:` to answer every call alike",
            )
        self._used[place, call.name] = used + 1
        return _as_text(mock.sequence[used].returns)

    def _find(self, turn: int, name: str) -> tuple[int | None, Mock] | None:
        own, shared = self._scenario.turns[turn].mocks, self._scenario.mocks
        if name in own:
            return turn, own[name]
        return (None, shared[name]) if name in shared else None

    def _near(self, turn: int, name: str) -> str | None:
        near = nearest(name, [*self._scenario.turns[turn].mocks, *self._scenario.mocks])
        return f"there is a mock for {near}; did you mean {name}?" if near else None

    def _mocks_to_write(self, turn: int, names: Sequence[str]) -> str:
        lines = [f"  {name}: {{returns: VALUE}}" for name in names]
        return "\n".join([f"to answer, write in turn {turn + 1}:", "mocks:", *lines])


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
