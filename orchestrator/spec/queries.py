"""JMESPath, the way to name a value inside JSON data; the home of `jmespath`, loaded when a query is first used."""

import importlib
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
        _compiled(query)
    except library.exceptions.JMESPathError as error:
        return _one_line(error)
    return None


@lru_cache(maxsize=1024)
def _compiled(query: str) -> Any:
    return _library().compile(query)


def _library() -> Any:
    return importlib.import_module("jmespath")


def _one_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]  # below it the query stands once more, with a mark under it
