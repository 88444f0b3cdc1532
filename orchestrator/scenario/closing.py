"""Closing a conversation whatever happens, within a bound of time."""

import asyncio

from orchestrator.errors import TargetError
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.results import Problem


async def close(conversation: Conversation, seconds: float) -> Problem | None:
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
