"""What `orch migrate` does: read an export, draft, write, see that it loads; with `--keep-ids` also load the objects.

With ids kept, the objects are put into the local target as they were and then imported from there, by the same steps
as from any target. Without, their specs are drafted straight from the export, and `orch apply` will create them. Such a
spec begins with the id it is from, so that it is known again however it was edited since.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.cli import adopting
from orchestrator.cli.migrating_talks import Scenarios, draft_talks
from orchestrator.cli.migrating_texts import FOLDER, write_texts
from orchestrator.errors import OrchError, SpecError, UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import STATE_FOLDER, Project, Target
from orchestrator.project import fetch_observed, open_session
from orchestrator.providers.assistants_dump import Dump
from orchestrator.providers.assistants_wire import DEFAULTS, EXPORTED
from orchestrator.providers.local import database
from orchestrator.providers.registry import CAPABILITIES
from orchestrator.reconcile.adopt import Refused, adopt, check_read, files_of
from orchestrator.reconcile.draft import unsaid
from orchestrator.reconcile.fitting import fit
from orchestrator.reconcile.naming import slug
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.picks import Pick
from orchestrator.reporting.migrate_report import MigrateReport, Moved, StoreFiles
from orchestrator.reporting.migrate_text import short
from orchestrator.scenario.scripting import MOST
from orchestrator.server.loading import load_objects
from orchestrator.server.store import Store
from orchestrator.spec.files import show
from orchestrator.spec.loader import PROJECT_FILE, Ask, Loaded, load, load_with_documents
from orchestrator.spec.new_files import Written, spec_text, write_new

_FROM = re.compile(r"^# From (\S+)\.$", re.MULTILINE)
_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class MigrateOptions:
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
    files: Mapping[Address, Path]
    """Its new spec; those that were declared before have none."""
    refused: Sequence[Refused] = ()
    written: Written = field(default_factory=Written)


async def migrate(wish: MigrateOptions) -> MigrateReport:
    """Turn an export into specs; raises `OrchError`, and then no file is left behind."""
    done = [_begin(wish)]
    try:
        specs = await _kept(wish) if wish.keep_ids else _drafted(wish)
        done.append(specs.written)
        stores = {address: id for id, address in specs.addresses.items() if address.kind is Kind.VECTOR_STORE}
        new = {address: (id, specs.files[address]) for address, id in stores.items() if address in specs.files}
        done.append(write_texts(wish.dump, wish.folder, new))
        project = _load(wish)
        scenarios = draft_talks(wish.dump.talks, specs.addresses, project)
        files = {wish.folder / "scenarios" / f"{name}.yaml": text for name, text in scenarios.texts.items()}
        scripts = _scripts(wish, project, scenarios)
        done.append(write_new({**files, **scripts}))
        if files:
            _load(wish)
    except BaseException:
        for written in reversed(done):
            written.remove()
        raise
    return replace(
        _report(wish, project, specs, scenarios),
        scenarios=tuple(show(path, wish.ask.cwd) for path in files),
        models=tuple(show(path, wish.ask.cwd) for path in scripts),
    )


def _begin(wish: MigrateOptions) -> Written:
    """Write orch.yaml where a project begins."""
    if wish.begins is None:
        return Written()
    targets = {"local": {"provider": "local"}}
    data = {"kind": "Project", "name": wish.begins, "default_target": "local", "targets": targets}
    ignored = wish.folder / ".gitignore"
    rest = {} if ignored.exists() else {ignored: f"{STATE_FOLDER}/\n"}
    return write_new({wish.folder / PROJECT_FILE: spec_text(data), **rest})


def _scripts(wish: MigrateOptions, project: Project, scenarios: Scenarios) -> dict[Path, str]:
    """Give a ScriptedModel for each model that the local target has none of, saying what it said in the threads."""
    if project.target.provider != "local":
        return {}
    made: dict[Path, str] = {}
    for number, (model, script) in enumerate(scenarios.scripts.items(), 1):
        if (spec := script.to_spec(model)) is not None:
            comments = (f"What {model} said in the threads that were migrated, for targets without a model.",)
            path = wish.folder / "models" / f"{slug(model) or f'model-{number}'}.yaml"
            made[path] = spec_text(spec, comments)
            if script.left_out:
                said = f"its script answers the first {MOST:,} messages; {script.left_out:,} are left out"
                scenarios.remarks.append((model, said))
    return made


def _drafted(wish: MigrateOptions) -> _Specs:
    """Write the specs of everything in the export that has none yet."""
    loaded = load_with_documents(replace(wish.ask, may_be_empty=True))
    known = _migrated(wish, loaded)
    lives = (*wish.dump.stores, *wish.dump.assistants)
    owned = {known[live.id]: live for live in lives if live.id in known}
    new = [live for live in lives if live.id not in known]
    place = replace(adopting.get_place(loaded, wish.folder), limits=EXPORTED, exported=True)
    made = adopt([Pick(live) for live in new], Observed(owned, {}, tuple(new)), place, DEFAULTS)
    written = write_new({wish.folder / name: text for name, text in files_of(made.adopted).items()})
    try:
        check_read(made.adopted, _load(wish).resources)
    except BaseException:
        written.remove()
        raise
    addresses = {live.id: address for address, live in owned.items()}
    addresses |= {item.live.id: item.address for item in made.adopted}
    files = {item.address: wish.folder / item.file for item in made.adopted if item.file is not None}
    return _Specs(addresses, files, made.refused, written)


async def _kept(wish: MigrateOptions) -> _Specs:
    """Put the objects into the local target under their ids, and import them."""
    loaded = load_with_documents(replace(wish.ask, may_be_empty=True))
    project = loaded.project
    if project.target.wire != "assistants" or project.target.provider != "local":
        message = f"target {project.target_name} gives ids of its own"
        hint = "--keep-ids loads into an embedded server: --target a target with `provider: local`"
        raise UsageError(message, f"{hint} that speaks assistants")
    await _check_not_applied(wish, loaded)
    objects = _with_missing_stores(wish.dump)
    with Store.open(database(project)) as store:
        load_objects(store, objects)
    ask = replace(wish.ask, may_be_empty=True)
    importing = adopting.ImportOptions(ask, {}, wish.folder, wish.concurrency, wish.quiet)
    report = await adopting.take_over(loaded, importing)
    addresses = {item.id: item.address for item in report.imported}
    new = {item.address: wish.ask.cwd / item.file for item in report.imported if item.file is not None}
    files = tuple(wish.ask.cwd / file for file in report.files)
    return _Specs(addresses | await _adopted_before(wish, project), new, report.refused, Written(files))


def _with_missing_stores(dump: Dump) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    """Give the objects to load, with an empty store for each that an assistant searches and the export lacks.

    Raises `UsageError` for an id that no application can ask for.
    """
    for live in (*dump.stores, *dump.assistants):
        if not _ID.fullmatch(live.id):
            message = f"{live.id!r} is no id that an application can ask for; nothing was loaded"
            raise UsageError(message, "take it out of the export, or migrate without --keep-ids")
    missing = [{"id": id, "object": "vector_store"} for id in dump.missing]
    return {**dump.objects, "vector_store": [*dump.objects["vector_store"], *missing]}


async def _adopted_before(wish: MigrateOptions, project: Project) -> dict[str, Address]:
    """Give the addresses of the export's objects that are this project's on the target."""
    async with open_session(project, os.environ) as session:
        observed = await fetch_observed(session, wish.concurrency)
    ids = {live.id for live in (*wish.dump.stores, *wish.dump.assistants)}
    return {live.id: address for address, live in observed.owned.items() if live.id in ids}


async def _check_not_applied(wish: MigrateOptions, loaded: Loaded) -> None:
    """Raise `OrchError` where what was migrated before is live under an id of its own: there would be two of it."""
    known = _migrated(wish, loaded)
    if not known:
        return
    async with open_session(loaded.project, os.environ) as session:
        observed = await fetch_observed(session, wish.concurrency)
    for id, address in known.items():
        live = observed.owned.get(address)
        if live is not None and live.id != id:
            target = loaded.project.target_name
            message = f"{address} is live on {target} as {live.id}, made by an apply; nothing was loaded"
            raise OrchError(message, f"`orch destroy --target {target}`, or give the target another `db`")


def _migrated(wish: MigrateOptions, loaded: Loaded) -> dict[str, Address]:
    """Give what was migrated before, by the ids that stand in its specs."""
    found: dict[str, Address] = {}
    for address, resource in loaded.project.resources.items():
        try:
            text = (wish.ask.cwd / resource.position.file).read_text(encoding="utf-8", errors="replace")
        except OSError:  # a place that is no file
            continue
        ids = _FROM.findall(text)
        if len(ids) == 1:  # where somebody put several into one file, they are known by what they declare
            found[ids[0]] = address
    return found


def _load(wish: MigrateOptions) -> Project:
    try:
        return load(replace(wish.ask, may_be_empty=True))
    except SpecError as error:  # without its place: the files are taken away again
        first = error.diagnostics[0]
        raise OrchError(f"the new specs do not fit the project: {first}; nothing was written", first.hint) from error


def _report(wish: MigrateOptions, project: Project, specs: _Specs, scenarios: Scenarios) -> MigrateReport:
    cwd, dump = wish.ask.cwd, wish.dump
    places = {address: show(path, cwd) for address, path in specs.files.items()}
    resources = [project.resources[address] for address in specs.addresses.values() if address in project.resources]
    wires = frozenset(CAPABILITIES)
    fits = [fit(resources, can, name, wires - {_wire(name)}, DEFAULTS) for name, can in CAPABILITIES.items()]
    return MigrateReport(
        project=project.name,
        target=project.target_name if wish.keep_ids else None,
        moved=tuple(Moved(address, id, places.get(address)) for id, address in specs.addresses.items()),
        refused=tuple(specs.refused),
        files=dict(_stores(wish, project, specs)),
        remarks=(*_remarks(wish, project, specs), *scenarios.remarks),
        ignored=dump.ignored,
        broken=tuple(dump.broken),
        fits=tuple(fits),
    )


def _wire(provider: str) -> str:
    return Target.model_validate({"provider": provider}).wire


def _stores(wish: MigrateOptions, project: Project, specs: _Specs) -> Iterator[tuple[Address, StoreFiles]]:
    """Tell what was in each store whose files are not declared, or declared as texts just now."""
    held = wish.dump.files
    for id, address in specs.addresses.items():
        resource = project.resources.get(address)
        if address.kind is not Kind.VECTOR_STORE or resource is None:
            continue
        texts = {file for file, _ in wish.dump.texts(id)} if address in specs.files else set()
        if texts or "files" not in resource.whole:
            missing = tuple(file.name for file in held.get(id, ()) if file.id not in texts)
            folder = wish.folder / FOLDER / address.name
            spec = (wish.ask.cwd / resource.position.file).parent
            path = Path(os.path.relpath(folder, spec)).as_posix()
            names = [show(Path(each), wish.ask.cwd) for each in (resource.sources or {}).values()] if texts else []
            yield address, StoreFiles(missing, tuple(names), show(folder, wish.ask.cwd), f"{path}/*")


def _remarks(wish: MigrateOptions, project: Project, specs: _Specs) -> Iterator[tuple[str, str]]:
    """Tell what specs cannot say of assistants and stores."""
    dump = wish.dump
    yield from dump.remarks
    for id in dump.missing:
        yield id, "is searched by an assistant and not in the export: an empty store takes its place"
    for id in dump.expired:
        yield id, "had expired, and with it what was in it; an apply makes a store that is not expired"
    said: dict[str, list[str]] = {}
    for live in (*dump.stores, *dump.assistants):
        resource = project.resources.get(specs.addresses[live.id]) if live.id in specs.addresses else None
        if resource is not None:
            for path in unsaid(resource, live, DEFAULTS[live.kind]):
                known = path.partition(".unknown.")[2] or path  # under which a dialect keeps what it does not know
                said.setdefault(live.id, []).append(known)
                yield live.id, f"specs cannot express its `{known}`: {short(live.fields[path])}"
    for id, key, value in dump.unsaid:
        if id in specs.addresses and key not in said.get(id, ()):
            yield id, f"specs cannot express its `{key}`: {short(value)}"
