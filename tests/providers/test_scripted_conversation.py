"""The scripted conversation plays its script, records what it hears and is as strict as a live API."""

import asyncio

import pytest

from orchestrator.errors import TargetBusyError, TargetRejectedError
from orchestrator.model.conversation import Answer, ReplyStatus, Usage
from orchestrator.providers.interface import Conversation
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says


def test_plays_in_order_and_records():
    talk = ScriptedConversation([calls(("f", {"a": 1}), ("g", {})), says("done", usage=Usage(3, 4))])

    async def use(conversation: Conversation) -> None:
        first = await conversation.send("hello")
        assert first.status is ReplyStatus.NEEDS_ANSWERS
        assert [(call.id, call.name, call.arguments) for call in first.calls] == [
            ("call_1", "f", {"a": 1}),
            ("call_2", "g", {}),
        ]
        second = await conversation.answer([Answer("call_2", "two"), Answer("call_1", "one")])
        assert (second.status, second.messages[0].text, second.usage) == (ReplyStatus.COMPLETED, "done", Usage(3, 4))
        await conversation.close()
        await conversation.close()

    asyncio.run(use(talk))
    assert talk.told == ["hello", (Answer("call_2", "two"), Answer("call_1", "one"))]
    assert talk.closed


def test_raises_what_the_script_says_and_goes_on():
    talk = ScriptedConversation([TargetBusyError("slow down"), says("now")])
    with pytest.raises(TargetBusyError, match="slow down"):
        asyncio.run(talk.send("a"))
    assert asyncio.run(talk.send("b")).messages[0].text == "now"


@pytest.mark.parametrize("answered", [[], ["call_1"], ["call_1", "call_1"], ["call_1", "call_2", "call_3"]])
def test_wants_all_pending_calls_answered_together(answered):
    talk = ScriptedConversation([calls(("f", {}), ("g", {})), says("unreached")])
    asyncio.run(talk.send("a"))
    with pytest.raises(TargetRejectedError, match="results are wanted for call_1, call_2, given for"):
        asyncio.run(talk.answer([Answer(id, "x") for id in answered]))


def test_refuses_what_a_live_api_refuses():
    pending = ScriptedConversation([calls(("f", {}))])
    asyncio.run(pending.send("a"))
    with pytest.raises(TargetRejectedError, match="the turn before is not done"):
        asyncio.run(pending.send("b"))

    idle = ScriptedConversation([])
    with pytest.raises(TargetRejectedError, match="results are wanted for no call, given for none"):
        asyncio.run(idle.answer([]))
    with pytest.raises(TargetRejectedError, match="no more replies"):
        asyncio.run(idle.send("a"))
    asyncio.run(idle.close())
    with pytest.raises(TargetRejectedError, match="closed"):
        asyncio.run(idle.send("a"))
