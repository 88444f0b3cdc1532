"""Conversations that are written down, and conversations played from what was written: no target is needed for those.

A conversation is told once more exactly as it was: the same message gets the same reply. Where the scenario says
something else by now, what the model would have answered is not known, and that is what is said.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestrator.model.conversation import Answer, Reply
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.quoting import quoted
from orchestrator.scenario.recording_file import Lane, RecordingError, Step

STALE = "the recording is stale"
CHANGED = "changed since this was recorded"


@dataclass(frozen=True, slots=True)
class Advice:
    """The next step for who has a recording that cannot be replayed."""

    stale: str
    short: str


class Unfit(RecordingError):
    """The recording does not hold what the scenario says."""


class TooShort(Unfit):
    """The recording ends before the scenario does."""


class RecordingConversation:
    """Passes everything on to another conversation and keeps what was said."""

    def __init__(self, inner: Conversation) -> None:
        self._inner = inner
        self._steps: list[Step] = []

    @property
    def lane(self) -> Lane:
        """What was said so far."""
        return tuple(self._steps)

    async def send(self, message: str) -> Reply:
        """Say something."""
        start = time.perf_counter()
        reply = await self._inner.send(message)
        self._steps.append(Step(_timed(reply, start), user=message))
        return reply

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the outputs of all calls of the last reply."""
        start = time.perf_counter()
        reply = await self._inner.answer(answers)
        self._steps.append(Step(_timed(reply, start), outputs={each.call_id: each.output for each in answers}))
        return reply

    async def close(self) -> int:
        """Close the other one."""
        return await self._inner.close()


class ReplayedConversation:
    """Plays a lane; raises `Unfit` where the scenario says what was not recorded."""

    def __init__(self, lane: Lane, cleaner: Cleaner, advice: Advice) -> None:
        self._steps = iter(lane)
        self._cleaner = cleaner
        self._advice = advice
        self._turn = 0
        self._names: dict[str, str] = {}

    async def send(self, message: str) -> Reply:
        """Give the recorded reply to this message."""
        self._turn += 1
        step = self._next(f"before turn {self._turn}")
        said = self._cleaner.text(message)
        if step.user is None:
            raise self._unfit(f"functions were called once more in turn {self._turn - 1} when this was recorded")
        if step.user != said:
            raise self._unfit(f"the message of turn {self._turn} {CHANGED}", step.user, said)
        return self._gave(step)

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the recorded reply to these outputs."""
        step = self._next(f"in turn {self._turn}, before the functions were answered")
        for answer in answers:
            then, now = step.outputs.get(answer.call_id), self._cleaner.text(answer.output)
            if then != now:
                name = self._names.get(answer.call_id, answer.call_id)
                raise self._unfit(f"the output of {name} in turn {self._turn} {CHANGED}", then, now)
        return self._gave(step)

    async def close(self) -> int:
        """Nothing is left anywhere."""
        return 0

    def _next(self, place: str) -> Step:
        step = next(self._steps, None)
        if step is None:
            raise TooShort(f"the recording ends {place}", self._advice.short)
        return step

    def _gave(self, step: Step) -> Reply:
        self._names = {call.id: call.name for call in step.reply.calls}
        return step.reply

    def _unfit(self, what: str, then: str | None = None, now: str = "") -> Unfit:
        both = f"\nrecorded: {quoted(then)}\nnow:      {quoted(now)}" if then is not None else ""
        return Unfit(f"{STALE}: {what}{both}", self._advice.stale)


class RefusedConversation:
    """A conversation there is no recording for: says so at the first message."""

    def __init__(self, error: RecordingError) -> None:
        self.error = error

    async def send(self, message: str) -> Reply:
        """Raise why there is none."""
        raise self.error

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Raise why there is none."""
        raise self.error

    async def close(self) -> int:
        """Nothing is left anywhere."""
        return 0


def _timed(reply: Reply, start: float) -> Reply:
    return replace(reply, recorded_ms=round((time.perf_counter() - start) * 1000))
