"""What an import did: lines for people, and format `orch.import/1` for scripts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.model.address import Address
from orchestrator.providers.interface import Live
from orchestrator.reconcile.adopt import Refused
from orchestrator.reconcile.picks import Skipped
from orchestrator.reporting.characters import storable, visible

FORMAT = "orch.import/1"


@dataclass(frozen=True, slots=True)
class Imported:
    """One object that is this project's now."""

    address: Address
    id: str
    file: str | None
    """Its new spec, as people like to read the path; None where it was declared already."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of an import."""

    project: str
    target: str
    imported: tuple[Imported, ...]
    refused: tuple[Refused, ...]
    skipped: tuple[Skipped, ...]
    files: Sequence[str]
    """Every file that was written."""
    requests: int

    @property
    def exit_code(self) -> int:
        """0 all that can be; 5 some; 1 none of those that were there."""
        if not self.refused:
            return 0
        return 5 if self.imported else 1


def import_json(report: ImportReport) -> dict[str, Any]:
    """Give the report as a JSON object."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "project": report.project,
        "target": report.target,
        "summary": {
            "imported": len(report.imported),
            "refused": len(report.refused),
            "skipped": len(report.skipped),
        },
        "imported": [{"address": str(item.address), "id": item.id, "file": item.file} for item in report.imported],
        "refused": [_object(item.live) | {"reason": item.reason} for item in report.refused],
        "skipped": [_object(item.live) | {"owner": item.owner, "hint": item.hint} for item in report.skipped],
        "files": list(report.files),
        "requests": {"total": report.requests},
    }
    return {key: storable(value) for key, value in content.items()}


def _object(live: Live) -> dict[str, Any]:
    return {"kind": live.kind.value, "id": live.id, "name": live.fields.get("display_name")}


def import_text(report: ImportReport) -> Text:
    """Give the report as text, without a line end at its end.

    Of what is skipped, other projects' objects and those that need something done are named, our own are counted.
    """
    named = [item for item in report.skipped if item.hint or not item.owner.startswith(f"{report.project}/")]
    blocks = [Text("\n").join(_imported(report))] if report.imported else []
    if report.refused:
        lines = [
            line for item in report.refused for line in _left(item.live, "!", f"not imported: {item.reason}", "red")
        ]
        blocks.append(Text("\n").join([Text("Refused", style="bold"), *lines]))
    if named:
        lines = [line for item in named for line in _left(item.live, " ", item.hint or f"owned: {item.owner}", "dim")]
        blocks.append(Text("\n").join([Text("Left alone", style="bold"), *lines]))
    blocks.append(Text("\n").join([_summary(report), Text(counted(report.requests, "request"), style="dim")]))
    return Text("\n\n").join(blocks)


def _imported(report: ImportReport) -> Iterator[Text]:
    yield Text("Imported", style="bold")
    for item in report.imported:
        address, id = (str(item.address), "bold"), (f"  {visible(item.id)}", "dim")
        yield Text.assemble(("  + ", "green"), address, id, f"  {item.file or 'declared already'}")


def _left(live: Live, sign: str, why: str, style: str) -> Iterator[Text]:
    name = visible(str(live.fields.get("display_name") or "")).replace("\n", " ")
    yield Text.assemble((f"  {sign} ", style), (visible(live.id), "bold"), f"  {name}".rstrip())
    yield Text(f"      {visible(why)}", style=style)


def _summary(report: ImportReport) -> Text:
    left = f" {len(report.refused)} not imported." if report.refused else ""
    what = f"Imported: {counted(len(report.imported), 'object')}."
    if not report.imported and not report.refused:
        what = "Nothing to import: everything is owned already."
    written = f" {counted(len(report.files), 'file')} written." if report.files else ""
    return Text(f"{what}{left}{written}", style="bold")
