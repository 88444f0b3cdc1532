"""Attribute filters of a search (`eq ne gt gte lt lte in nin`, joined by `and`, `or`), checked and turned into SQL.

Comparisons are typed: a number is never equal to or below a text. A file without the attribute satisfies `ne`
and `nin` and nothing else. The public reference is silent on both; these are the readings that never surprise.
"""

from dataclasses import dataclass
from typing import Any

from orchestrator.server.wire import WireError, invalid

MAX_DEPTH = 8
MAX_COMPARISONS = 256

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
    condition = _parse(value, param, 1)
    if condition.sql.count("json_each") > MAX_COMPARISONS:
        raise _wrong(f"Invalid '{param}': at most {MAX_COMPARISONS} comparisons are allowed.", param)
    return condition


def _parse(value: object, param: str, depth: int) -> Condition:
    if not isinstance(value, dict):
        raise _wrong(f"Invalid type for '{param}': expected an object.", param)
    if depth > MAX_DEPTH:
        raise _wrong(f"Invalid '{param}': filters are nested at most {MAX_DEPTH} deep.", param)
    kind = value.get("type")
    if kind in ("and", "or"):
        _check_keys(value, ("type", "filters"), param)
        return _join(kind, value["filters"], param, depth)
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


def _join(kind: str, filters: object, param: str, depth: int) -> Condition:
    param = f"{param}.filters"
    if not isinstance(filters, list) or not filters:
        raise _wrong(f"Invalid '{param}': expected an array of at least one filter.", param)
    parts = [_parse(part, f"{param}[{index}]", depth + 1) for index, part in enumerate(filters)]
    sql = f" {kind.upper()} ".join(part.sql for part in parts)
    return Condition(f"({sql})", tuple(parameter for part in parts for parameter in part.parameters))


def _compare(kind: str, key: object, value: object, param: str) -> Condition:
    if not isinstance(key, str):
        raise _wrong(f"Invalid type for '{param}.key': expected a string.", f"{param}.key")
    param = f"{param}.value"
    if kind in ("in", "nin"):
        if not isinstance(value, list) or not value or not all(_is_scalar(item) for item in value):
            raise _wrong(f"Invalid type for '{param}': expected an array of strings or numbers.", param)
        tests = [_test("=", item) for item in value]
        test = Condition(" OR ".join(t.sql for t in tests), tuple(p for t in tests for p in t.parameters))
    else:
        if not _is_scalar(value):
            raise _wrong(f"Invalid type for '{param}': expected a string, a number or a boolean.", param)
        if isinstance(value, bool) and kind not in ("eq", "ne"):
            raise _wrong(f"Invalid type for '{param}': '{kind}' compares strings or numbers.", param)
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
    # SQLite's integers have 64 bits; a larger one is compared as the floating point number JSON means anyway.
    number = value if abs(value) < 2**63 else float(value)
    return Condition(f"a.type IN ('integer', 'real') AND a.value {operator} ?", (number,))
