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
    return "".join(json_pieces(value))


def json_pieces(value: dict[str, Any]) -> Iterator[str]:
    """Give the same text in pieces, for a report that is too large to be there twice."""
    for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(value):
        yield _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", piece)


def write_report(file: Path | None, text: Iterable[str]) -> None:
    """Write a report, piece by piece, and say so; nothing where no file is asked for."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(text)
        show_note(f"wrote {file}")
