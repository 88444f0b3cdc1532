"""Judging: a check and what was said give a verdict. Pure, so that a kept transcript can be judged again.

A turn's checks see the exchange of that turn; a conversation's checks see all of them. What the assistant said in
several messages or replies is one text then, in order.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import assert_never

from orchestrator.model.checks import (
    Check,
    Cites,
    Contains,
    Equals,
    NotContains,
    Regex,
    StatusIs,
    ToolCalled,
    ToolNotCalled,
)
from orchestrator.scenario.check_calls import judge_called, judge_not_called
from orchestrator.scenario.check_citations import judge_cites
from orchestrator.scenario.quoting import around, quoted
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed


def judge(check: Check, exchanges: Sequence[Exchange]) -> Verdict:
    """Judge one check on one exchange or on a whole conversation; `exchanges` are in order and not empty."""
    match check:
        case Contains():
            return _contains(check, _text(exchanges))
        case NotContains():
            return _not_contains(check, _text(exchanges))
        case Equals():
            return _equals(check, _text(exchanges))
        case Regex():
            return _regex(check, _text(exchanges))
        case ToolCalled():
            return judge_called(check, exchanges)
        case ToolNotCalled():
            return judge_not_called(check, exchanges)
        case StatusIs():
            return _status(check, exchanges[-1])
        case Cites():
            return judge_cites(check, exchanges)
        case _:
            assert_never(check)


def _text(exchanges: Sequence[Exchange]) -> str:
    return "\n".join(exchange.text for exchange in exchanges)


def _contains(check: Contains, text: str) -> Verdict:
    wanted = check.contains
    if (at := text.find(wanted)) >= 0:
        return passed("contains", f"found in {around(text, at, at + len(wanted))}")
    lines = [f"expected: a reply that contains {quoted(wanted)}", f"got:      {quoted(text)}"]
    if near := _near_miss(wanted, text):
        lines.append(near)
    return failed("contains", "\n".join(lines))


def _not_contains(check: NotContains, text: str) -> Verdict:
    unwanted = check.not_contains
    at = text.find(unwanted)
    if at < 0:
        return passed("not_contains", f"the reply does not contain {quoted(unwanted)}")
    return failed(
        "not_contains",
        f"expected: a reply without {quoted(unwanted)}\ngot:      {around(text, at, at + len(unwanted))}",
    )


def _equals(check: Equals, text: str) -> Verdict:
    wanted, got = check.equals.strip(), text.strip()
    if wanted == got:
        return passed("equals", f"the reply is {quoted(got)}")
    pairs = zip(wanted, got, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(wanted), len(got)))
    lines = [f"expected: {around(wanted, at, at + 1, 150)}", f"got:      {around(got, at, at + 1, 150)}"]
    lines.append(_near_miss(wanted, got, whole=True) or f"they differ from character {at + 1} on")
    return failed("equals", "\n".join(lines))


def _regex(check: Regex, text: str) -> Verdict:
    found = re.search(check.regex, text)
    if found:
        return passed("regex", f"matches {around(text, found.start(), found.end())}")
    return failed("regex", f"expected: a reply that matches {quoted(check.regex)}\ngot:      {quoted(text)}")


def _status(check: StatusIs, exchange: Exchange) -> Verdict:
    status = exchange.status
    why = f" ({exchange.failure.code}: {exchange.failure.message})" if exchange.failure else ""
    if status == check.status:
        return passed("status", f"the exchange ended as {status}{why}")
    return failed("status", f"expected: {check.status}\ngot:      {status or 'no reply'}{why}")


def _near_miss(wanted: str, text: str, *, whole: bool = False) -> str | None:
    """Say why a text that looks as if it were there is not."""
    folds = (
        ("but in another Unicode form: one is composed (NFC), one is not", _composed),
        ("but with other white space", lambda value: " ".join(value.split())),
        ("but in upper or lower case", str.casefold),
    )
    for what, fold in folds:
        a, b = fold(wanted), fold(text)
        if a and (a == b if whole else a in b):
            return f"it is there, {what}"
    return None


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
