"""What `orch migrate` does: read an export, draft, write, see that it loads; with `--keep-ids` also load the objects.

With ids kept, the objects are put into the local target as they were and then imported from there, by the same steps
as from any target. Without, their specs are drafted straight from the export, and `orch apply` will create them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.cli import adopting
from orchestrator.errors import OrchError, SpecError, UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import STATE_FOLDER, Project
from orchestrator.providers.assistants_dump import Dump, Talk
from orchestrator.providers.assistants_wire import DEFAULTS, EXPORTED
from orchestrator.providers.local import database
from orchestrator.reconcile.adopt import Adoptions, Refused, adopt, check_read, files_of
from orchestrator.reconcile.naming import free_name, slug
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.picks import Pick
from orchestrator.reporting.migrate_report import MigrateReport, Moved
from orchestrator.scenario.drafting import ScenarioDraft, draft_scenario
from orchestrator.server.loading import load_objects
from orchestrator.server.store import Store
from orchestrator.spec.files import show
from orchestrator.spec.loader import PROJECT_FILE, Ask, load, load_with_documents
from orchestrator.spec.new_files import UnwritableError, Written, spec_text, write_new

WORDS = 6
"""Of what the user said first, that name a scenario."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    dump: Dump
    ask: Ask
    folder: Path
    """Where the specs go, absolute."""
    begins: str | None
    """Name of the project that begins in that folder; None where the folder is part of one."""
    keep_ids: bool
    concurrency: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class _Specs:
    """What became of assistants and stores."""

    addresses: Mapping[str, Address]
    """Of what has a spec now, by id."""
    places: Mapping[Address, str | None]
    """Its file, as people read the path; None where it was declared before."""
    refused: Sequence[Refused]
    written: Written


async def migrate(wish: Wish) -> MigrateReport:
    """Turn an export into specs; raises `OrchError`, and then no file is left behind."""
    head = _begin(wish)
    try:
        specs = await _kept(wish) if wish.keep_ids else _drafted(wish)
        try:
            return _with_scenarios(wish, specs)
        except BaseException:
            specs.written.remove()
            raise
    except BaseException:
        head.remove()
        raise


def _begin(wish: Wish) -> Written:
    """Write orch.yaml where a project begins."""
    if wish.begins is None:
        return Written()
    targets = {"local": {"provider": "local"}}
    data = {"kind": "Project", "name": wish.begins, "default_target": "local", "targets": targets}
    ignored = wish.folder / ".gitignore"
    rest = {} if ignored.exists() else {ignored: f"{STATE_FOLDER}/\n"}
    return write_new({wish.folder / PROJECT_FILE: spec_text(data), **rest})


def _drafted(wish: Wish) -> _Specs:
    """Write the specs of everything in the export that has none yet."""
    loaded = load_with_documents(replace(wish.ask, may_be_empty=True))
    lives = (*wish.dump.stores, *wish.dump.assistants)
    place = replace(adopting.get_place(loaded, wish.folder), limits=EXPORTED)
    made = adopt([Pick(live) for live in lives], Observed({}, {}, lives), place, DEFAULTS)
    written = write_new({wish.folder / name: text for name, text in files_of(made.adopted).items()})
    try:
        check_read(made.adopted, _load(wish).resources)
    except BaseException:
        written.remove()
        raise
    return _Specs(_ids(made), _shown(wish, made), made.refused, written)


async def _kept(wish: Wish) -> _Specs:
    """Put the objects into the local target under their ids, and import them."""
    loaded = load_with_documents(replace(wish.ask, may_be_empty=True))
    if loaded.project.target.provider != "local":
        message = f"target {loaded.project.target_name} gives ids of its own"
        raise UsageError(message, "--keep-ids loads into an embedded server: --target a target with `provider: local`")
    with Store.open(database(loaded.project)) as store:
        load_objects(store, wish.dump.objects)
    ask = replace(wish.ask, may_be_empty=True)
    report = await adopting.take_over(loaded, adopting.Wish(ask, {}, wish.folder, wish.concurrency, wish.quiet))
    addresses = {item.id: item.address for item in report.imported}
    files = tuple(wish.ask.cwd / file for file in report.files)
    return _Specs(addresses, {item.address: item.file for item in report.imported}, report.refused, Written(files))


