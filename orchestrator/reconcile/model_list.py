"""When a target's models are shut down, asked once a day and kept in between in `.orch/models-TARGET.json`."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from orchestrator.errors import TargetError
from orchestrator.model.fields import digest
from orchestrator.model.project import STATE_FOLDER, Project
from orchestrator.providers.interface import Capability, Provider
from orchestrator.reconcile.plan import Plan
from orchestrator.reconcile.retiring import models, retiring
from orchestrator.spec.whole_files import write_whole

FORMAT = "orch.models/1"
DAY = 24 * 60 * 60.0
"""Seconds for which a list is good."""


async def add_retirements(
    provider: Provider, project: Project, decided: Plan, on_unread: Callable[[str], None], now: float
) -> Plan:
    """Give the plan with the assistants whose model is shut down soon; a list that cannot be read is only told of.

    A local target's models are the project's own, and nothing is asked. `now` is in seconds since 1970.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    if project.target.provider == "local":
        told = {model.name: model.shutdown_date for model in project.models if model.shutdown_date is not None}
        return replace(decided, retiring=retiring(decided, project.resources, told, today))
    if Capability.MODEL_DATES not in provider.capabilities.can or not models(decided, project.resources):
        return decided
    before = provider.requests.total
    file = project.root / STATE_FOLDER / f"models-{project.target_name}.json"
    try:
        # Only a digest is kept of the address: it may hold what is nobody's business.
        source = digest([project.target.base_url, project.target.query]).hex()
        dates = await fetch_retirements(provider, file, source, now)
    except TargetError as error:
        on_unread(f"when models are shut down could not be read: {error.message}")
        dates = {}
    found = retiring(decided, project.resources, dates, today)
    return replace(decided, retiring=found, requests=decided.requests + provider.requests.total - before)


async def fetch_retirements(provider: Provider, file: Path, source: str, now: float) -> Mapping[str, date]:
    """Give the day on which each model that has one is shut down; raises `TargetError` where it cannot be read.

    `source` tells one server from another of the same target name; `now` is in seconds since 1970. A list that cannot
    be kept is asked for again next time.
    """
    kept = _read(file, source, now)
    if kept is not None:
        return kept
    listed = await provider.fetch_models() or {}
    dates = {model: day for model, day in listed.items() if day is not None}
    _write(file, source, now, dates)
    return dates


def _read(file: Path, source: str, now: float) -> dict[str, date] | None:
    """Give what is kept, or None where it is too old, of another server, or nothing that can be read."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["format"] != FORMAT or kept["source"] != source or not 0 <= now - kept["read"] < DAY:
            return None
        return {str(model): date.fromisoformat(day) for model, day in kept["dates"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(file: Path, source: str, now: float, dates: Mapping[str, date]) -> None:
    content = {
        "format": FORMAT,
        "source": source,
        "read": now,
        "dates": {m: day.isoformat() for m, day in dates.items()},
    }
    with suppress(OSError):  # a folder that cannot be written costs a request a day, no more
        file.parent.mkdir(exist_ok=True)
        write_whole(file, json.dumps(content).encode("ascii"), durable=False)
