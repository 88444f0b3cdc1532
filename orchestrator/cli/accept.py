"""`orch accept`: take what changed outside into the specs."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import asking
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import start, target
from orchestrator.cli.output import show_text
from orchestrator.diagnostics import Diagnostic, counted, did_you_mean
from orchestrator.errors import SpecError, TargetMissingError, UsageError
from orchestrator.model.address import Address
from orchestrator.model.project import Project
from orchestrator.project import fetch_plan, open_session
from orchestrator.reconcile.diff import covers
from orchestrator.reconcile.drift import Drift, Drifted, DriftedField, drift
from orchestrator.reconcile.plan import Who
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reporting.rewrite_text import rewrites_text
from orchestrator.spec.accept import accept
from orchestrator.spec.loader import load_with_documents
from orchestrator.spec.rewrite import write
from orchestrator.spec.slots import Wanted


@click.command(
    epilog=examples(
        "orch accept assistant.math-tutor",
        "orch accept assistant.math-tutor instructions tools.quiz",
    )
)
@click.argument("address")
@click.argument("fields", nargs=-1, metavar="[FIELD]...")
@target
@start
def command(address: str, fields: tuple[str, ...], target: str | None, variables: tuple[str, ...], start: Path) -> int:
    """Take outside changes into the specs.

    Writes the live values of the drifted fields of the resource at ADDRESS (see `orch drift`), or of the FIELDs named,
    to wherever the old values came from: YAML, a target's override, a prompt's Markdown. Comments, order and quotes
    are kept. The edited project is loaded before any file is replaced; if it would not read back as what is live, or
    if anything else would change with it, nothing is written and the message says what to edit by hand. A field that
    the spec changed too is taken only if it is named. Nothing is written to the target: the next apply records the
    new values there.

    Exit codes: 0 done or nothing to take; 1 error.
    """
    ask = asking(start, target, variables)
    loaded = load_with_documents(ask)
    wanted_address = _address(address, loaded.project)

    async def fetch() -> Drift:
        async with open_session(loaded.project, os.environ) as session:
            return drift(await fetch_plan(session, PlanOptions(only=(str(wanted_address),))))

    found = asyncio.run(fetch())
    chosen = _chosen(found, wanted_address, fields, loaded.project)
    if not chosen:
        show_note(f"{wanted_address} was not changed outside; nothing to take")
        return 0
    wanted = [Wanted(field.path, field.desired, field.live) for field in chosen]
    rewrites = accept(loaded, wanted_address, wanted, lambda texts: load_with_documents(replace(ask, texts=texts)))
    write(rewrites)
    show_text(rewrites_text(rewrites))
    taken = counted(len(chosen), "field")
    show_note(f"{taken} of {wanted_address} taken from {loaded.project.target_name}; `orch apply` notes it there")
    return 0


def _address(text: str, project: Project) -> Address:
    """Give a declared address; raises `UsageError`."""
    known = [str(address) for address in project.resources]
    if text not in known:
        hint = did_you_mean(text, known) or f"there are: {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"no resource has the address {text}", hint)
    return Address.parse(text)


def _chosen(found: Drift, address: Address, names: Sequence[str], project: Project) -> list[DriftedField]:
    """Give the fields to take; raises `UsageError` for a name that means none, `SpecError` for a conflict."""
    if address in found.missing:
        raise TargetMissingError(f"{address} is not live on {project.target_name}", "`orch apply` creates it")
    drifted = next((item for item in found.resources if item.address == address), Drifted(address, None))
    if drifted.problem is not None:
        raise UsageError(f"{address} cannot be told: {drifted.problem}", "`orch drift` shows it")
    for name in names:
        if not any(covers(name, field.path) for field in drifted.fields):
            paths = ", ".join(field.path for field in drifted.fields) or "nothing"
            raise UsageError(f"{name} of {address} was not changed outside", f"changed outside: {paths}")
    if not names:
        _refuse_conflicts(drifted, project)
        return list(drifted.fields)
    whole = {field.path for field in drifted.fields if field.path.startswith("tools.") and field.path.count(".") == 1}
    tools = {f"tools.{name.split('.')[1]}" for name in names if name.startswith("tools.")} & whole
    return [field for field in drifted.fields if any(covers(name, field.path) for name in [*names, *tools])]


def _refuse_conflicts(drifted: Drifted, project: Project) -> None:
    position = project.resources[drifted.address].position
    conflicts = [
        Diagnostic(
            f"`{field.path}` was changed outside and in the spec",
            position,
            f"`orch accept {drifted.address} {field.path}` takes the live value, `orch apply` the spec's",
        )
        for field in drifted.fields
        if field.who is Who.BOTH
    ]
    if conflicts:
        raise SpecError(conflicts)
