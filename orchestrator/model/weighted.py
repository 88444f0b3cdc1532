"""What every check has, whatever it looks at."""

from pydantic import Field

from orchestrator.model.language import Strict


class Weighted(Strict):
    """A check that counts in a score."""

    weight: float = Field(
        1.0, ge=0, description="How much it counts in the score; at 0 it is reported and fails nothing"
    )
