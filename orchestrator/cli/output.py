"""What a command gives on stdout: text with colours where they are wanted, or JSON."""

import json
import re
from typing import Any

from rich.console import Console
from rich.text import Text


def show_text(text: Text) -> None:
    """Print a report; rich leaves colours out where stdout is no terminal or `NO_COLOR` is set."""
    Console(highlight=False, soft_wrap=True, emoji=False, markup=False).print(text)


_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair cannot be written as UTF-8, but JSON has a way to say it


def as_json(value: dict[str, Any]) -> str:
    """Give a report as JSON text."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
