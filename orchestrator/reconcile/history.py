"""What was applied, when, by whom and from which revision: a line for every apply, in `.orch/history.jsonl`.

It is there for people and for `orch rollback`. No plan is made from it: whose an object is, and what was last applied,
stands on the live object (`model/ownership.py`), so a history that is lost or was kept on another machine costs
nothing but the memory. An entry is known by the number of its line, from 1 on, over all targets.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from orchestrator.model.address import Address
from orchestrator.model.project import STATE_FOLDER
from orchestrator.reconcile.outcome import Outcome, Status
from orchestrator.reconcile.plan import Action
from orchestrator.spec.revisions import DIRTY

FORMAT = "orch.history-entry/1"
_SHORT = 7  # characters of a revision that people read, as git shows it


class Command(StrEnum):
    """The commands that write to a target."""

    APPLY = "apply"
    DESTROY = "destroy"
    ROLLBACK = "rollback"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Entry:
    """One apply and what became of it."""

    when: datetime
    """When it ended: UTC, in whole seconds."""
    who: str
    target: str
    project: str
    revision: str | None
    """The git revision of the specs, ending in `-dirty` where they differed from it; None for a destroy, or no git."""
    plan_hash: str
    command: Command
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    """Whether it was stopped, or died, before it was through."""

    @property
    def summary(self) -> dict[str, int]:
        """Count outcomes by status."""
        counts = {status.value: 0 for status in Status}
        for outcome in self.outcomes:
            counts[outcome.status.value] += 1
        return counts

    @property
    def complete(self) -> bool:
        """Tell whether everything that was planned was done."""
        return not self.interrupted and self.summary[Status.APPLIED] == len(self.outcomes)


@dataclass(frozen=True, slots=True)
class History:
    """Everything a project's history file tells."""

    entries: Mapping[int, Entry] = field(default_factory=dict)
    """By number, oldest first."""
    unreadable: int = 0
    """Lines that are no entry, or one of a newer orch."""


def short_revision(revision: str) -> str:
    """Give a revision as people read it: seven characters, and `-dirty` where it was."""
    return revision.removesuffix(DIRTY)[:_SHORT] + (DIRTY if revision.endswith(DIRTY) else "")


def to_line(entry: Entry) -> str:
    """Give an entry as one line of JSON, in ASCII, without its line end."""
    return json.dumps(
        {
            "format": FORMAT,
            "when": entry.when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z",
            "who": entry.who,
            "command": entry.command,
            "target": entry.target,
            "project": entry.project,
            "revision": entry.revision,
            "plan_hash": entry.plan_hash,
            "interrupted": entry.interrupted,
            "outcomes": [
                {
                    "address": str(outcome.address),
                    "action": outcome.action,
                    "status": outcome.status,
                    "id": outcome.id,
                    "error": outcome.error,
                    "hint": outcome.hint,
                }
                for outcome in entry.outcomes
            ],
        }
    )


def from_line(line: str) -> Entry | None:
    """Read what `to_line` wrote; None for anything else, such as half a line or a newer format."""
    try:
        data = json.loads(line)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            return None
        return Entry(
            when=datetime.fromisoformat(_of(str, data["when"])).astimezone(UTC),
            who=_of(str, data["who"]),
            target=_of(str, data["target"]),
            project=_of(str, data["project"]),
            revision=_of(str | None, data["revision"]),
            plan_hash=_of(str, data["plan_hash"]),
            command=Command(data["command"]),
            outcomes=tuple(_outcome(_of(dict, item)) for item in _of(list, data["outcomes"])),
            interrupted=_of(bool, data["interrupted"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _outcome(data: dict[str, Any]) -> Outcome:
    return Outcome(
        address=Address.parse(_of(str, data["address"])),
        action=Action(data["action"]),
        status=Status(data["status"]),
        id=_of(str | None, data["id"]),
        error=_of(str | None, data["error"]),
        hint=_of(str | None, data.get("hint")),
    )


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind}")
    return value


def get_history_file(root: Path) -> Path:
    """Give where the project in `root` keeps its history."""
    return root / STATE_FOLDER / "history.jsonl"


def append(file: Path, entry: Entry) -> None:
    """Add an entry; raises `OSError` where it cannot be written. When this returns, a crash does not lose it.

    The line is one write at the end of the file, so that two processes never mix theirs. What a process left half
    written when it was killed is ended first, so that it spoils no other line.
    """
    file.parent.mkdir(exist_ok=True)
    line = to_line(entry).encode("ascii") + b"\n"
    with file.open("a+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        if size:
            stream.seek(size - 1)
            if stream.read(1) != b"\n":
                line = b"\n" + line
        if stream.write(line) != len(line):
            raise OSError(f"only a part of the line could be written to {file}")
        os.fsync(stream.fileno())


def read_history(file: Path) -> History:
    """Read all entries; there are none where there is no file. Raises `OSError` where it cannot be read.

    A line that cannot be read is counted and keeps its number; an empty one is no entry and no fault.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return History()
    entries: dict[int, Entry] = {}
    unreadable = 0
    for number, line in enumerate(lines, start=1):
        entry = from_line(line.decode("utf-8", "replace"))
        if entry is not None:
            entries[number] = entry
        elif line.strip():
            unreadable += 1
    return History(entries, unreadable)
