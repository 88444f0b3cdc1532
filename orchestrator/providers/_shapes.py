"""What an API answers is believed in no shape: whoever reads it asks here, and gets that shape or nothing."""

from collections.abc import Mapping
from typing import Any


def mapping(value: object) -> Mapping[str, Any]:
    """Give a JSON object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Give the JSON objects of a list, what else is in it left out; none for anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def items(value: object) -> list[Any]:
    """Give a list; an empty one for anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def number(value: object) -> float:
    """Give a number; zero for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
