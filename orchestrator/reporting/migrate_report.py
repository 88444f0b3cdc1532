"""What a migration did: lines for people, and format `orch.migrate/1` for scripts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from orchestrator.model.address import Address
from orchestrator.reconcile.adopt import Refused
from orchestrator.reporting.characters import storable, visible
from orchestrator.reporting.plan_text import counted

FORMAT = "orch.migrate/1"
MOST = 5
"""Files of a store that are named."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One object that has a spec now."""

    address: Address
    id: str
    """What it had where it came from."""
    file: str | None
    """Its spec, as people read the path; None where it was declared before."""


@dataclass(frozen=True, slots=True)
class MigrateReport:
    """What became of an export."""

    project: str
    target: str | None
    """The local target that knows the objects by their ids; None where they were not loaded."""
    moved: tuple[Moved, ...]
    scenarios: tuple[str, ...]
    """Files, as people read the paths."""
    refused: tuple[Refused, ...]
    files: Mapping[Address, tuple[str, ...]]
    """What was in each vector store, as far as the export says."""
    remarks: tuple[tuple[str, str], ...]
    """What a scenario could not say: the thread, and what."""
    ignored: Mapping[str, int]
    """Objects that are nothing orch declares, by their kind."""

    @property
    def exit_code(self) -> int:
        """0 all that can be; 5 some objects have no spec."""
        return 5 if self.refused else 0


def migrate_json(report: MigrateReport) -> dict[str, Any]:
    """Give the report as a JSON object."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "project": report.project,
        "target": report.target,
        "moved": [{"address": str(item.address), "id": item.id, "file": item.file} for item in report.moved],
        "scenarios": list(report.scenarios),
        "refused": [
            {"kind": item.live.kind.value, "id": item.live.id, "reason": item.reason} for item in report.refused
        ],
        "files": {str(address): list(names) for address, names in report.files.items()},
        "remarks": [{"thread": thread, "message": text} for thread, text in report.remarks],
        "ignored": dict(report.ignored),
    }
    return {key: storable(value) for key, value in content.items()}


def migrate_text(report: MigrateReport) -> Text:
    """Give the report as text, without a line end at its end."""
    blocks = []
    if report.moved:
        blocks.append(Text("\n").join([Text("Carried over", style="bold"), *map(_moved, report.moved)]))
    if report.scenarios:
        lines = [Text.assemble(("  + ", "green"), name) for name in report.scenarios]
        blocks.append(Text("\n").join([Text("Scenarios", style="bold"), *lines]))
    if left := [*_refused(report), *_remarks(report)]:
        blocks.append(Text("\n").join([Text("Not carried over", style="bold"), *left]))
    if todo := list(_to_do(report)):
        blocks.append(Text("\n").join([Text("Left to do", style="bold"), *todo]))
    blocks.append(_summary(report))
    return Text("\n\n").join(blocks)


def _moved(item: Moved) -> Text:
    where = item.file or "declared already"
    return Text.assemble(("  + ", "green"), (str(item.address), "bold"), (f"  {visible(item.id)}", "dim"), f"  {where}")


def _refused(report: MigrateReport) -> Iterator[Text]:
    for item in report.refused:
        name = visible(str(item.live.fields.get("display_name") or "")).replace("\n", " ")
        yield Text.assemble(("  ! ", "red"), (visible(item.live.id), "bold"), f"  {name}".rstrip())
        yield Text(f"      {visible(item.reason)}", style="red")


def _remarks(report: MigrateReport) -> Iterator[Text]:
    for thread, text in report.remarks:
        yield Text.assemble(("  - ", "yellow"), (visible(thread), "bold"), f"  {visible(text)}")
    for kind, number in report.ignored.items():
        yield Text.assemble(("  - ", "yellow"), (visible(kind), "bold"), f"  {counted(number, 'object')}")


def _to_do(report: MigrateReport) -> Iterator[Text]:
    for address, names in report.files.items():
        shown = ", ".join(map(visible, names[:MOST])) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
        what = f"list its files under `files:` ({shown})" if names else "list its files under `files:`"
        yield Text.assemble("  ", (str(address), "bold"), f"  {what}: no export holds what is in them")


def _summary(report: MigrateReport) -> Text:
    kinds = Counter(item.address.kind.value.replace("_", " ") for item in report.moved)
    parts = [counted(number, kind) for kind, number in kinds.items()]
    parts += [counted(len(report.scenarios), "scenario")] if report.scenarios else []
    left = f" {counted(len(report.refused), 'object')} not carried over." if report.refused else ""
    known = f" Target {report.target} knows them by their old ids." if report.target and report.moved else ""
    return Text(f"Migrated: {', '.join(parts) or 'nothing new'}.{left}{known}", style="bold")
