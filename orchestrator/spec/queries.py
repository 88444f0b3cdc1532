"""JMESPath, the way to name a value inside JSON data; the home of `jmespath`, loaded when a query is first used."""

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any


class QueryError(ValueError):
    """A query that cannot be read, or that the data does not fit; the text says why, on one line."""


def search(query: str, data: Any) -> Any:
    """Give the value a query leads to, None where there is none; raises `QueryError`."""
    library = _library()
    try:
        return _compiled(query).search(data)
    except library.exceptions.JMESPathError as error:
        raise QueryError(_one_line(error)) from error


def why_unreadable(query: str) -> str | None:
    """Say why a text is no JMESPath query; None where it is one."""
    library = _library()
    try:
        parsed = _compiled(query).parsed
    except library.exceptions.JMESPathError as error:
        return _one_line(error)
    known = importlib.import_module("jmespath.functions").Functions.FUNCTION_TABLE
    unknown = next((name for name in _functions(parsed) if name not in known), None)
    return f"there is no function `{unknown}`" if unknown else None


def _functions(node: Mapping[str, Any]) -> Iterator[str]:
    if node["type"] == "function_expression":
        yield str(node["value"])
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _functions(child)


@lru_cache(maxsize=1024)
def _compiled(query: str) -> Any:
    return _library().compile(query)


def _library() -> Any:
    return importlib.import_module("jmespath")


def _one_line(error: Exception) -> str:
    first = str(error).strip().split("\n")[0]  # below it the query stands once more, with a mark under it
    return re.sub(r"^(Invalid|Bad) jmespath expression: |(, for expression)?:$", "", first)
