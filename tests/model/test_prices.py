"""A price is for a million tokens."""

import pytest

from orchestrator.model.conversation import Usage
from orchestrator.model.prices import Price, get_cost


@pytest.mark.parametrize(
    ("usage", "cost"),
    [(Usage(), 0), (Usage(1_000_000, 0), 2.5), (Usage(0, 1_000_000), 10), (Usage(400, 100), 0.002)],
)
def test_costs(usage, cost):
    assert get_cost(usage, Price(input=2.5, output=10)) == pytest.approx(cost)
