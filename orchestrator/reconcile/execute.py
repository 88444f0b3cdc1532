"""The only place that acts: carries a plan out as it stands and tells what became of every change.

Changes run side by side, a bounded number at a time, each as soon as those it depends on are done. What a target
refuses fails that change and skips those that depend on it; what has moved since the plan was made is blocked; the
others go on. On Ctrl-C the changes in flight are finished and recorded and nothing new begins.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from orchestrator.errors import MovedError, TargetError
from orchestrator.model.address import Address
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Provider
from orchestrator.reconcile.elsewhere import Holders
from orchestrator.reconcile.journal import Journal
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import Action, Change, Plan
from orchestrator.reconcile.write import Writer


class Listener(Protocol):
    """Hears of progress while it happens; called from the event loop, so it must not block."""

    def started(self, change: Change) -> None:
        """Hear that a change is being carried out."""
        ...

    def reached(self, change: Change, step: str, done: int, total: int) -> None:
        """Hear how far a change with many files is: so many of them are `uploaded`, `indexed`, `removed`."""
        ...

    def finished(self, outcome: Outcome) -> None:
        """Hear what became of a change."""
        ...

    def stopping(self, under_way: int) -> None:
        """Hear that somebody stopped it, and how many changes are still finished."""
        ...


class Silent:
    """A listener that says nothing."""

    def started(self, change: Change) -> None:
        """Say nothing."""

    def reached(self, change: Change, step: str, done: int, total: int) -> None:
        """Say nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Say nothing."""

    def stopping(self, under_way: int) -> None:
        """Say nothing."""


async def execute(
    plan: Plan,
    provider: Provider,
    resources: Mapping[Address, Resource],
    journal: Journal,
    concurrency: int = 8,
    listener: Listener | None = None,
) -> Applied:
    """Carry out `plan`; `resources` say where the contents of store files lie. Never raises `TargetError`.

    Cancelling the task that awaits this ends it early: it then returns what was done, with `interrupted` set.
    """
    writer = Writer(provider, resources, dict(plan.ids), Holders.of(plan, resources))
    run = _Run(plan, writer, journal, asyncio.Semaphore(concurrency), listener or Silent())
    provider.at_once = concurrency
    before = provider.requests.total
    tasks = [asyncio.create_task(run.settle(change)) for change in plan.pending]
    interrupted = await _finish(tasks, run)
    for task in tasks:
        task.result()  # an error that is not the target's is a fault of ours and is not to be swallowed
    return Applied(
        project=plan.project,
        target=plan.target,
        outcomes=tuple(run.outcomes[change.address] for change in plan.pending),
        noop=sum(change.action is Action.NOOP for change in plan.changes),
        requests=plan.requests + provider.requests.total - before,
        interrupted=interrupted,
    )


async def _finish(tasks: list[asyncio.Task[None]], run: "_Run") -> bool:
    """Wait for all; a cancellation is taken as the wish to begin nothing new, and told by the returned True."""
    interrupted = False
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            run.stopping = interrupted = True
            run.listener.stopping(run.under_way)
            current = asyncio.current_task()
            if current is not None:
                current.uncancel()
    return interrupted


@dataclass(slots=True)
class _Run:
    """One apply on its way: what is known so far and what is done."""

    plan: Plan
    writer: Writer
    journal: Journal
    limit: asyncio.Semaphore
    listener: Listener
    stopping: bool = False
    under_way: int = 0
    outcomes: dict[Address, Outcome] = field(default_factory=dict)
    done: dict[Address, asyncio.Event] = field(init=False)

    def __post_init__(self) -> None:
        self.done = {change.address: asyncio.Event() for change in self.plan.pending}

    async def settle(self, change: Change) -> None:
        """Wait for what comes first, carry the change out where nothing forbids it, and record what became of it."""
        try:
            for address in sorted(change.depends_on):
                await self.done[address].wait()
            outcome = self._without_writing(change)
            if outcome is None:
                async with self.limit:
                    outcome = self._without_writing(change) or await self._carry_out(change)
            self.outcomes[change.address] = outcome
            self.listener.finished(outcome)
        finally:
            self.done[change.address].set()

    def _without_writing(self, change: Change) -> Outcome | None:
        """Give the outcome of a change that is not begun, or None where it is to be carried out."""
        known = (change.address, change.action)
        if change.blocked_by is not None:
            return Outcome(*known, Status.BLOCKED, change.id, change.blocked_by)
        broken = sorted(address for address in change.depends_on if self._broken(change, address))
        if broken:
            names = ", ".join(map(str, broken))
            return Outcome(*known, Status.SKIPPED, change.id, f"it depends on {names}, which was not applied")
        if self.stopping:
            hint = "apply again to continue"
            return Outcome(*known, Status.SKIPPED, change.id, "interrupted before it began", hint)
        return None

    def _broken(self, change: Change, address: Address) -> bool:
        """Tell whether what has to come first came to nothing; a live object that is as it was can still be named."""
        outcome = self.outcomes.get(address)
        if outcome is None or outcome.status in (Status.FAILED, Status.SKIPPED):
            return True
        return outcome.status is Status.BLOCKED and (change.action is Action.DELETE or address not in self.writer.ids)

    async def _carry_out(self, change: Change) -> Outcome:
        self.listener.started(change)
        self.under_way += 1
        try:
            return await self._carried_out(change)
        finally:
            self.under_way -= 1

    async def _carried_out(self, change: Change) -> Outcome:
        known = (change.address, change.action)
        page = self.journal.of(change.address, partial(self.listener.reached, change))
        try:
            differences = await self.writer.write(change, page)
        except MovedError as error:
            return Outcome(*known, Status.BLOCKED, change.id, error.message, error.hint)
        except TargetError as error:
            return Outcome(*known, Status.FAILED, self._id(change), error.message, error.hint)
        if differences:
            hint = "the target did not keep what it was sent; leave the field out for it, or report it to its operator"
            return Outcome(*known, Status.FAILED, self._id(change), "; ".join(differences), hint)
        page.settle()
        return Outcome(*known, Status.APPLIED, self._id(change))

    def _id(self, change: Change) -> str | None:
        return change.id if change.action is Action.DELETE else self.writer.ids.get(change.address, change.id)
