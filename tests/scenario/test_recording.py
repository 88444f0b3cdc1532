"""Conversations written down and played again: the same to whoever talks, and strict about what was said."""

import asyncio

import pytest

from orchestrator.model.conversation import Answer, Reply, ReplyStatus, Usage
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.recording import (
    Advice,
    RecordingConversation,
    RefusedConversation,
    ReplayedConversation,
    TooShort,
    Unfit,
)
from orchestrator.scenario.recording_file import Lane, RecordingError, Step

ADVICE = Advice(stale="record stale", short="record new")
OUTPUTS = (Answer("call_1", "one"), Answer("call_2", "two"))


def recorded() -> tuple[Lane, ScriptedConversation]:
    talk = ScriptedConversation([calls(("f", {}), ("g", {})), says("done", usage=Usage(1, 2)), says("bye")])

    async def converse() -> Lane:
        recording = RecordingConversation(talk)
        assert (await recording.send("go")).recorded_ms is None
        await recording.answer(OUTPUTS)
        await recording.send("thanks")
        await recording.close()
        return recording.lane

    return asyncio.run(converse()), talk


def replay(lane: Lane, *said: str | tuple[Answer, ...], cleaner: Cleaner | None = None) -> list[str]:
    async def converse() -> list[str]:
        conversation = ReplayedConversation(lane, cleaner or Cleaner(), ADVICE)
        replies = [await (conversation.send(s) if isinstance(s, str) else conversation.answer(s)) for s in said]
        await conversation.close()
        assert all(reply.recorded_ms is not None for reply in replies)
        return ["".join(message.text for message in reply.messages) for reply in replies]

    return asyncio.run(converse())


def test_a_recording_passes_everything_on_and_keeps_it():
    lane, talk = recorded()
    assert talk.told == ["go", OUTPUTS, "thanks"]
    assert talk.closed
    assert [(step.user, dict(step.outputs)) for step in lane] == [
        ("go", {}),
        (None, {"call_1": "one", "call_2": "two"}),
        ("thanks", {}),
    ]
    assert [step.reply.status for step in lane] == ["needs_answers", "completed", "completed"]


def test_the_same_words_get_the_same_replies():
    lane, _ = recorded()
    assert replay(lane, "go", OUTPUTS, "thanks") == ["", "done", "bye"]
    assert replay(lane, "go", tuple(reversed(OUTPUTS))) == ["", "done"]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (["stop"], 'the message of turn 1 changed since this was recorded\nrecorded: "go"\nnow:      "stop"'),
        (["go", OUTPUTS, "hm"], "the message of turn 2 changed"),
        (["go", (OUTPUTS[0], Answer("call_2", "three"))], "the output of g in turn 1 changed since"),
        (["go", "more"], "functions were called once more in turn 1 when this was recorded"),
    ],
)
def test_other_words_are_stale_and_told_apart(said, what):
    lane, _ = recorded()
    with pytest.raises(Unfit) as raised:
        replay(lane, *said)
    assert raised.value.message.startswith("the recording is stale: ")
    assert what in raised.value.message
    assert raised.value.hint == "record stale"
    assert not isinstance(raised.value, TooShort)


@pytest.mark.parametrize(
    ("kept", "said", "where"),
    [
        (0, ["go"], "ends before turn 1"),
        (2, ["go", OUTPUTS, "x"], "ends before turn 2"),
        (1, ["go", OUTPUTS], "ends in"),
    ],
)
def test_a_recording_that_ends_early_says_where(kept, said, where):
    lane, _ = recorded()
    with pytest.raises(TooShort, match=where) as raised:
        replay(lane[:kept], *said)
    assert raised.value.hint == "record new"


def test_what_was_hidden_when_it_was_written_is_compared_hidden():
    lane = (Step(Reply(ReplyStatus.COMPLETED, recorded_ms=1), user="my ***"),)
    assert replay(lane, "my topsecret", cleaner=Cleaner(["topsecret"])) == [""]


def test_a_refused_conversation_says_why_at_the_first_word():
    async def converse() -> None:
        conversation = RefusedConversation(RecordingError("there is no recording", "record it"))
        try:
            await conversation.send("go")
        finally:
            await conversation.close()

    with pytest.raises(RecordingError, match="there is no recording"):
        asyncio.run(converse())
