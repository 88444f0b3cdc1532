"""What a command gives: text on stdout, with colours where they are wanted, JSON, and reports in files."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from orchestrator.cli.messages import show_note


def show_text(text: Text, err: bool = False) -> None:
    """Print a report, on stderr where told to; rich leaves colours out where it is no terminal or `NO_COLOR` is set."""
    Console(stderr=err, highlight=False, soft_wrap=True, emoji=False, markup=False).print(text)


_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair cannot be written as UTF-8, but JSON has a way to say it


def as_json(value: dict[str, Any]) -> str:
    """Give a report as JSON text."""
    return _written(json.dumps(value, ensure_ascii=False, indent=2))


def json_pieces(value: dict[str, Any]) -> Iterator[str]:
    """Give a large report as JSON text in pieces: a line for each key, and for each item of a list at the top.

    So it is never there as one text, and written ten times as fast as with everything indented.
    """
    yield "{"
    for number, (key, inner) in enumerate(value.items()):
        yield f"{',' if number else ''}\n{json.dumps(key)}: "
        if isinstance(inner, list) and inner:
            yield "["
            for place, item in enumerate(inner):
                yield f"{',' if place else ''}\n{_written(json.dumps(item, ensure_ascii=False))}"
            yield "\n]"
        else:
            yield _written(json.dumps(inner, ensure_ascii=False))
    yield "\n}\n"


def _written(text: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_report(file: Path | None, text: Iterable[str]) -> None:
    """Write a report, piece by piece, and say so; nothing where no file is asked for."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(text)
        show_note(f"wrote {file}")
