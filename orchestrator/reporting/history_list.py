"""What was applied, when and by whom: a table for people, and format `orch.history/1` for scripts."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any

from rich.text import Text

from orchestrator.reconcile.history import Entry, History, short_revision
from orchestrator.reporting.apply_json import outcome_json
from orchestrator.reporting.apply_text import outcome_text
from orchestrator.reporting.characters import storable, visible
from orchestrator.reporting.table import table

FORMAT = "orch.history/1"
_HEADING = ("NO", "WHEN", "WHO", "TARGET", "COMMAND", "REVISION", "PLAN", "OUTCOMES")
_HASH = 8  # characters of a plan's hash that tell it from others


def history_json(history: History) -> dict[str, Any]:
    """Give the entries as a JSON object, newest first; `when` is UTC."""
    return {
        "format": FORMAT,
        "entries": [_entry(number, entry) for number, entry in newest_first(history.entries)],
        "unreadable": history.unreadable,
    }


def history_text(history: History, verbose: bool = False, zone: tzinfo | None = None) -> Text:
    """Give the entries as a table, newest first, without a line end at its end.

    `verbose` shows below each entry what became of every change. Times are those of `zone`, of this machine where
    None.
    """
    entries = newest_first(history.entries)
    lines = table(_HEADING, [_row(number, entry, zone) for number, entry in entries])
    if not verbose:
        return Text("\n").join(lines)
    blocks = [
        Text("\n").join([line, *map(outcome_text, entry.outcomes)])
        for line, (_, entry) in zip(lines[1:], entries, strict=True)
    ]
    return Text("\n").join([*lines[:1], Text("\n\n").join(blocks)])


def newest_first(entries: Mapping[int, Entry]) -> list[tuple[int, Entry]]:
    """Give the entries with their numbers, the newest first."""
    return sorted(entries.items(), reverse=True)


def _row(number: int, entry: Entry, zone: tzinfo | None) -> tuple[str, ...]:
    when = entry.when.astimezone(zone).isoformat(sep=" ", timespec="seconds")[: len("2026-01-31 12:00:00")]
    revision = short_revision(entry.revision) if entry.revision is not None else "-"
    words = (entry.who, entry.target, entry.command, revision, entry.plan_hash[:_HASH])
    return (str(number), when, *(visible(word).replace("\n", " ") for word in words), _counts(entry))


def _counts(entry: Entry) -> str:
    counts = [f"{count} {status}" for status, count in entry.summary.items() if count]
    return ", ".join([*counts, *(["interrupted"] if entry.interrupted else [])])


def _entry(number: int, entry: Entry) -> dict[str, Any]:
    return {
        "number": number,
        "when": entry.when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "who": storable(entry.who),
        "command": entry.command.value,
        "target": storable(entry.target),
        "project": storable(entry.project),
        "revision": storable(entry.revision),
        "plan_hash": storable(entry.plan_hash),
        "interrupted": entry.interrupted,
        "summary": entry.summary,
        "outcomes": [outcome_json(outcome) for outcome in entry.outcomes],
    }
