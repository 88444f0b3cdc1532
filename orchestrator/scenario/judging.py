"""Verdicts, with judges asked where they are needed: what can be decided without them is decided first.

Single checks are looked at once, with those of judges left open. Where that fails already, no judge is asked; else the
judges whose answers may still decide are asked, all votes side by side, each in a conversation of its own. Then the
checks are combined anew, with what the judges said in place.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from orchestrator.errors import TargetError
from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.checks import Check
from orchestrator.model.conversation import Reply, ReplyStatus, Usage
from orchestrator.model.judges import Judge
from orchestrator.model.prices import get_cost
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.checks import get_combined, get_single
from orchestrator.scenario.closing import close
from orchestrator.scenario.combining import find_open
from orchestrator.scenario.judge_prompt import Case, get_prompt, get_said, read_votes
from orchestrator.scenario.recording_file import RecordingError
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Problem, Verdict
from orchestrator.scenario.setting import Setting
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import CheckError, get_status, has_failed
from orchestrator.scenario.voting import count_votes, get_judged

OpenJudge = Callable[[Case], Conversation]
"""Begins a conversation with the judge of a case; may raise `TargetError`."""

_ENDED = frozenset([ReplyStatus.COMPLETED, ReplyStatus.INCOMPLETE])


@dataclass(frozen=True, slots=True)
class Judged:
    """What checks come to, and what asking judges took."""

    status: Status
    verdicts: tuple[Verdict, ...]
    """In the order of the checks; empty where there is a problem."""
    usage: Usage = field(default_factory=Usage)
    """Tokens of judges."""
    requests: int = 0
    """Calls made on the conversations with judges, closes included; of recorded ones none."""
    problem: Problem | None = None
    """Why a judge gave no answer."""
    leftover: Problem | None = None
    """Why a conversation with a judge could not be removed from the target."""
    cost_usd: float | None = 0.0
    """What judges cost; None where that is not known."""


class _Answer(NamedTuple):
    reply: Reply | None
    error: TargetError | RecordingError | None
    leftover: Problem | None
    requests: int = 0
    """How many it took, the close included; of a recorded one none."""


class _Singles:
    """The verdicts of checks that have no others within: each found once, for a check may be the project's own code."""

    def __init__(self, exchanges: Sequence[Exchange], setting: Setting) -> None:
        self._exchanges, self._setting = exchanges, setting
        self._known: dict[int, Verdict | CheckError] = {}

    def __call__(self, check: Check) -> Verdict:
        known = self._known.get(id(check)) or self._find(check)
        if isinstance(known, CheckError):
            raise known
        return known

    def put(self, check: JudgeCheck, verdict: Verdict) -> None:
        """Take what a judge said."""
        self._known[id(check)] = verdict

    def _find(self, check: Check) -> Verdict | CheckError:
        try:
            found: Verdict | CheckError = get_single(check, self._exchanges, self._setting)
        except CheckError as error:
            found = error
        self._known[id(check)] = found
        return found


