"""What functions answer in a scenario: scripted answers in place of the user's code.

Which mock answers a call is decided first, for all calls of a reply; then each answer is made (`mock_answers`).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from orchestrator.diagnostics import Diagnostic, Position, nearest
from orchestrator.model import mocks as model
from orchestrator.model.conversation import Answer, Call
from orchestrator.model.mocks import Mock, Place
from orchestrator.model.scenario import Scenario
from orchestrator.scenario.counting import count_text, get_bounds, is_within, range_text
from orchestrator.scenario.matching_calls import find_misfit
from orchestrator.scenario.mock_answers import MockError, give
from orchestrator.scenario.quoting import shown_call
from orchestrator.scenario.setting import Setting

__all__ = ["MockError", "Mocks"]

Sleep = Callable[[float], Awaitable[object]]
"""Waits for so many seconds."""


class _Chosen(NamedTuple):
    call: Call
    place: Place
    answer: model.Answer
    delay_ms: int


class Mocks:
    """The mocks of one conversation: what was called so far, and how often each mock was used.

    A turn's own mocks go before the scenario's of the same name. The first whose `when` fits a call answers it, also
    where its sequence is used up.
    """

    def __init__(self, scenario: Scenario, setting: Setting | None = None, sleep: Sleep = asyncio.sleep) -> None:
        """`sleep` is how delays are waited for."""
        self._scenario = scenario
        self._setting = setting or Setting()
        self._sleep = sleep
        self._used: Counter[Place] = Counter()
        self._calls: list[Mapping[str, Any]] = []

    async def answer(self, turn: int, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """Answer all pending calls of a reply in the turn with this index, in order; their delays pass side by side.

        Raises `MockError` naming every one that cannot be answered.
        """
        chosen = self._choose_all(turn, calls)
        answers = []
        for each in chosen:
            try:
                output = await give(each.answer, each.call, self._calls, self._setting)
            except MockError as error:
                raise MockError(f"{self._label(each.place)}: {error.message}", error.hint) from error
            self._calls.append({"name": each.call.name, "arguments": each.call.arguments, "output": output})
            failed = each.answer.error if isinstance(each.answer, model.Fails) else None
            answers.append(Answer(each.call.id, output, failed))
        if delay_ms := max((each.delay_ms for each in chosen), default=0):
            await self._sleep(delay_ms / 1000)
        return tuple(answers)

    def find_unmet(self, turn: int | None) -> list[Diagnostic]:
        """Say which mocks were used more or less often than expected: a turn's own, or where None those for all turns.

        Asked once no more calls can come.
        """
        found = []
        for place, _, mock in self._written(turn):
            used = self._used[place]
            if not is_within(used, mock.times):
                expected = f", expected {range_text(*get_bounds(mock.times))}" if mock.times is not None else ""
                how = f"used {count_text(used)}" if used else "never used"
                hint = "remove it, or write `times: {min: 0}` beside it" if mock.times is None else None
                position = self._setting.mock_positions.get(place, Position(self._scenario.name))
                found.append(Diagnostic(f"{self._name(place)} was {how}{expected}", position, hint))
        return found

    def find_all_unmet(self) -> tuple[Diagnostic, ...]:
        """Say the same of all mocks, those for all turns first."""
        turns = range(len(self._scenario.turns))
        return tuple(each for turn in (None, *turns) for each in self.find_unmet(turn))

    def _choose_all(self, turn: int, calls: Sequence[Call]) -> list[_Chosen]:
        chosen: list[_Chosen] = []
        errors: list[MockError] = []
        for call in calls:
            try:
                chosen.append(self._choose(turn, call))
            except MockError as error:
                errors.append(error)
        if errors:
            hints = [error.hint for error in errors if error.hint]
            missing = [call.name for call in calls if call.invalid is None and not self._for(turn, call.name)]
            hints += [_mocks_to_write(turn, list(dict.fromkeys(missing)))] if missing else []
            raise MockError("\n".join(error.message for error in errors), "\n".join(dict.fromkeys(hints)))
        return chosen

    def _choose(self, turn: int, call: Call) -> _Chosen:
        made = shown_call(call.name, call.arguments, call.invalid)
        if call.invalid is not None:
            raise MockError(
                f"{call.name} was called with arguments that are not a JSON object: {made}",
                f"see the parameters of {call.name}, or the model's settings",
            )
        candidates = self._for(turn, call.name)
        misfits = []
        for place, mock in candidates:
            misfit = find_misfit(mock.when, call.arguments) if mock.when else None
            if misfit is None:
                self._used[place] += 1
                return self._next(place, mock, call)
            misfits.append(f"  {self._label(place)}: {misfit}")
        if not candidates:
            raise MockError(f"{call.name} was called and has no mock: {made}", self._near(turn, call.name))
        raise MockError(
            "\n".join([f"{call.name} was called and no mock of it is for these arguments: {made}", *misfits]),
            "write a mock for them, or one without `when` at the end of the list",
        )

    def _next(self, place: Place, mock: Mock, call: Call) -> _Chosen:
        if not isinstance(mock, model.Sequence):
            return _Chosen(call, place, mock, mock.delay_ms)
        index, last = self._used[place] - 1, len(mock.sequence) - 1
        if index > last and mock.then == "error":
            made = shown_call(call.name, call.arguments)
            raise MockError(
                f"{call.name} was called once more than its sequence of {last + 1} has answers: {made}",
                f"add an answer to the sequence of {call.name}, or write `then: repeat_last` beside it",
            )
        answer = mock.sequence[min(index, last)]
        return _Chosen(call, place, answer, mock.delay_ms + answer.delay_ms)

    def _written(self, turn: int | None) -> list[tuple[Place, str, Mock]]:
        if turn is None:
            return list(model.walk(self._scenario.mocks, ("mocks",)))
        return list(model.walk(self._scenario.turns[turn].mocks, ("turns", turn, "mocks")))

    def _for(self, turn: int, name: str) -> list[tuple[Place, Mock]]:
        both = [*self._written(turn), *self._written(None)]
        return [(place, mock) for place, of, mock in both if of == name]

    def _label(self, place: Place) -> str:
        position = self._setting.mock_positions.get(place)
        return f"{self._name(place)} ({position})" if position else self._name(place)

    def _name(self, place: Place) -> str:
        *_, name, index = place
        return f"mock {index + 1} of {name}" if isinstance(index, int) else f"the mock of {index}"

    def _near(self, turn: int, name: str) -> str | None:
        near = nearest(name, [*self._scenario.turns[turn].mocks, *self._scenario.mocks])
        return f"there is a mock for {near}; did you mean `{name}`?" if near else None


def _mocks_to_write(turn: int, names: Sequence[str]) -> str:
    lines = [f"  {name}: {{returns: VALUE}}" for name in names]
    return "\n".join([f"to answer, write in turn {turn + 1}:", "mocks:", *lines])
