"""What `orch import` does: read, draft, write, see that nothing would change, adopt.

The specs are written first, then loaded and planned with; where that shows anything but what was meant, they are taken
away again and nothing was touched. Then the objects are adopted. Whoever is stopped in between has specs of objects
that are not adopted yet, and the same command goes on; the other way round, the next `apply --prune` would delete them.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.cli.alone import applying_alone
from orchestrator.cli.messages import show_note
from orchestrator.cli.progress import moving_line
from orchestrator.errors import OrchError, SpecError, TargetError
from orchestrator.model.address import Address
from orchestrator.model.resources import Function
from orchestrator.project import Session, apply_recorded, fetch_observed, open_session
from orchestrator.reconcile.adopt import (
    Adoption,
    Adoptions,
    Place,
    Settled,
    adopt,
    check_plan,
    check_read,
    claimed,
    files_of,
    settle,
)
from orchestrator.reconcile.history import Command
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.picks import Picks, pick_all, pick_given
from orchestrator.reconcile.plan import Plan
from orchestrator.reconcile.planner import PlanOptions, plan
from orchestrator.reconcile.remembering import Origin, read_who
from orchestrator.reporting.import_report import Imported, ImportReport
from orchestrator.spec.files import show
from orchestrator.spec.loader import Ask, Loaded, load
from orchestrator.spec.new_files import Written, write_new
from orchestrator.spec.revisions import read_revision


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was asked for."""

    ask: Ask
    given: Mapping[Address, str]
    """Ids by address; empty for everything that is unmanaged."""
    folder: Path
    """Where the specs go, absolute."""
    concurrency: int
    quiet: bool


async def take_over(loaded: Loaded, wish: ImportOptions) -> ImportReport:
    """Import what is asked for; raises `OrchError` where nothing was, and then no file is left behind."""
    project = loaded.project
    async with applying_alone(project), open_session(project, os.environ) as session:
        observed = await fetch_observed(session, wish.concurrency)
        picks = pick_given(wish.given, observed, project) if wish.given else pick_all(observed, project.resources)
        capabilities = session.provider.capabilities
        place = replace(get_place(loaded, wish.folder), limits=capabilities.limits)
        made = adopt(picks.taken, observed, place, capabilities.defaults)
        if wish.given and made.refused:
            raise OrchError(f"{made.refused[0].live.id}: {made.refused[0].reason}", "nothing was imported")
        if not made.adopted:
            return _report(session, wish, picks, Settled((), (), made.refused), ())
        written = write_new(_files(wish, made.adopted))
        try:
            adopting, decided = _checked(session, wish, observed, made.adopted)
        except BaseException:
            written.remove()
            raise
        with moving_line(len(decided.pending), wish.quiet) as line:
            origin = Origin(Command.IMPORT, read_who(project.root, os.environ), read_revision(project.root))
            applied = await apply_recorded(adopting, decided, wish.concurrency, origin, show_note, line)
        settled = await _settled(adopting, made, applied, wish)
        return _report(session, wish, picks, settled, _cleared(wish, settled, written))


def get_place(loaded: Loaded, folder: Path) -> Place:
    """Give what the specs in a folder are written into."""
    root = loaded.project.root
    schemas = next((each for each in (root / "schemas", root.parent / "schemas") if each.is_dir()), None)
    return Place(
        project=loaded.project.name,
        resources=loaded.project.resources,
        functions={each.spec.name: each.spec for each in loaded.specs if isinstance(each.spec, Function)},
        revision=read_revision(root),
        schemas=Path(os.path.relpath(schemas, folder)).as_posix() if schemas is not None else None,
    )


def _checked(
    session: Session, wish: ImportOptions, observed: Observed, adoptions: Sequence[Adoption]
) -> tuple[Session, Plan]:
    """Load the project as it is now, and plan with it; raises `OrchError` where that is not what was meant."""
    try:
        project = load(wish.ask)
    except SpecError as error:  # without its place: the files are taken away again
        why = f"{error.diagnostics[0]}; nothing was imported"
        raise OrchError(f"the new specs do not fit the project: {why}", error.diagnostics[0].hint) from error
    check_read(adoptions, project.resources)
    options = PlanOptions(only=tuple(str(item.address) for item in adoptions), revision=read_revision(project.root))
    capabilities = session.provider.capabilities
    decided = plan(
        project.resources, claimed(observed, adoptions), capabilities, options, project.name, project.target_name
    )
    check_plan(decided)
    return Session(project, session.provider), decided


async def _settled(session: Session, made: Adoptions, applied: Applied, wish: ImportOptions) -> Settled:
    """Tell what was imported; where something failed, the target is read once more to know whose it is."""
    if applied.exit_code == 0:
        return settle(made, applied, None)
    try:
        return settle(made, applied, await fetch_observed(session, wish.concurrency))
    except TargetError:
        return settle(made, applied, None)


def _files(wish: ImportOptions, adoptions: Iterable[Adoption]) -> dict[Path, str]:
    return {wish.folder / name: text for name, text in files_of(adoptions).items()}


def _cleared(wish: ImportOptions, settled: Settled, written: Written) -> tuple[Path, ...]:
    """Take away the files of what was not imported; gives those that stay."""
    needed = _files(wish, settled.kept)
    Written(tuple(file for file in written.files if file not in needed), written.folders).remove()
    return tuple(file for file in written.files if file in needed)


def _report(
    session: Session, wish: ImportOptions, picks: Picks, settled: Settled, files: Sequence[Path]
) -> ImportReport:
    cwd, project = wish.ask.cwd, session.project
    return ImportReport(
        project=project.name,
        target=project.target_name,
        imported=tuple(
            Imported(item.address, item.live.id, show(wish.folder / item.file, cwd) if item.file is not None else None)
            for item in settled.imported
        ),
        refused=settled.refused,
        skipped=picks.skipped,
        files=[show(path, cwd) for path in files],
        requests=session.provider.requests.total,
    )
