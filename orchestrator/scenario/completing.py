"""Reports of `orch test` made whole: what the contract leaves open is filled in, for whoever shows one to rely on.

A report may come from an older orch, or from another program that keeps to the contract only.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.errors import ReportError
from orchestrator.scenario.report_format import LISTED, OPTIONAL, PLACE, RUN, SCENARIO, Report, Status


def complete(report: Report, name: str) -> dict[str, Any]:
    """Give the report with everything that may be absent; `name` is what messages call it.

    A scenario that says no target is one of the report's. Raises `ReportError` where something has not the shape it
    should have, such as a text in place of a list.
    """
    filler = _Filler(name)
    whole = filler.fill(report, RUN, "")
    place = {**PLACE, "target": whole["target"]}
    for key, defaults in (("scenarios", {**place, **SCENARIO}), ("not_run", {**place, "reason": ""})):
        entries = [filler.fill(each, defaults, f"{key}[{index}]") for index, each in enumerate(whole[key])]
        whole[key] = [{"base": each["name"], **each} for each in entries]
    return whole


class _Filler:
    """Fills in objects, and those within them, and says where one is not what belongs there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fill(self, data: Any, defaults: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Give an object with its defaults, as deep as they go."""
        if not isinstance(data, dict):
            raise self._damaged(place, "an object")
        items = {**defaults, **data}.items()
        return {key: self._value(key, value, defaults.get(key, ...), f"{place}.{key}") for key, value in items}

    def _value(self, key: str, value: Any, default: Any, place: str) -> Any:
        if key in OPTIONAL:
            return None if value is None else self.fill(value, OPTIONAL[key], place)
        if problem := _find_fault(key, value, default):
            raise self._damaged(place, problem)
        if key in LISTED and isinstance(value, list):
            return [self.fill(each, LISTED[key], f"{place}[{index}]") for index, each in enumerate(value)]
        return value

    def _damaged(self, place: str, what: str) -> ReportError:
        message = f"{self._name} is a damaged report: {place.lstrip('.') or 'it'} must be {what}"
        return ReportError(message, "write one with `orch test --json FILE`")


_NUMBERS = ("cost_usd", "recorded_cost_usd", "score", "rate")
"""What is a number where it is not null; anything else that may be null is text."""
_TEXTS = ("steps", "messages")


def _find_fault(key: str, value: Any, default: Any) -> str | None:
    """Tell what a value should be, where it is something else; `...` is the default of what nothing is known of."""
    if key in _TEXTS:
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return None if fits else "a list of texts"
    if default is None:
        fits = value is None or (_is_number(value) if key in _NUMBERS else isinstance(value, str))
        return None if fits else f"{'a number' if key in _NUMBERS else 'text'} or null"
    match default:
        case bool():
            return None if isinstance(value, bool) else "true or false"
        case int() | float():
            return None if _is_number(value) else "a number"
        case str() if key == "status" and default:
            return None if value in [*Status] else f"one of {', '.join(Status)}"
        case str():
            return None if isinstance(value, str) else "text"
        case [_, *_]:
            fits = isinstance(value, list) and len(value) == len(default) and all(map(_is_number, value))
            return None if fits else f"a list of {len(default)} numbers"
        case list():
            return None if isinstance(value, list) else "a list"
        case dict():
            return None if isinstance(value, dict) else "an object"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
