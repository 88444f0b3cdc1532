"""Attribute filters of a search (`eq ne gt gte lt lte in nin`, joined by `and`, `or`), checked and turned into SQL.

Comparisons are typed: a number is never equal to or below a text. A file without the attribute satisfies `ne`
and `nin` and nothing else. The public reference is silent on both; these are the readings that never surprise.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestrator.server.wire import WireError, invalid

MAX_DEPTH = 8
MAX_COMPARISONS = 256
MAX_VALUES = 10_000
"""In all lists of a filter together."""

_OPERATORS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin")

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter as SQL over `f.attributes`, a JSON object; what a request says travels in `parameters` only."""

    sql: str
    parameters: tuple[Scalar, ...]


def parse_filter(value: object, param: str = "filters") -> Condition:
    """The condition a filter of a request stands for; raises WireError 400 with the place in `param`."""
    size = _size(value, param, 1)
    if size.comparisons > MAX_COMPARISONS:
        raise _wrong(f"Invalid '{param}': at most {MAX_COMPARISONS} comparisons are allowed.", param)
    if size.values > MAX_VALUES:
        raise _wrong(f"Invalid '{param}': at most {MAX_VALUES:,} values are allowed in lists.", param)
    return _parse(value, param)


class _Size(NamedTuple):
    comparisons: int
    values: int


def _size(value: object, param: str, depth: int) -> _Size:
    """How much a filter asks, whatever is wrong with it; raises WireError where it is nested too deep."""
    if not isinstance(value, dict):
        return _Size(0, 0)
    if depth > MAX_DEPTH:
        raise _wrong(f"Invalid '{param}': filters are nested at most {MAX_DEPTH} deep.", param)
    inner, listed = value.get("filters"), value.get("value")
    sizes = (
        [_size(each, f"{param}.filters[{place}]", depth + 1) for place, each in enumerate(inner)]
        if isinstance(inner, list)
        else []
    )
    values = len(listed) if isinstance(listed, list) else 0
    return _Size(sum(s.comparisons for s in sizes) + (not sizes), sum(s.values for s in sizes) + values)


def _parse(value: object, param: str) -> Condition:
    if not isinstance(value, dict):
        raise _wrong(f"Invalid type for '{param}': expected an object.", param)
    kind = value.get("type")
    if kind in ("and", "or"):
        _check_keys(value, ("type", "filters"), param)
        return _join(kind, value["filters"], param)
    if kind in _COMPARISONS:
        _check_keys(value, ("type", "key", "value"), param)
        return _compare(str(kind), value["key"], value["value"], param)
    expected = ", ".join(f"'{name}'" for name in (*_COMPARISONS, "and", "or"))
    raise _wrong(f"Invalid value for '{param}.type': expected one of {expected}.", f"{param}.type")


def _wrong(message: str, param: str) -> WireError:
    return invalid(message, param=param, code="invalid_value")


def _check_keys(value: dict[str, Any], keys: tuple[str, ...], param: str) -> None:
    for key in keys:
        if key not in value:
            raise _wrong(f"Missing required parameter: '{param}.{key}'.", f"{param}.{key}")
    for key in value:
        if key not in keys:
            raise _wrong(f"Unknown parameter: '{param}.{key}'.", f"{param}.{key}")


def _join(kind: str, filters: object, param: str) -> Condition:
    param = f"{param}.filters"
    if not isinstance(filters, list) or not filters:
        raise _wrong(f"Invalid '{param}': expected an array of at least one filter.", param)
    parts = [_parse(part, f"{param}[{index}]") for index, part in enumerate(filters)]
    sql = f" {kind.upper()} ".join(part.sql for part in parts)
    return Condition(f"({sql})", tuple(parameter for part in parts for parameter in part.parameters))


def _compare(kind: str, key: object, value: object, param: str) -> Condition:
    if not isinstance(key, str):
        raise _wrong(f"Invalid type for '{param}.key': expected a string.", f"{param}.key")
    param = f"{param}.value"
    if kind in ("in", "nin"):
        if not isinstance(value, list) or not value or not all(_is_scalar(item) for item in value):
            raise _wrong(f"Invalid type for '{param}': expected an array of strings or numbers.", param)
        for index, item in enumerate(value):
            _check_number(item, f"{param}[{index}]")
        test = _listed(value)
    else:
        if not _is_scalar(value):
            raise _wrong(f"Invalid type for '{param}': expected a string, a number or a boolean.", param)
        if isinstance(value, bool) and kind not in ("eq", "ne"):
            raise _wrong(f"Invalid type for '{param}': '{kind}' compares strings or numbers.", param)
        _check_number(value, param)
        test = _test(_OPERATORS.get(kind, "="), value)
    negation = "NOT " if kind in ("ne", "nin") else ""
    sql = f"{negation}EXISTS (SELECT 1 FROM json_each(f.attributes) AS a WHERE a.key = ? AND ({test.sql}))"
    return Condition(sql, (key, *test.parameters))


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _test(operator: str, value: Any) -> Condition:
    if isinstance(value, bool):
        return Condition("a.type = ?", ("true" if value else "false",))
    if isinstance(value, str):
        return Condition(f"a.type = 'text' AND a.value {operator} ?", (value,))
    return Condition(f"a.type IN ('integer', 'real') AND a.value {operator} ?", (_within_sqlite(value),))


def _listed(values: list[Any]) -> Condition:
    """Any of these; a parameter for each type, because SQLite's expressions are not of any length."""
    texts = [value for value in values if isinstance(value, str)]
    numbers = [_within_sqlite(value) for value in values if not isinstance(value, str | bool)]
    tests = [_test("=", value) for value in (True, False) if any(each is value for each in values)]
    for types, those in (("'text'", texts), ("'integer', 'real'", numbers)):
        if those:
            sql = f"a.type IN ({types}) AND a.value IN (SELECT value FROM json_each(?))"
            tests.append(Condition(sql, (json.dumps(those),)))
    return Condition(" OR ".join(t.sql for t in tests), tuple(p for t in tests for p in t.parameters))


def _check_number(value: Any, param: str) -> None:
    try:
        finite = isinstance(value, str) or math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        raise _wrong(f"Invalid value for '{param}': expected a number that 64 bits can hold.", param)


def _within_sqlite(value: Any) -> Any:
    """SQLite's integers have 64 bits; a larger one is compared as the floating point number JSON means anyway."""
    return float(value) if isinstance(value, int) and abs(value) >= 2**63 else value