def _with_scenarios(wish: Wish, specs: _Specs) -> MigrateReport:
    """Write a scenario for every talk that can be one, and see that all loads."""
    project = _load(wish)
    taken = {located.scenario.name for located in project.scenarios}
    known = {located.scenario.description for located in project.scenarios}
    files: dict[Path, str] = {}
    remarks: list[tuple[str, str]] = []
    for talk in wish.dump.talks:
        drafted = _scenario(talk, specs.addresses, project, taken)
        if isinstance(drafted, str):
            remarks.append((talk.id, drafted))
        elif drafted.data.get("description") not in known:
            name = str(drafted.data["name"])
            taken.add(name)
            remarks += [(f"{talk.id} ({name})", text) for text in drafted.remarks]
            try:
                files[wish.folder / "scenarios" / f"{name}.yaml"] = spec_text(drafted.data)
            except UnwritableError as error:
                remarks.append((talk.id, error.message))
    written = write_new(files)
    try:
        _load(wish)
    except BaseException:
        written.remove()
        raise
    return _report(wish, project, specs, files, remarks)


def _scenario(
    talk: Talk, addresses: Mapping[str, Address], project: Project, taken: Collection[str]
) -> ScenarioDraft | str:
    """Give the scenario of a talk, or say why it has none."""
    address = addresses.get(talk.assistant_id or "")
    if talk.assistant_id is None:
        return "no scenario: no assistant ever answered"
    if address is None:
        return f"no scenario: its assistant {talk.assistant_id} has no spec"
    first = next((each.user for each in talk.said if each.user.strip()), "")
    name = free_name(slug(" ".join(first.split()[:WORDS])) or "talk", taken)
    functions = [path.removeprefix("tools.") for path, value in _fields(project, address) if value == "function"]
    draft = draft_scenario(name, address.name, talk.said, functions, f"From {talk.id}.")
    return draft or "no scenario: the user said nothing"


def _fields(project: Project, address: Address) -> Collection[tuple[str, object]]:
    resource = project.resources.get(address)
    return resource.fields.items() if resource is not None else ()


def _load(wish: Wish) -> Project:
    try:
        return load(replace(wish.ask, may_be_empty=True))
    except SpecError as error:  # without its place: the files are taken away again
        first = error.diagnostics[0]
        raise OrchError(f"the new specs do not fit the project: {first}; nothing was written", first.hint) from error


def _ids(made: Adoptions) -> dict[str, Address]:
    return {item.live.id: item.address for item in made.adopted}


def _shown(wish: Wish, made: Adoptions) -> dict[Address, str | None]:
    return {
        item.address: show(wish.folder / item.file, wish.ask.cwd) if item.file is not None else None
        for item in made.adopted
    }


def _report(
    wish: Wish, project: Project, specs: _Specs, scenarios: Mapping[Path, str], remarks: Sequence[tuple[str, str]]
) -> MigrateReport:
    dump, by_address = wish.dump, {address: id for id, address in specs.addresses.items()}
    stores = [address for address in specs.addresses.values() if address.kind is Kind.VECTOR_STORE]
    return MigrateReport(
        project=project.name,
        target=project.target_name if wish.keep_ids else None,
        moved=tuple(Moved(address, by_address[address], file) for address, file in specs.places.items()),
        scenarios=tuple(show(path, wish.ask.cwd) for path in scenarios),
        refused=tuple(specs.refused),
        files={address: dump.files.get(by_address[address], ()) for address in stores},
        remarks=tuple(remarks),
        ignored=dump.ignored,
    )
