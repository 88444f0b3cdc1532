"""What an attempt cost is known where the price is and the target counted."""

import pytest

from orchestrator.model.conversation import Reply, ReplyStatus, Usage
from orchestrator.model.prices import Price
from orchestrator.scenario.costs import get_attempt_cost
from orchestrator.scenario.transcript import Exchange
from tests.scenario.checking import said

PRICE = Price(input=2.5, output=10)


def test_the_cost_of_all_exchanges():
    used = [said("a", usage=Usage(400, 100)), said("b", usage=Usage(0, 100))]
    assert get_attempt_cost(used, PRICE) == pytest.approx(0.003)
    assert get_attempt_cost([], PRICE) == 0.0


def test_it_is_not_known_without_a_price_or_a_count():
    assert get_attempt_cost([said("a", usage=Usage(400, 100))], None) is None
    assert get_attempt_cost([said("a", usage=Usage(400, 100)), said("b")], PRICE) is None


def test_an_exchange_that_came_to_nothing_cost_nothing():
    broken = Exchange("hi", (Reply(ReplyStatus.FAILED),))
    assert get_attempt_cost([broken, Exchange("hi")], PRICE) == 0.0


def test_without_a_price_it_is_what_the_target_says_of_every_reply():
    told = Exchange("hi", (Reply(ReplyStatus.COMPLETED, spent_usd=0.12), Reply(ReplyStatus.COMPLETED, spent_usd=0.0)))
    assert get_attempt_cost([told, told], None) == pytest.approx(0.24)
    assert get_attempt_cost([told, Exchange("hi", (Reply(ReplyStatus.COMPLETED),))], None) is None
    assert get_attempt_cost([], None) is None
