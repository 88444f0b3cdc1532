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
from orchestrator.model.conversation import Answer, Reply, ReplyStatus, Usage
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.closing import close
from orchestrator.scenario.costs import add_known, get_attempt_cost
from orchestrator.scenario.judging import Judged, Judging
from orchestrator.scenario.mocks import MockError, Mocks, Sleep
from orchestrator.scenario.quoting import shown_call
from orchestrator.scenario.recording_file import RecordingError
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Problem, TurnResult, Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed

MAX_TOOL_ROUNDS = 25
"""How often the functions of one turn are answered before it fails: an assistant that calls on and on costs money."""

TurnListener = Callable[[int, TurnResult], None]


class _Heard(NamedTuple):
    exchange: Exchange
    requests: int
    status: Status
    problem: Problem | None


async def play(
    scenario: Scenario, conversation: Conversation, told: TurnListener, judging: Judging, sleep: Sleep = asyncio.sleep
) -> Attempt:
    """Play a scenario from its first turn up to the first that does not pass, then close the conversation.

    `told` hears of each turn that was played; `judging` gives the verdicts, and says how long a close may take; mocks
    wait by `sleep`. A `TargetError` is not raised, it makes the attempt errored.
    """
    turns: list[TurnResult] = []
    taken: list[Judged] = []
    requests, judging_ms = 0, 0.0
    mocks = Mocks(scenario, judging.setting, sleep)
    began = time.perf_counter()
    try:
        for index in range(len(scenario.turns)):
            start = time.perf_counter()
            heard = await _converse(scenario, index, conversation, mocks)
            requests += heard.requests
            heard = heard._replace(exchange=replace(heard.exchange, duration_ms=_took(heard.exchange, start)))
            start = time.perf_counter()
            taken.append(await _judge_turn(scenario, heard, turns, mocks, judging))
            judging_ms += _since(start)
            turns.append(_turn(heard, taken[-1]))
            told(index, turns[-1])
            if turns[-1].status is not Status.PASSED:
                break
        duration = sum(turn.duration_ms for turn in turns) if not requests else _since(began) - judging_ms
    finally:
        closed = await close(conversation, judging.close_seconds)
    whole = Judged(turns[-1].status, ())
    warnings: tuple[Diagnostic, ...] = ()
    if whole.status is Status.PASSED:
        exchanges = [turn.exchange for turn in turns]
        whole = await judging.find_verdicts(scenario.checks, exchanges, None, _unmet(scenario, mocks, None))
        taken.append(whole)
        warnings = mocks.find_all_unmet() if not scenario.strict else ()
    cost = get_attempt_cost([turn.exchange for turn in turns], judging.setting.price)
    return Attempt(
        status=whole.status,
        turns=tuple(turns),
        verdicts=whole.verdicts,
        duration_ms=duration,
        requests=(requests + closed.requests if requests else 0) + sum(each.requests for each in taken),
        problem=whole.problem,
        leftover=closed.problem or next((each.leftover for each in taken if each.leftover), None),
        warnings=warnings,
        judge_usage=sum((each.usage for each in taken), Usage()),
        cost_usd=add_known([cost, *(each.cost_usd for each in taken)]),
    )


async def _converse(scenario: Scenario, index: int, conversation: Conversation, mocks: Mocks) -> _Heard:
    """Say what the turn says and answer calls until the assistant has answered."""
    user = scenario.turns[index].user
    replies: list[Reply] = []
    answers: list[tuple[Answer, ...]] = []
    requests = 0
    status, problem = Status.PASSED, None
    try:
        requests += 1  # one that fails has no reply to tell of it
        reply = await conversation.send(user)
        requests += reply.requests - 1
        replies.append(reply)
        while reply.status is ReplyStatus.NEEDS_ANSWERS:
            if len(replies) > MAX_TOOL_ROUNDS:
                raise _too_many(reply)
            given = await mocks.answer(index, reply.calls)
            requests += 1
            reply = await conversation.answer(given)
            requests += reply.requests - 1
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


async def _judge_turn(
    scenario: Scenario, heard: _Heard, before: Sequence[TurnResult], mocks: Mocks, judging: Judging
) -> Judged:
    if heard.problem:
        return Judged(heard.status, (), problem=heard.problem)
    index = len(before)
    exchanges = [*(turn.exchange for turn in before), heard.exchange]
    checks = _with_status(scenario, index, heard.exchange)
    return await judging.find_verdicts(checks, exchanges, index + 1, _unmet(scenario, mocks, index))


def _turn(heard: _Heard, judged: Judged) -> TurnResult:
    duration = heard.exchange.duration_ms or 0.0
    return TurnResult(judged.status, heard.exchange, judged.verdicts, duration, judged.problem, judged.usage)


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


def _took(exchange: Exchange, start: float) -> float:
    """Give milliseconds since the start; of a recorded exchange those it took then."""
    return _since(start) if exchange.recorded_ms is None else exchange.recorded_ms


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
