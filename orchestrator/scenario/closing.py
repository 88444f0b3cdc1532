"""Closing a conversation whatever happens, within a bound of time."""

import asyncio
from typing import NamedTuple

from orchestrator.errors import TargetError
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.results import Problem


class Closed(NamedTuple):
    """What became of a close."""

    requests: int
    """How many it took; one where it came to nothing, since nobody tells."""
    problem: Problem | None = None
    """What could not be removed."""


async def close(conversation: Conversation, seconds: float) -> Closed:
    """Close within a bound, also while being cancelled."""
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
        case int():
            return Closed(ended)
        case asyncio.CancelledError():
            return Closed(1, Problem(f"the conversation was not closed within {seconds:g} s"))
        case TargetError():
            return Closed(1, Problem(ended.message, ended.hint))
        case _:
            raise ended
