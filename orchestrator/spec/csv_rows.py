"""CSV with a header as rows of text. A row that has not as many values as the header has names is a problem."""

import csv
import io

from orchestrator.diagnostics import Diagnostic, Position, counted

_QUOTES_HINT = 'put a value with a comma, a quote or a line break in quotes; a quote in it is written ""'


def read_csv(text: str, shown: str) -> tuple[list[tuple[dict[str, str], int]], list[Diagnostic]]:
    """Give the rows, each with its line, and what is wrong; empty lines are left out."""
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[dict[str, str], int]] = []
    problems: list[Diagnostic] = []
    names: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader, None)
        except csv.Error as error:  # what follows cannot be told apart
            excerpt = lines[line - 1] if line <= len(lines) else None
            problems.append(Diagnostic(f"not valid CSV: {error}", Position(shown, line), _QUOTES_HINT, excerpt))
            break
        if values is None:
            break
        if not values:
            continue
        if names is None:
            names = [name.strip() for name in values]
            problems += _find_header_problems(names, lines[line - 1], shown, line)
        elif len(values) != len(names):
            message = f"this row has {counted(len(values), 'value')}, and the header has {len(names)}"
            problems.append(Diagnostic(message, Position(shown, line), _QUOTES_HINT, lines[line - 1]))
        else:
            rows.append((dict(zip(names, values, strict=True)), line))
    return rows, problems


def find_columns(text: str, shown: str) -> dict[str, Position]:
    """Give where the name of each column stands, of a text whose header `read_csv` could read."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for values in reader:
        if values:
            places = _columns(text.split("\n")[line - 1])
            known = zip(values, places, strict=False)
            return {name.strip(): Position(shown, line, place) for name, place in known}
        line = reader.line_num + 1
    return {}


def _find_header_problems(names: list[str], text: str, shown: str, line: int) -> list[Diagnostic]:
    places = _columns(text)

    def at(number: int) -> Position:
        return Position(shown, line, places[number] if number < len(places) else 1)

    problems = []
    for number, name in enumerate(names):
        if not name:
            message = f"column {number + 1} has no name"
            problems.append(Diagnostic(message, at(number), "name every column in the first line", text))
        elif name in names[:number]:
            message = f"two columns are called `{name}`"
            problems.append(Diagnostic(message, at(number), "rename or remove one", text))
    if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
        message = f"there is only one column, `{names[0]}`"
        problems.append(Diagnostic(message, at(0), "separate columns with commas", text))
    return problems


def _columns(header: str) -> list[int]:
    """Give the place in its line where each name of a header begins, from 1."""
    places, quoted = [1], False
    for number, character in enumerate(header):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            places.append(number + 2)
    return places
