"""Comparing JSON values the way authors expect it, and naming the first place where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.scenario.quoting import shown


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a value is not what was expected."""

    path: str
    """For example `questions[0].type`; empty where the whole value differs."""
    kind: Literal["differs", "missing", "unexpected"]
    expected: Any
    actual: Any

    def __str__(self) -> str:
        at = f"{self.path}: " if self.path else ""
        match self.kind:
            case "missing":
                return f"{at}expected {shown(self.expected)}, but it is missing"
            case "unexpected":
                return f"{at}got {shown(self.actual)}, but nothing was expected there"
            case _:
                return f"{at}expected {shown(self.expected)}, got {shown(self.actual)}"


def find_difference(expected: Any, actual: Any, path: str = "", *, subset: bool = True) -> Difference | None:
    """Give the first place where `actual` is not as expected, or None.

    With `subset`, a mapping may have more keys than the expected one, also in mappings within it. Lists are
    compared element by element and whole. Values are equal as in JSON: 1 and 1.0 are, 1 and true are not.
    """
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return _in_mappings(expected, actual, path, subset)
    if _is_list(expected) and _is_list(actual):
        return _in_lists(expected, actual, path)
    same_kind = isinstance(expected, bool) is isinstance(actual, bool)
    return None if same_kind and expected == actual else Difference(path, "differs", expected, actual)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _in_mappings(expected: Mapping[str, Any], actual: Mapping[str, Any], path: str, subset: bool) -> Difference | None:
    for key, value in expected.items():
        place = f"{path}.{key}" if path else str(key)
        if key not in actual:
            return Difference(place, "missing", value, None)
        if difference := find_difference(value, actual[key], place, subset=subset):
            return difference
    if not subset and (more := [key for key in actual if key not in expected]):
        return Difference(f"{path}.{more[0]}" if path else str(more[0]), "unexpected", None, actual[more[0]])
    return None


def _in_lists(expected: Sequence[Any], actual: Sequence[Any], path: str) -> Difference | None:
    for index, (wanted, got) in enumerate(zip(expected, actual, strict=False)):
        if difference := find_difference(wanted, got, f"{path}[{index}]", subset=False):
            return difference
    place = f"{path}[{min(len(expected), len(actual))}]"
    if len(expected) > len(actual):
        return Difference(place, "missing", expected[len(actual)], None)
    if len(actual) > len(expected):
        return Difference(place, "unexpected", None, actual[len(expected)])
    return None