@dataclass(frozen=True, slots=True)
class Judging:
    """Gives verdicts in one conversation."""

    setting: Setting
    open_judge: OpenJudge
    close_seconds: float
    """How long a conversation with a judge may take to close."""

    async def find_verdicts(
        self, checks: Sequence[Check], exchanges: Sequence[Exchange], turn: int | None, others: Sequence[Verdict] = ()
    ) -> Judged:
        """Give the verdicts of checks on a turn, counted from 1, or on the whole conversation, followed by `others`.

        `exchanges` are all so far; checks of a turn look at the last, and a judge reads what came before it too.
        `others` are verdicts that count beside these. An error of the target while a judge is asked is not raised.
        """
        singles = _Singles(exchanges if turn is None else exchanges[-1:], self.setting)
        verdicts = [*(get_combined(check, singles) for check in checks), *others]
        asked = [] if has_failed(verdicts) else [each for check in checks for each in find_open(check, singles)]
        if not asked:
            return Judged(get_status(verdicts), tuple(verdicts))
        said = get_said(exchanges)
        cases = [Case(each.by, each.get_criteria(self._judge(each).criteria), said, turn) for each in asked]
        answers = await self._ask([(case, self._judge(each)) for case, each in zip(cases, asked, strict=True)])
        taken = replace(_taken(answers), cost_usd=self._cost(asked, answers))
        if taken.problem:
            return taken
        for case, check in zip(cases, asked, strict=True):
            judge = self._judge(check)
            own, answers = answers[: judge.votes], answers[judge.votes :]
            singles.put(check, _count(case, judge, own))
        verdicts = [*(get_combined(check, singles) for check in checks), *others]
        return replace(taken, status=get_status(verdicts), verdicts=tuple(verdicts))

    def _judge(self, check: JudgeCheck) -> Judge:
        return self.setting.judges[check.by]

    def _cost(self, asked: Sequence[JudgeCheck], answers: Sequence[_Answer]) -> float | None:
        """Give what the answers cost, those of each check after those of the check before."""
        prices = [self.setting.judge_prices.get(check.by) for check in asked for _ in range(self._judge(check).votes)]
        heard = [(price, each.reply) for price, each in zip(prices, answers, strict=True) if each.reply is not None]
        costs = [get_cost(reply.usage, price) for price, reply in heard if price is not None and reply.usage != Usage()]
        return sum(costs) if len(costs) == len(heard) else None

    async def _ask(self, cases: Sequence[tuple[Case, Judge]]) -> list[_Answer]:
        """Ask every vote of every case; conversations are begun in order, and go on side by side."""
        votes = [self._vote(case) for case, judge in cases for _ in range(judge.votes)]
        return await _all_of_them([asyncio.ensure_future(vote) for vote in votes])

    async def _vote(self, case: Case) -> _Answer:
        try:
            conversation = self.open_judge(case)
        except TargetError as raised:
            return _Answer(None, raised, None)
        reply: Reply | None = None
        error: TargetError | RecordingError | None = None
        try:
            reply = await conversation.send(get_prompt(case))
        except (TargetError, RecordingError) as caught:
            error = caught
        finally:
            closed = await close(conversation, self.close_seconds)
        if reply is not None and reply.status not in _ENDED:
            why = f" ({reply.failure.code}: {reply.failure.message})" if reply.failure else ""
            error = TargetError(f"the judge {case.judge} gave no answer: {reply.status}{why}", "try again")
        asked = 1 if reply is None else reply.requests  # one that fails has no reply to tell of it
        requests = asked + closed.requests if _is_live(reply, error) else 0
        return _Answer(reply, error, closed.problem, requests)


async def _all_of_them(votes: Sequence[asyncio.Future[_Answer]]) -> list[_Answer]:
    """Wait until every vote has ended, also where one is broken off; raises what one raised."""
    ended = await asyncio.gather(*votes, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return [each for each in ended if isinstance(each, _Answer)]


def _taken(answers: Sequence[_Answer]) -> Judged:
    """Give what asking took, with a problem where a judge gave no answer."""
    usage = sum((each.reply.usage for each in answers if each.reply), Usage())
    requests = sum(each.requests for each in answers)
    leftover = next((each.leftover for each in answers if each.leftover), None)
    error = next((each.error for each in answers if each.error), None)
    match error:
        case None:
            return Judged(Status.PASSED, (), usage, requests, leftover=leftover)
        case RecordingError():
            problem = Problem(error.message, error.hint, "recording")
            return Judged(Status.FAILED, (), usage, requests, problem, leftover)
        case _:
            problem = Problem(error.message, error.hint)
            return Judged(Status.ERRORED, (), usage, requests, problem, leftover)


def _is_live(reply: Reply | None, error: Exception | None) -> bool:
    """Tell whether the target was asked."""
    return reply.recorded_ms is None if reply is not None else not isinstance(error, RecordingError)


def _count(case: Case, judge: Judge, answers: Sequence[_Answer]) -> Verdict:
    votes = [read_votes(case, each.reply) for each in answers if each.reply is not None]
    criteria = [
        count_votes(text, [vote[place] for vote in votes], judge.needed) for place, text in enumerate(case.criteria)
    ]
    return get_judged(judge.name, criteria, judge.needed)
