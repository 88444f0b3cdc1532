"""A conversation whose assistant says what it is told to: the public seam for tests of whatever talks to one.

It holds its caller to the protocol as a live API would: outputs of all pending calls together, no new message while
calls are pending, nothing after the close.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.errors import TargetError, TargetRejectedError
from orchestrator.model.conversation import Answer, Call, Evidence, Message, Reply, ReplyStatus, Usage
from orchestrator.providers._replies import must_answer_each, must_be_done
from orchestrator.providers.interface import Hearer


class ScriptedConversation:
    """Plays replies in order, raises those that are errors, and records what it was told."""

    def __init__(self, script: Iterable[Reply | TargetError]) -> None:
        self._script = iter(script)
        self._pending: tuple[Call, ...] = ()
        self.told: list[str | tuple[Answer, ...]] = []
        """Messages and sets of answers, in order."""
        self.closed = False
        self.hearer: Hearer | None = None
        """Hears every reply as it is played, each message in two pieces."""

    async def send(self, message: str) -> Reply:
        """Record a message and play the next reply; raises `TargetRejectedError` while calls are pending."""
        must_be_done(not self._pending)
        self.told.append(message)
        return self._play()

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Record answers and play the next reply; raises `TargetRejectedError` unless they answer what is pending."""
        must_answer_each([call.id for call in self._pending], answers)
        self.told.append(tuple(answers))
        return self._play()

    async def close(self) -> int:
        """End the conversation; closing twice is closing once. Gives one request where anything was said."""
        requests = 1 if self.told and not self.closed else 0
        self.closed = True
        return requests

    def _play(self) -> Reply:
        if self.closed:
            raise TargetRejectedError("the conversation is closed", "open another")
        reply = next(self._script, None)
        if reply is None:
            raise TargetRejectedError("the script has no more replies", "add one for each message and set of answers")
        if isinstance(reply, TargetError):
            raise reply
        self._pending = reply.calls if reply.status is ReplyStatus.NEEDS_ANSWERS else ()
        if self.hearer is not None:
            _tell(self.hearer, reply)
        return reply


def _tell(hearer: Hearer, reply: Reply) -> None:
    for search in reply.evidence.searches:
        hearer.searched(search)
    for code in reply.evidence.code_runs:
        hearer.ran(code)
    for message in reply.messages:
        half = len(message.text) // 2
        for piece in (message.text[:half], message.text[half:]):
            hearer.wrote(piece)


def says(text: str, *, evidence: Evidence | None = None, usage: Usage | None = None) -> Reply:
    """Give a reply that completes the exchange with one message."""
    return Reply(ReplyStatus.COMPLETED, (Message(text),), (), evidence or Evidence(), usage or Usage())


def calls(*named: tuple[str, Mapping[str, Any]], usage: Usage | None = None) -> Reply:
    """Give a reply that calls functions together; their ids are `call_1`, `call_2`, ..."""
    pending = tuple(Call(f"call_{n}", name, arguments) for n, (name, arguments) in enumerate(named, 1))
    return Reply(ReplyStatus.NEEDS_ANSWERS, calls=pending, usage=usage or Usage())
