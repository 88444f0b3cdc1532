"""What a live object has that specs have no words for: told apart when it is read, joined again when it is written.

An API gains keys while we look away. Whoever replaces an object whole has to send them again, or they are gone.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.model.fields import UNKNOWN_TOOL, Fields


def beyond(live: Any, known: Any) -> Any:
    """Give what `live` has and `known` has not, in the same shape; None where there is nothing. Nulls do not count."""
    if isinstance(live, Mapping) and isinstance(known, Mapping):
        parts = {key: beyond(item, known[key]) if key in known else item for key, item in live.items()}
        return {key: item for key, item in parts.items() if item is not None} or None
    if isinstance(live, list) and isinstance(known, list) and len(live) == len(known):
        items = [beyond(*pair) for pair in zip(live, known, strict=True)]
        return items if any(item is not None for item in items) else None
    return None


def within(live: Any, known: Any) -> Any:
    """Give what `live` has of what is known, nulls left out: the rest is what `beyond` gives.

    What has another shape is given as it is.
    """
    if not isinstance(known, Mapping) or not isinstance(live, Mapping):
        return live
    parts = {key: within(live[key], known[key]) for key in known if key in live}
    return {key: item for key, item in parts.items() if item is not None}


def beyond_at(path: str, live: Any, known: Any) -> dict[str, Any]:
    """Give the field, at this path, that holds what is beyond the known; none where there is nothing.

    What has another shape altogether is all of it beyond that.
    """
    left = beyond(live, known) if isinstance(live, Mapping) or not isinstance(known, Mapping) else live
    return {path: left} if left is not None else {}


def joined(known: Any, rest: Any) -> Any:
    """Give `known` with what `beyond` told apart; what does not fit its shape any more is left out."""
    if isinstance(known, Mapping) and isinstance(rest, Mapping):
        added = {key: joined(known[key], item) if key in known else item for key, item in rest.items()}
        return {**known, **added}
    if isinstance(known, list) and isinstance(rest, list) and len(known) == len(rest):
        return [joined(*pair) for pair in zip(known, rest, strict=True)]
    return known


def tool_path(kind: object, number: int, before: Fields) -> str:
    """Give the path of a tool that specs have no words for, the `number`-th of its list; none before has it."""
    return free_path(UNKNOWN_TOOL + str(kind).replace(".", "_"), number, before)


def free_path(path: str, number: int, before: Fields) -> str:
    """Give a path that no tool before has."""
    return path if path not in before else f"{path}-{number}"
