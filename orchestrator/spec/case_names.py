"""What the cases of a scenario are called: `quiz[model=gpt-5,tone=formal,row1]`, in the manner of pytest.

Names are made to be read, typed and matched: values keep their letters, digits and `.`, `_`, `-`, anything else
becomes a dash, long ones are cut. No two cases of a scenario share a name.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST = 32
"""Characters of one value in a name."""
NAMED_BY = ("id", "name")
"""Columns that name a row, the first that has a value."""


def case_name(scenario: str, parts: Iterable[str]) -> str:
    """Give the name of a case; `parts` say what tells it from others."""
    return f"{scenario}[{','.join(parts)}]"


def axis_parts(name: str, values: Sequence[Any]) -> list[str]:
    """Give the part of a case's name for each value of a model or a variable: `tone=formal`."""
    return [f"{name}={label}" for label in _unique([_clean(to_text(value)) for value in values])]


def axis_names(names: Sequence[str]) -> list[str]:
    """Give the names of variables as they stand in names of cases."""
    return _unique([_clean(name) for name in names])


def row_parts(rows: Sequence[Any]) -> list[str]:
    """Give the part of a case's name for each row: its id or name, else `row1`, `row2`, ... by its place."""
    return _unique([_clean(own_name(row) or f"row{number}") for number, row in enumerate(rows, 1)])


def own_name(row: Any, columns: Sequence[str] = NAMED_BY) -> str | None:
    """Give what a row calls itself; None where it has no such column, or nothing in it."""
    found = (row.get(column) for column in columns)
    return next((to_text(value) for value in found if isinstance(value, str | int | float) and value != ""), None)


def to_text(value: Any) -> str:
    """Give a value of a matrix as text, as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _clean(text: str) -> str:
    kept = (c if c in "._-" or unicodedata.category(c)[0] in "LMN" else " " for c in unicodedata.normalize("NFC", text))
    return "-".join("".join(kept).split())[:LONGEST] or "_"


def _unique(words: Sequence[str]) -> list[str]:
    """Give words of which none stands twice: the second of two alike gets a number."""
    taken = set[str]()
    last: dict[str, int] = {}
    result = []
    for word in words:
        made = word
        while made in taken:
            last[word] = last.get(word, 1) + 1
            made = f"{word}-{last[word]}"
        taken.add(made)
        result.append(made)
    return result
