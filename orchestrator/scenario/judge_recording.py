"""Answers of judges played from a recording: found by what the judge is asked now, told why where there is none."""

from collections.abc import Sequence

from orchestrator.providers.interface import Conversation
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.judge_prompt import Case, get_prompt
from orchestrator.scenario.quoting import shown
from orchestrator.scenario.recording import (
    CHANGED,
    STALE,
    Advice,
    RefusedConversation,
    ReplayedConversation,
    TooShort,
    Unfit,
)
from orchestrator.scenario.recording_file import JudgeStep, Step, get_sight


class ReplayedJudges:
    """What judges said of the conversations of one scenario; each answer is given once, to what it was asked."""

    def __init__(self, judged: Sequence[Sequence[JudgeStep]], cleaner: Cleaner, advice: Advice) -> None:
        """`judged` is by conversation, as recorded."""
        self._judged = judged
        self._left = [list(steps) for steps in judged]
        self._cleaner, self._advice = cleaner, advice

    def open(self, number: int, case: Case) -> Conversation:
        """Begin a conversation about the one of this number, from 0; where none fits, it says so when it is used."""
        saw = get_sight(case, self._cleaner)
        left = self._left[number] if number < len(self._left) else []
        place = next((place for place, step in enumerate(left) if (step.judge, step.saw) == (case.judge, saw)), None)
        if place is None:
            return RefusedConversation(self._why_not(number, case, saw))
        step = Step(left.pop(place).reply, user=self._cleaner.text(get_prompt(case)))
        return ReplayedConversation((step,), self._cleaner, self._advice)

    def _why_not(self, number: int, case: Case, saw: str) -> Unfit:
        about = "of the whole conversation" if case.turn is None else f"of turn {case.turn}"
        steps = self._judged[number] if number < len(self._judged) else ()
        same = [step for step in steps if (step.judge, step.turn) == (case.judge, case.turn)]
        if not same:
            return TooShort(f"the recording has no answer of the judge {case.judge} {about}", self._advice.short)
        if any(step.saw == saw for step in same):
            message = f"the recording has fewer answers of the judge {case.judge} {about} than it is asked for"
            return TooShort(message, self._advice.short)
        now = tuple(self._cleaner.data(case.criteria))
        if any(step.criteria == now for step in same):
            return Unfit(f"{STALE}: what the judge {case.judge} sees {about} {CHANGED}", self._advice.stale)
        both = f"recorded: {shown(list(same[0].criteria))}\nnow:      {shown(list(now))}"
        message = f"{STALE}: the criteria of the judge {case.judge} {about} {CHANGED}\n{both}"
        return Unfit(message, self._advice.stale)
