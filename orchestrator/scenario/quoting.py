"""Texts and calls as they stand in a reason: on one line, quoted, and cut where they are long."""

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.model.conversation import AnsweredCall

LIMIT = 400
"""Characters of a text shown in a reason; a reply of a paragraph or two fits."""


def cut(text: str, limit: int = LIMIT) -> str:
    """Shorten a text to about `limit` characters: its beginning and its end, and how much is missing between."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    head = limit - tail
    return f"{text[:head]} [... {len(text) - head - tail} characters ...] {text[len(text) - tail :]}"


def quoted(text: str, limit: int = LIMIT) -> str:
    """Give a text in quotes on one line, cut where it is long."""
    return json.dumps(cut(text, limit), ensure_ascii=False)


def around(text: str, start: int, end: int, margin: int = 60) -> str:
    """Give the part of a text around a place, in quotes, with dots where something is left out."""
    first, last = max(start - margin, 0), min(end + margin, len(text))
    part = text[first:last]
    return quoted(("..." if first else "") + part + ("..." if last < len(text) else ""), 4 * margin + LIMIT)


def shown(value: Any, limit: int = LIMIT) -> str:
    """Give a JSON value on one line, cut where it is long."""
    return cut(json.dumps(value, ensure_ascii=False, default=str), limit)


def as_text(value: Any) -> str:
    """Give a JSON value as a function's output has it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def shown_call(name: str, arguments: Mapping[str, Any], invalid: str | None = None, limit: int = LIMIT) -> str:
    """Give a call as `name({...})`; arguments that are no JSON object stand as they were written."""
    return f"{name}({cut(invalid, limit) if invalid is not None else shown(dict(arguments), limit)})"


def shown_calls(calls: tuple[AnsweredCall, ...], most: int = 10) -> str:
    """List calls, one a line and indented; of many the first."""
    lines = [f"  {shown_call(call.name, call.arguments, call.invalid)}" for call in calls[:most]]
    if len(calls) > most:
        lines.append(f"  and {len(calls) - most} more")
    return "\n".join(lines)
