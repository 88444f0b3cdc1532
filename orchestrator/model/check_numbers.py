"""Checks of what an exchange took: time, tokens, money. Over a conversation, of all its turns together."""

from typing import Literal

from pydantic import Field

from orchestrator.model.language import Strict
from orchestrator.model.weighted import Weighted


class Most(Strict):
    """A limit."""

    max: float = Field(ge=0)


class LatencyMs(Weighted):
    """From sending the message to the last reply it took no more milliseconds than this."""

    latency_ms: Most


class MostTokens(Strict):
    """A limit of tokens."""

    max: int = Field(ge=0)
    of: Literal["total", "input", "output"] = Field("total", description="Which tokens are counted")


class Tokens(Weighted):
    """No more tokens were used than this."""

    tokens: MostTokens


class CostUsd(Weighted):
    """The tokens cost no more US dollars than this, by the project's `prices`."""

    cost_usd: Most
