"""A conversation whose assistant says what it is told to: the public seam for tests of whatever talks to one.

It holds its caller to the protocol as a live API would: outputs of all pending calls together, no new message while
calls are pending, nothing after the close.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.errors import TargetError, TargetRejectedError
from orchestrator.model.conversation import Answer, Call, Evidence, Message, Reply, ReplyStatus, Usage
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
        if self._pending:
            raise TargetRejectedError(
                f"calls are pending: {_ids(self._pending)}", "answer them before the next message"
            )
        self.told.append(message)
        return self._play()

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Record answers and play the next reply; raises `TargetRejectedError` unless they answer what is pending."""
        wanted, given = sorted(call.id for call in self._pending), sorted(answer.call_id for answer in answers)
        if not wanted or wanted != given:
            raise TargetRejectedError(
                f"expected outputs for {', '.join(wanted) or 'no call'}, got {', '.join(given) or 'none'}",
                "answer all pending calls together, each once",
            )
        self.told.append(tuple(answers))
        return self._play()

    async def close(self) -> None:
        """End the conversation; closing twice is closing once."""
        self.closed = True

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


def _ids(pending: Iterable[Call]) -> str:
    return ", ".join(call.id for call in pending)
