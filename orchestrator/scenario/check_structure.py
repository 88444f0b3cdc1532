"""Checking a reply that is JSON."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from orchestrator.model.check_structure import JsonReply, JsonValue
from orchestrator.scenario.differing import compare_values
from orchestrator.scenario.matching import find_difference
from orchestrator.scenario.quoting import quoted, shown
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed
from orchestrator.spec.queries import QueryError, search
from orchestrator.spec.schema import find_faults

_FENCE = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
NOTHING = object()
"""Stands for no JSON value at all."""


def check_json(check: JsonReply, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `json`: the reply, or its last message, or the first fence in it that is JSON, has the value asked for."""
    value = _find_json(exchanges)
    if value is NOTHING:
        text = "\n".join(exchange.text for exchange in exchanges)
        return failed("json", f"expected: a reply that is JSON\ngot:      {quoted(text)}")
    wanted = check.json_
    try:
        part = value if wanted.path is None else search(wanted.path, value)
    except QueryError as error:
        return failed("json", f"expected: a value at {wanted.path}\ngot:      {error}, in {shown(value)}")
    return _check_value(wanted, part, value)


def _check_value(wanted: JsonValue, part: Any, whole: Any) -> Verdict:
    at = f" at {wanted.path}" if wanted.path else ""
    context = [f"in:       {shown(whole)}"] if wanted.path else []
    if wanted.has_equals:
        if difference := find_difference(wanted.equals, part, subset=False):
            lines = [f"expected: {shown(wanted.equals)}{at}", f"got:      {shown(part)}", *context]
            lines += [str(difference)] if difference.path else []
            return failed("json", "\n".join([*lines, *compare_values(wanted.equals, part)]))
    elif part is None and wanted.schema_ is None:
        return failed("json", "\n".join([f"expected: a value{at}", "got:      none", *context]))
    if wanted.schema_ is not None and (faults := find_faults(wanted.schema_, part)):
        lines = [f"expected: a value{at} that follows the schema", f"got:      {shown(part)}", *context]
        return failed("json", "\n".join([*lines, *(f"  {fault}" for fault in faults)]))
    return passed("json", f"the value{at} is {shown(part)}")


def _find_json(exchanges: Sequence[Exchange]) -> Any:
    return find_json([message.text for each in exchanges for reply in each.replies for message in reply.messages])


def find_json(texts: Sequence[str]) -> Any:
    """Give the JSON value that messages are: all together, or the last one, or a fence in them; else `NOTHING`."""
    for text in _candidates(texts):
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
    return NOTHING


def _candidates(texts: Sequence[str]) -> Iterator[str]:
    whole = "\n".join(texts)
    yield whole
    yield from texts[-1:]
    yield from (text for language, text in _FENCE.findall(whole) if language.lower() in ("", "json"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
