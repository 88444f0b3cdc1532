"""Playing one scenario over one conversation, and closing it whatever happens."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import TargetError
from orchestrator.model.check_evidence import StatusIs
from orchestrator.model.checks import Check, walk
from orchestrator.model.conversation import Answer, Reply, ReplyStatus
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.checks import get_verdict
from orchestrator.scenario.mocks import MockError, Mocks
from orchestrator.scenario.quoting import shown_call
from orchestrator.scenario.recording_file import RecordingError
from orchestrator.scenario.results import Attempt, Problem, Status, TurnResult, Verdict
from orchestrator.scenario.setting import Setting
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import all_pass, failed

MAX_TOOL_ROUNDS = 25
"""How often the functions of one turn are answered before it fails: an assistant that calls on and on costs money."""

TurnListener = Callable[[int, TurnResult], None]


class _Heard(NamedTuple):
    exchange: Exchange
    requests: int
    status: Status
    problem: Problem | None


async def play(
    scenario: Scenario,
    conversation: Conversation,
    told: TurnListener,
    close_seconds: float,
    setting: Setting | None = None,
) -> Attempt:
    """Play a scenario from its first turn up to the first that does not pass, then close the conversation.

    `told` hears of each turn that was played; the close may take `close_seconds`; `setting` is what checks may know
    besides what was said. A `TargetError` is not raised, it makes the attempt errored.
    """
    turns: list[TurnResult] = []
    requests = 0
    mocks = Mocks(scenario, setting)
    began = time.perf_counter()
    try:
        for index in range(len(scenario.turns)):
            start = time.perf_counter()
            heard = await _converse(scenario, index, conversation, mocks)
            requests += heard.requests
            turn = _judged(scenario, index, heard, _took(heard.exchange, start), mocks, setting)
            turns.append(turn)
            told(index, turn)
            if turn.status is not Status.PASSED:
                break
        duration = sum(turn.duration_ms for turn in turns) if not requests else _since(began)
    finally:
        leftover = await _close(conversation, close_seconds)
    verdicts: tuple[Verdict, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    status = turns[-1].status
    if status is Status.PASSED:
        exchanges = [turn.exchange for turn in turns]
        verdicts = tuple(get_verdict(check, exchanges, setting) for check in scenario.checks)
        verdicts = (*verdicts, *_unmet(scenario, mocks, None))
        status = _status(verdicts)
        warnings = mocks.find_all_unmet() if not scenario.strict else ()
    sent = requests + 1 if requests else 0
    return Attempt(status, tuple(turns), verdicts, duration, sent, leftover=leftover, warnings=warnings)


async def _converse(scenario: Scenario, index: int, conversation: Conversation, mocks: Mocks) -> _Heard:
    """Say what the turn says and answer calls until the assistant has answered."""
    user = scenario.turns[index].user
    replies: list[Reply] = []
    answers: list[tuple[Answer, ...]] = []
    requests = 0
    status, problem = Status.PASSED, None
    try:
        requests += 1
        reply = await conversation.send(user)
        replies.append(reply)
        while reply.status is ReplyStatus.NEEDS_ANSWERS:
            if len(replies) > MAX_TOOL_ROUNDS:
                raise _too_many(reply)
            given = await mocks.answer(index, reply.calls)
            requests += 1
            reply = await conversation.answer(given)
            answers.append(given)
            replies.append(reply)
    except MockError as error:
        status, problem = Status.FAILED, Problem(error.message, error.hint)
    except RecordingError as error:
        status, problem, requests = Status.FAILED, Problem(error.message, error.hint, "recording"), 0
    except TargetError as error:
        status, problem = Status.ERRORED, Problem(error.message, error.hint)
    exchange = Exchange(user, tuple(replies), tuple(answers))
    return _Heard(exchange, requests if exchange.recorded_ms is None else 0, status, problem)


def _too_many(reply: Reply) -> MockError:
    last = ", ".join(shown_call(call.name, call.arguments, call.invalid) for call in reply.calls)
    return MockError(
        f"functions were answered {MAX_TOOL_ROUNDS} times in this turn and the assistant calls again: {last}",
        "see whether the mocks return what the assistant needs to go on",
    )


def _judged(
    scenario: Scenario, index: int, heard: _Heard, duration_ms: float, mocks: Mocks, setting: Setting | None
) -> TurnResult:
    exchange = replace(heard.exchange, duration_ms=duration_ms)
    if heard.problem:
        return TurnResult(heard.status, exchange, (), duration_ms, heard.problem)
    verdicts = tuple(get_verdict(check, [exchange], setting) for check in _with_status(scenario, index, exchange))
    verdicts = (*verdicts, *_unmet(scenario, mocks, index))
    return TurnResult(_status(verdicts), exchange, verdicts, duration_ms)


def _unmet(scenario: Scenario, mocks: Mocks, turn: int | None) -> tuple[Verdict, ...]:
    """Add, in a strict scenario, the check that mocks were used as often as they say; nothing where they were."""
    unmet = mocks.find_unmet(turn) if scenario.strict else []
    lines = ["expected: mocks used as often as they say, for the scenario is strict", *(f"  {each}" for each in unmet)]
    return (failed("mocks", "\n".join(lines)),) if unmet else ()


def _with_status(scenario: Scenario, index: int, exchange: Exchange) -> Sequence[Check]:
    """Add the check nobody writes: an exchange completes, unless a check on its status says otherwise.

    A check over the whole conversation speaks of its last exchange.
    """
    checks = scenario.turns[index].checks
    known = [*checks, *(scenario.checks if index == len(scenario.turns) - 1 else ())]
    if exchange.status is ReplyStatus.COMPLETED or any(isinstance(check, StatusIs) for _, check in walk(known)):
        return checks
    return [StatusIs(status="completed"), *checks]


def _status(verdicts: Sequence[Verdict]) -> Status:
    return Status.PASSED if all_pass(verdicts) else Status.FAILED


def _took(exchange: Exchange, start: float) -> float:
    """Give milliseconds since the start; of a recorded exchange those it took then."""
    return _since(start) if exchange.recorded_ms is None else exchange.recorded_ms


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000


async def _close(conversation: Conversation, seconds: float) -> Problem | None:
    """Close within a bound, also while being cancelled; gives what could not be removed."""
    closing = asyncio.ensure_future(conversation.close())
    try:
        await asyncio.wait({closing}, timeout=seconds)
    except asyncio.CancelledError:
        await asyncio.wait({closing}, timeout=seconds)
        raise
    finally:
        if not closing.done():
            closing.cancel()
        [ended] = await asyncio.gather(closing, return_exceptions=True)
    match ended:
        case None:
            return None
        case asyncio.CancelledError():
            return Problem(f"the conversation was not closed within {seconds:g} s")
        case TargetError():
            return Problem(ended.message, ended.hint)
        case _:
            raise ended
