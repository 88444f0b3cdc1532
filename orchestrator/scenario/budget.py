"""What a run may cost: pure, over the costs of its attempts as they come in.

What an attempt will cost is known once it is over, so a run ends a little above its budget: by what was under way.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit, and what was spent of it; in US dollars."""

    limit_usd: float
    spent_usd: float = 0.0
    """By all attempts that are over, also of scenarios that were not finished."""
    unknown: int = 0
    """Attempts of which it is not known what they cost."""

    @property
    def is_reached(self) -> bool:
        """Whether no attempt may begin: a cost that is not known may be any, so it ends the run as well."""
        return self.spent_usd >= self.limit_usd or self.unknown > 0

    def after(self, cost_usd: float | None) -> "Budget":
        """Give the budget after an attempt that cost so much, None where that is not known."""
        if cost_usd is None:
            return replace(self, unknown=self.unknown + 1)
        return replace(self, spent_usd=self.spent_usd + cost_usd)

    @property
    def left_usd(self) -> float:
        """What may still be spent."""
        return self.limit_usd - self.spent_usd

    def with_spent(self, part: "Budget") -> "Budget":
        """Give the budget after a part of the work that had one of its own."""
        return replace(self, spent_usd=self.spent_usd + part.spent_usd, unknown=self.unknown + part.unknown)
