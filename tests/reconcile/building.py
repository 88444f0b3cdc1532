"""Short ways to write resources and live objects as literals, and to plan and apply them in memory."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orchestrator.diagnostics import Position
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref
from orchestrator.model.ownership import Baseline, Marks, files_digest
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Live, LiveFile, Provider
from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.execute import execute
from orchestrator.reconcile.journal import Journal
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.plan import Plan
from orchestrator.reconcile.planner import PlanOptions, plan

PROJECT = "tutoring"
FILE = {"sha256": "aa", "attributes": {}, "chunking": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
OTHER_FILE = {**FILE, "sha256": "bb"}
STORES = "tools.file_search.vector_stores"


def address(text: str) -> Address:
    return Address.parse(text)


def assistant(name: str = "tutor", fields: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    basic = {"display_name": name, "model": "gpt-4o"}
    return resource(f"assistant.{name}", basic | dict(fields or {}), **more)


def store(name: str = "papers", fields: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    return resource(f"vector_store.{name}", {"display_name": name} | dict(fields or {}), **more)


def searcher(name: str, *stores: str) -> Resource:
    refs = [Ref(Address(Kind.VECTOR_STORE, item)) for item in stores]
    return assistant(name, {"tools.file_search": "file_search", STORES: refs}, whole={"tools"})


def resource(
    text: str, fields: Mapping[str, Any], whole: Iterable[str] = (), protect: bool = False, ignore: tuple[str, ...] = ()
) -> Resource:
    return Resource(address(text), dict(fields), frozenset(whole), Position("specs/a.yaml", 3, 1), protect, ignore)


def project(*resources: Resource) -> dict[Address, Resource]:
    return {item.address: item for item in resources}


def live(
    of: Resource,
    fields: Mapping[str, Any] | None = None,
    baseline: Mapping[str, Any] | None = None,
    files: Mapping[str, LiveFile] | None = None,
    recorded_files: str | None = "as declared",
    id: str = "asst_1",
) -> Live:
    """A live object of `of`, applied with `baseline` (as declared where not given), whose fields are now `fields`."""
    was = of.fields if baseline is None else baseline
    recorded = files_digest(of.fields) if recorded_files == "as declared" else recorded_files
    marks = Marks(PROJECT, of.address, Baseline.of(was), recorded, of.protect)
    return Live(of.address.kind, id, dict(of.fields if fields is None else fields), marks, len(files or ()), files)


async def plan_of(
    provider: MemoryProvider, resources: Mapping[Address, Resource], options: PlanOptions | None = None
) -> Plan:
    observed = await observe(provider, resources, PROJECT)
    return plan(resources, observed, provider.capabilities, options or PlanOptions(), PROJECT, "local")


def planned(
    provider: MemoryProvider, resources: Mapping[Address, Resource], options: PlanOptions | None = None
) -> Plan:
    return asyncio.run(plan_of(provider, resources, options))


def applied(
    provider: MemoryProvider, resources: Mapping[Address, Resource], options: PlanOptions | None = None
) -> Applied:
    async def both() -> Applied:
        # One after the other, so that ids come in the order of the plan.
        return await carried_out(await plan_of(provider, resources, options), provider, resources, concurrency=1)

    return asyncio.run(both())


async def carried_out(made: Plan, provider: Provider, resources: Mapping[Address, Resource], **more: Any) -> Applied:
    with TemporaryDirectory() as folder, Journal(Path(folder, "journal.jsonl")) as journal:
        return await execute(made, provider, resources, journal, **more)


def actions(made: Plan) -> dict[str, str]:
    return {str(change.address): change.action.value for change in made.changes}
