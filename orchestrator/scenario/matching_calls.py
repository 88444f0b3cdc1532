"""Comparing the arguments of a call with what they have to be: the one way mocks and checks do it, pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.model.matchers import ArgumentsPattern
from orchestrator.scenario.matching import find_difference
from orchestrator.scenario.quoting import as_text, cut, quoted, shown
from orchestrator.spec.queries import QueryError, search
from orchestrator.spec.schema import find_faults


def find_misfit(wanted: ArgumentsPattern, arguments: Mapping[str, Any], invalid: str | None = None) -> str | None:
    """Say in what the arguments of a call are not the wanted ones, the first thing found; None where they are.

    `invalid` are the arguments as the model wrote them, where they are no JSON object: those fit only where nothing is
    asked of them.
    """
    if wanted.says_nothing:
        return None
    if invalid is not None:
        return "the arguments are not a JSON object"
    return next(_misfits(wanted, arguments), None)


def describe_wanted(wanted: ArgumentsPattern) -> str:
    """Give what is asked of arguments in words that follow the name of a function; nothing where nothing is."""
    parts = []
    if wanted.arguments:
        parts.append(shown(wanted.arguments))
    if wanted.exact is not None:
        parts.append(f"exactly {shown(wanted.exact)}")
    if wanted.schema_:
        parts.append(f"arguments of the schema {shown(wanted.schema_)}")
    parts += [f"{name} that matches {quoted(pattern)}" for name, pattern in (wanted.regex or {}).items()]
    if wanted.jmespath:
        parts.append(f"arguments for which {wanted.jmespath} holds")
    return f" with {' and '.join(parts)}" if parts else ""


def _misfits(wanted: ArgumentsPattern, arguments: Mapping[str, Any]) -> Iterator[str]:
    if wanted.exact is not None and (difference := find_difference(wanted.exact, arguments, subset=False)):
        yield str(difference)
    if wanted.arguments and (difference := find_difference(wanted.arguments, arguments)):
        yield str(difference)
    for name, pattern in (wanted.regex or {}).items():
        if name not in arguments:
            yield f"{name}: expected what matches {quoted(pattern)}, but it is missing"
        elif not re.search(pattern, as_text(arguments[name])):
            yield f"{name}: expected what matches {quoted(pattern)}, got {shown(arguments[name])}"
    if wanted.schema_:
        yield from find_faults(wanted.schema_, arguments, most=1)
    if wanted.jmespath:
        yield from _in_query(wanted.jmespath, arguments)


def _in_query(query: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    try:
        found = search(query, arguments)
    except QueryError as error:
        yield f"{query}: {cut(str(error))}"
        return
    if found is None or found is False or found in ("", [], {}):
        yield f"{query}: expected a value, got {shown(found)}"
