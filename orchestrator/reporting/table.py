"""Rows in columns, for a terminal: as wide as their widest cell, characters of double width counted as such."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Text]:
    """Give a line a row, the heading first and bold; nothing where there are no rows. Cells must be fit to show."""
    if not rows:
        return []
    columns = range(len(heading) - 1)  # nothing is put behind the last one
    widths = [max(cell_len(row[column]) for row in [heading, *rows]) for column in columns]
    lines = []
    for row in [heading, *rows]:
        padded = [row[column] + " " * (widths[column] - cell_len(row[column])) for column in columns]
        lines.append("  ".join([*padded, row[-1]]))
    return [Text(line, style="" if number else "bold") for number, line in enumerate(lines)]
