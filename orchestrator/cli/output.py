"""What a command gives on stdout: text with colours where they are wanted, or JSON."""

import json
from typing import Any

from rich.console import Console
from rich.text import Text


def show_text(text: Text) -> None:
    """Print a report; rich leaves colours out where stdout is no terminal or `NO_COLOR` is set."""
    Console(highlight=False, soft_wrap=True, emoji=False, markup=False).print(text)


def as_json(value: dict[str, Any]) -> str:
    """Give a report as JSON text."""
    return json.dumps(value, ensure_ascii=False, indent=2)
