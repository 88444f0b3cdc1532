"""What was written into files, as a unified diff."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from rich.text import Text

from orchestrator.reporting.characters import visible
from orchestrator.spec.rewrite import Rewrite

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def rewrites_text(rewrites: Sequence[Rewrite]) -> Text:
    """Give the differences of all files as text, without a line end at its end."""
    return Text("\n").join(line for rewrite in rewrites for line in _lines(rewrite))


def _lines(rewrite: Rewrite) -> Iterator[Text]:
    before, after = rewrite.before.split("\n"), rewrite.after.split("\n")
    for number, line in enumerate(unified_diff(before, after, rewrite.shown, rewrite.shown, lineterm="", n=2)):
        yield Text(visible(line), style="bold" if number < 2 else _STYLES.get(line[:1], ""))
