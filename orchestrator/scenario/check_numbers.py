"""Checking what exchanges took: milliseconds, tokens, US dollars."""

from collections.abc import Sequence

from orchestrator.model.check_numbers import CostUsd, LatencyMs, Tokens
from orchestrator.model.conversation import Usage
from orchestrator.model.prices import Price, get_cost
from orchestrator.scenario.costs import is_uncounted
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import CheckError, failed, passed


def check_latency(check: LatencyMs, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `latency_ms`: all exchanges together took no longer; raises `CheckError` where nobody measured."""
    measured = [round(exchange.duration_ms, 3) for exchange in exchanges if exchange.duration_ms is not None]
    if len(measured) < len(exchanges):
        raise CheckError("nobody measured how long it took")
    return _at_most("latency_ms", round(sum(measured), 3), check.latency_ms.max, "ms", _each(measured))


def check_tokens(check: Tokens, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `tokens`: no more were used; raises `CheckError` where the target did not count them."""
    used = _usage(exchanges)
    into, out = used.input_tokens, used.output_tokens
    counted = {"total": into + out, "input": into, "output": out}
    what = "tokens" if check.tokens.of == "total" else f"{check.tokens.of} tokens"
    detail = f" ({into} in, {out} out)"
    return _at_most("tokens", counted[check.tokens.of], check.tokens.max, what, detail)


def check_cost(check: CostUsd, exchanges: Sequence[Exchange], price: Price | None) -> Verdict:
    """Check `cost_usd`: the tokens cost no more; raises `CheckError` where the price or the tokens are not known."""
    if price is None:
        raise CheckError("no price of the assistant's model is known", "write it under prices: in orch.yaml")
    used = _usage(exchanges)
    into, out = _number(price.input), _number(price.output)
    detail = f" ({used.input_tokens} in at {into}, {used.output_tokens} out at {out} a million)"
    return _at_most("cost_usd", get_cost(used, price), check.cost_usd.max, "USD", detail)


def _usage(exchanges: Sequence[Exchange]) -> Usage:
    if any(map(is_uncounted, exchanges)):
        raise CheckError("the target did not say how many tokens were used")
    return sum((exchange.usage for exchange in exchanges), Usage())


def _at_most(check: str, value: float, most: float, unit: str, detail: str) -> Verdict:
    if value <= most:
        return passed(check, f"{_number(value)} {unit}, at most {_number(most)} wanted")
    return failed(check, f"expected: at most {_number(most)} {unit}\ngot:      {_number(value)} {unit}{detail}")


def _each(measured: Sequence[float]) -> str:
    return f" ({' + '.join(map(_number, measured))})" if len(measured) > 1 else ""


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
