"""What a model's tokens cost, as the project says it."""

from pydantic import Field

from orchestrator.model.conversation import Usage
from orchestrator.model.language import Strict


class Price(Strict):
    """US dollars for a million tokens."""

    input: float = Field(ge=0, description="USD for a million input tokens")
    output: float = Field(ge=0, description="USD for a million output tokens")


def get_cost(usage: Usage, price: Price) -> float:
    """Give what these tokens cost, in US dollars."""
    return (usage.input_tokens * price.input + usage.output_tokens * price.output) / 1_000_000
