"""What an attempt cost, as far as it is known."""

from collections.abc import Iterable, Sequence

from orchestrator.model.conversation import ReplyStatus, Usage
from orchestrator.model.prices import Price, get_cost
from orchestrator.scenario.transcript import Exchange


def get_attempt_cost(exchanges: Sequence[Exchange], price: Price | None) -> float | None:
    """Give what exchanges cost, in US dollars: by the price, else as the target says; None where neither is known."""
    if price is None:
        said = [reply.spent_usd for exchange in exchanges for reply in exchange.replies]
        return add_known(said) if said else None
    if any(map(is_uncounted, exchanges)):
        return None
    return get_cost(sum((exchange.usage for exchange in exchanges), Usage()), price)


def add_known(costs: Iterable[float | None]) -> float | None:
    """Give a sum; None where one of them is not known."""
    found = list(costs)
    known = [cost for cost in found if cost is not None]
    return sum(known) if len(known) == len(found) else None


def is_uncounted(exchange: Exchange) -> bool:
    """Tell whether the target did not say how many tokens an exchange took: none is what no model takes."""
    return exchange.status is ReplyStatus.COMPLETED and exchange.usage == Usage()
