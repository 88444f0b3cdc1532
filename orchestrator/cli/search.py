"""`orch search`: what a vector store of the target finds. Reads only."""

import asyncio
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.options import format_option, start, target
from orchestrator.cli.output import as_json, show_text
from orchestrator.errors import UsageError
from orchestrator.model.knowledge import MOST_RESULTS, Found, Query
from orchestrator.project import fetch_observed, open_session
from orchestrator.reconcile.live_stores import declared_store, get_store_id
from orchestrator.reporting.search_text import search_json, search_text

_HINT = 'for example --filter topic=billing, or --filter \'{"type": "gte", "key": "year", "value": 2026}\''


@click.command(
    epilog=examples(
        "orch search papers 'how are models trained'",
        "orch search papers 훈련 --target openai -n 3",
        "orch search papers refund --filter topic=billing --min-score 0.4 --format json",
    )
)
@click.argument("store", metavar="STORE")
@click.argument("query", metavar="QUERY")
@target
@click.option(
    "-n",
    "--max",
    "most",
    type=click.IntRange(1, MOST_RESULTS),
    default=10,
    show_default=True,
    help="Show at most this many results.",
)
@click.option("--min-score", type=click.FloatRange(0, 1), help="Leave out results below this score.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="KEY=VALUE|JSON",
    help="Search only files with these attributes (repeatable).",
)
@click.option("--full", is_flag=True, help="Show passages in full.")
@format_option()
@start
def command(
    store: str,
    query: str,
    target: str | None,
    variables: tuple[str, ...],
    most: int,
    min_score: float | None,
    filters: tuple[str, ...],
    full: bool,
    format_: str,
    start: Path,
) -> int:
    """Search a vector store as assistants do.

    STORE is the name of a VectorStore of the specs, or the id of a live one (vs_…). Passages are listed best first,
    each with its score and the path and attributes of its file: the same results that `file_search` works with.

    Exit codes: 0 done, even if nothing was found; 1 error.
    """
    asked = Query(_utf_8(query), most, min_score, _joined(filters))
    project = load_project((start,), target, variables)
    address = declared_store(store, project)

    async def fetch() -> tuple[Found, ...]:
        async with open_session(project, os.environ) as session:
            id = get_store_id(address, project, await fetch_observed(session)) if address else store
            return await session.provider.search(id, asked)

    found = asyncio.run(fetch())
    if format_ == "json":
        click.echo(as_json(search_json(project.name, project.target_name, store, asked, found)))
    else:
        show_text(search_text(found, full))
    return 0


def _joined(written: tuple[str, ...]) -> Mapping[str, Any] | None:
    filters = [_filter(text) for text in written]
    if not filters:
        return None
    return filters[0] if len(filters) == 1 else {"type": "and", "filters": filters}


def _filter(text: str) -> Mapping[str, Any]:
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(_utf_8(text), parse_constant=_finite, parse_float=_finite)
        except ValueError as error:
            raise UsageError(f"--filter {text} is no JSON: {error}", _HINT) from None
        return dict(value)
    key, equals, value = _utf_8(text).partition("=")
    if not key or not equals:
        raise UsageError(f"--filter {text} is neither KEY=VALUE nor JSON", _HINT)
    return {"type": "eq", "key": key, "value": _scalar(value)}


def _scalar(text: str) -> str | float | bool:
    """Give the value as YAML would: `true` and numbers are no texts, quoted ones are."""
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text


def _finite(text: str) -> float:
    """Read a number; raises `UsageError` for one that JSON does not know or that is too large."""
    number = float(text)
    if not math.isfinite(number):
        raise UsageError(f"--filter: {text} is no number that JSON has", "as a text it is written in quotes: '\"NaN\"'")
    return number


def _utf_8(text: str) -> str:
    """Give the text; raises `UsageError` where the shell handed over bytes that are none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("the command line holds bytes that are no UTF-8", "write it in UTF-8") from None
    return text
