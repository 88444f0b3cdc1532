"""Limits of time, tokens and money; what nobody measured passes no limit."""

import pytest

from orchestrator.model.conversation import Failure, Reply, ReplyStatus, Usage
from orchestrator.model.prices import Price
from orchestrator.scenario.setting import Setting
from orchestrator.scenario.transcript import Exchange
from tests.scenario.checking import reason, said, verdict

SHORT = said("a", usage=Usage(1000, 200), ms=40)
LONG = said("b", usage=Usage(2000, 300), ms=60.4)
PRICED = Setting(price=Price(input=2.5, output=10))


@pytest.mark.parametrize(
    ("check", "exchanges"),
    [
        ({"latency_ms": {"max": 40}}, [SHORT]),
        ({"latency_ms": {"max": 100.4}}, [SHORT, LONG]),
        ({"tokens": {"max": 1200}}, [SHORT]),
        ({"tokens": {"max": 3000, "of": "input"}}, [SHORT, LONG]),
        ({"tokens": {"max": 500, "of": "output"}}, [SHORT, LONG]),
        ({"cost_usd": {"max": 0.0045}}, [SHORT]),
    ],
)
def test_a_limit_holds_up_to_itself(check, exchanges):
    given = verdict(check, *exchanges, setting=PRICED)
    assert (given.passed, given.score, given.check) == (True, 1.0, next(iter(check))), given.reason
    assert not verdict({"not": check}, *exchanges, setting=PRICED).passed


@pytest.mark.parametrize(
    ("check", "got"),
    [
        ({"latency_ms": {"max": 100}}, "at most 100 ms\ngot:      100.4 ms (40 + 60.4)"),
        ({"tokens": {"max": 3499}}, "at most 3499 tokens\ngot:      3500 tokens (3000 in, 500 out)"),
        ({"tokens": {"max": 10, "of": "input"}}, "at most 10 input tokens\ngot:      3000 input tokens"),
        ({"tokens": {"max": 10, "of": "output"}}, "at most 10 output tokens\ngot:      500 output tokens"),
        (
            {"cost_usd": {"max": 0.012}},
            "at most 0.012 USD\ngot:      0.0125 USD (3000 in at 2.5, 500 out at 10 a million)",
        ),
    ],
)
def test_more_than_the_limit(check, got):
    assert reason(check, SHORT, LONG, setting=PRICED).startswith(f"expected: {got}")
    assert verdict({"not": check}, SHORT, LONG, setting=PRICED).passed


@pytest.mark.parametrize(
    ("check", "exchange", "setting", "why"),
    [
        ({"latency_ms": {"max": 1}}, said("a"), PRICED, "nobody measured how long it took"),
        ({"tokens": {"max": 1}}, said("a"), PRICED, "the target did not say how many tokens were used"),
        ({"cost_usd": {"max": 1}}, said("a"), PRICED, "the target did not say how many tokens were used"),
        ({"cost_usd": {"max": 1}}, SHORT, None, "no price of the assistant's model is known"),
    ],
)
def test_what_nobody_knows_holds_no_more_than_its_opposite(check, exchange, setting, why):
    assert reason(check, exchange, setting=setting).startswith(why)
    assert reason({"not": check}, exchange, setting=setting).startswith(why)
    assert reason({"all_of": [check]}, exchange, setting=setting).startswith(why)
    assert reason({"not": {"any_of": [check]}}, exchange, setting=setting).startswith(why)


def test_an_exchange_that_failed_at_once_used_nothing():
    failed = Exchange("x", (Reply(ReplyStatus.FAILED, failure=Failure("rate_limit_exceeded", "slow down")),))
    assert verdict({"tokens": {"max": 0}}, failed).passed
