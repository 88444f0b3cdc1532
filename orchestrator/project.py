"""The wiring: a loaded project, its provider and the two engines, joined for whichever face asks.

Decides how an apply goes (sweep, journal, carry out, remember), when a target is read twice, and what is refused first.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import PlanError, SpecError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import STATE_FOLDER, LocatedScenario, Project, Resource
from orchestrator.providers.interface import Conversation, Hearer, Provider
from orchestrator.providers.registry import open_provider
from orchestrator.reconcile.elsewhere import new_files
from orchestrator.reconcile.execute import Listener, Silent, execute
from orchestrator.reconcile.history import append, get_history_file
from orchestrator.reconcile.journal import Journal, read_doubts
from orchestrator.reconcile.model_list import add_retirements
from orchestrator.reconcile.observe import Observed, observe
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.plan import Action, Plan
from orchestrator.reconcile.planner import PlanOptions, plan
from orchestrator.reconcile.remembering import Origin, Recorder
from orchestrator.reconcile.saved import resumed
from orchestrator.scenario.models import unknown_models
from orchestrator.scenario.opening import Opener

SECOND_LOOK = 1.0
"""Seconds until a list is taken to show what was created before."""


@dataclass(frozen=True, slots=True)
class Session:
    """A project with the provider of its target, open."""

    project: Project
    provider: Provider


@asynccontextmanager
async def open_session(project: Project, env: Mapping[str, str]) -> AsyncIterator[Session]:
    """Open the project's target; raises `SpecError` where its settings lack something, `TargetError` where it fails."""
    provider = await open_provider(project, env)
    try:
        yield Session(project, provider)
    finally:
        await provider.close()


async def fetch_observed(session: Session, concurrency: int = 8) -> Observed:
    """Read what is live and whose it is; the files of stores are not read."""
    return await observe(session.provider, {}, session.project.name, concurrency, session.project.moved)


async def fetch_plan(
    session: Session, options: PlanOptions, concurrency: int = 8, patience: float = SECOND_LOOK
) -> Plan:
    """Read the target and decide what apply would do; `patience` are the seconds before a second look, see there."""
    project, provider = session.project, session.provider
    compared = {} if options.destroy else project.resources  # what goes is not compared, so its files are not read
    observed = await _observe(session, compared, concurrency, patience, options.refresh)
    decided = plan(project.resources, observed, provider.capabilities, options, project.name, project.target_name)
    return replace(decided, endpoint=project.endpoint)


async def with_retirements(session: Session, decided: Plan, on_unread: Callable[[str], None]) -> Plan:
    """Give the plan with the assistants whose model is shut down soon; a list that cannot be read is only told of."""
    return await add_retirements(session.provider, session.project, decided, on_unread, time.time())


async def _observe(
    session: Session, compared: Mapping[Address, Resource], concurrency: int, patience: float, refresh: bool = False
) -> Observed:
    """Read the target; where an apply that ended early may have created what is not listed yet, read it twice."""
    project, provider = session.project, session.provider
    doubts = read_doubts(journal_path(project))
    look = partial(observe, provider, compared, project.name, concurrency, project.moved, doubts.created, refresh)
    observed = await look()
    if doubts.creating <= set(observed.owned) | set(observed.duplicates):
        return observed
    await asyncio.sleep(patience)
    again = await look()
    return replace(again, requests=observed.requests + again.requests)


async def resume_plan(session: Session, saved: Plan, concurrency: int = 8, patience: float = SECOND_LOOK) -> Plan:
    """Give a saved plan with what has moved since then blocked; raises `PlanError` where it is another project's."""
    project = session.project
    if (saved.project, saved.target) != (project.name, project.target_name):
        raise PlanError(
            f"the plan is for {saved.project} on {saved.target}, not for {project.name} on {project.target_name}",
            "run it in the project it was made in",
        )
    if saved.endpoint != project.endpoint:
        message = f"the plan was made when target {saved.target} had another address or database"
        raise PlanError(message, "plan again for the target as it is now, and review that")
    return resumed(saved, project.resources, await _observe(session, {}, concurrency, patience))


async def apply_plan(session: Session, decided: Plan, concurrency: int, listener: Listener | None = None) -> Applied:
    """Carry a plan out, after taking away what an apply that ended early has left and this one does not attach."""
    provider, path = session.provider, journal_path(session.project)
    swept = await provider.sweep(read_doubts(path).uploads, new_files(decided))
    with Journal(path) as journal:
        journal.forget(swept.kept)
        applied = await execute(decided, provider, session.project.resources, journal, concurrency, listener)
    return replace(applied, unclear=swept.unclear)


def journal_path(project: Project) -> Path:
    """Give where apply writes down what it is about to make on the project's target."""
    return project.root / STATE_FOLDER / f"journal-{project.target_name}.jsonl"


async def apply_recorded(
    session: Session,
    decided: Plan,
    concurrency: int,
    origin: Origin,
    on_unwritten: Callable[[str], None],
    listener: Listener | None = None,
) -> Applied:
    """Carry a plan out and add what became of it to the history, also where it dies; nothing to do is not recorded.

    A history that cannot be written is told to `on_unwritten`: what was done is done.
    """
    recorder, interrupted = Recorder(listener or Silent()), True
    try:
        applied = await apply_plan(session, decided, concurrency, recorder)
        interrupted = applied.interrupted
        return applied
    finally:
        if recorder.heard:
            file = get_history_file(session.project.root)
            try:
                append(file, recorder.entry(decided, origin, interrupted, datetime.now(UTC)))
            except OSError as error:
                on_unwritten(f"this is not in the history: {file}: {error.strerror or error}")


async def open_conversations(
    session: Session, scenarios: Collection[LocatedScenario], hearer: Hearer | None = None
) -> Callable[[LocatedScenario], Conversation]:
    """Give the way to open each scenario's conversation, heard by `hearer`, on assistants that are what the specs say.

    A judge is an assistant: its conversations are opened as those of a scenario that talks to it. Raises `SpecError`
    at every scenario whose assistant or judge is not on the target as declared, or whose model the target does not
    have: a run would test something else than what is written.
    """
    decided = await fetch_plan(session, PlanOptions())
    target = session.project.target_name
    pending = {change.address: change for change in decided.pending}
    problems = []
    for located in scenarios:
        talked_to = [located.subject, *(Address(Kind.ASSISTANT, name) for name in located.judges)]
        needed = {*talked_to}.union(*(session.project.resources[address].references for address in talked_to))
        for change in (pending[each] for each in sorted(needed) if each in pending):
            state = "is not there" if change.action is Action.CREATE else "is not what the specs say"
            message, hint = f"{change.address} {state} on target {target}", f"run `orch apply --target {target}` first"
            problems.append(Diagnostic(message, located.position, hint))
    problems += await unknown_models(session.project, session.provider, scenarios)
    if problems:
        raise SpecError(list(dict.fromkeys(problems)))  # cases of one scenario have the same
    return Opener(session.provider, session.project.resources, decided.ids, hearer).open


def opening(
    project: Project, env: Mapping[str, str]
) -> Callable[[Collection[LocatedScenario]], AbstractAsyncContextManager[Callable[[LocatedScenario], Conversation]]]:
    """Give the way to open the target for some scenarios, so that it stays closed where there are none."""

    @asynccontextmanager
    async def opened(
        scenarios: Collection[LocatedScenario],
    ) -> AsyncIterator[Callable[[LocatedScenario], Conversation]]:
        async with open_session(project, env) as session:
            yield await open_conversations(session, scenarios)

    return opened
