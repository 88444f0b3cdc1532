"""The wiring: a loaded project, its provider and the two engines, joined for whichever face asks.

Holds no logic of its own: what is decided here is only who is handed to whom, and who waits for whom.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import SpecError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import STATE_FOLDER, LocatedScenario, Project
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation, Provider
from orchestrator.providers.registry import open_provider
from orchestrator.reconcile.execute import Listener, execute
from orchestrator.reconcile.observe import Observed, observe
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.plan import Action, Plan
from orchestrator.reconcile.planner import PlanOptions, plan


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


async def fetch_plan(session: Session, options: PlanOptions, concurrency: int = 8) -> Plan:
    """Read the target and decide what apply would do."""
    project, provider = session.project, session.provider
    compared = {} if options.destroy else project.resources  # what goes is not compared, so its files are not read
    observed = await observe(provider, compared, project.name, concurrency, project.moved)
    return plan(project.resources, observed, provider.capabilities, options, project.name, project.target_name)


async def apply_plan(session: Session, decided: Plan, concurrency: int, listener: Listener | None = None) -> Applied:
    """Carry a plan out."""
    return await execute(decided, session.provider, session.project.resources, concurrency, listener)


@asynccontextmanager
async def only_writer(project: Project, on_wait: Callable[[], None]) -> AsyncIterator[None]:
    """Wait until no other orch applies this project to this target from here, and keep others waiting meanwhile.

    The lock belongs to the process, so one that is killed leaves none behind. `on_wait` is called once, where there is
    something to wait for.
    """
    folder = project.root / STATE_FOLDER
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / f"{project.target_name}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait()
        while not lock.is_locked:
            await asyncio.sleep(0.05)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
    try:
        yield
    finally:
        lock.release()


def read_revision(root: Path) -> str | None:
    """Give the git revision the specs stand at, with `-dirty` where they differ from it; None outside of git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


async def open_conversations(
    session: Session, scenarios: Collection[LocatedScenario]
) -> Callable[[Scenario], Conversation]:
    """Give the way to open each scenario's conversation, on assistants that are what the specs say.

    Raises `SpecError` at every scenario whose assistant is missing on the target or is not as declared: a run would
    test something else than what is written.
    """
    decided = await fetch_plan(session, PlanOptions())
    target = session.project.target_name
    pending = {change.address: change for change in decided.pending}
    problems = []
    for located in scenarios:
        address = Address(Kind.ASSISTANT, located.scenario.assistant)
        needed = {address} | session.project.resources[address].references
        for change in (pending[each] for each in sorted(needed) if each in pending):
            state = "is not there" if change.action is Action.CREATE else "is not what the specs say"
            message = f"{change.address} {state} on target {target}"
            hint = f"run `orch apply --target {target}` first"
            problems.append(Diagnostic(message, located.position, hint))
    if problems:
        raise SpecError(problems)
    return lambda scenario: session.provider.open(decided.ids[Address(Kind.ASSISTANT, scenario.assistant)])
