"""The only writer: carries a plan out as it stands, and believes nothing it has not read back.

Changes run side by side, a bounded number at a time, each as soon as those it depends on are done. A create costs
one call and its read-back. What a target refuses fails that change and skips those that depend on it; the others go
on. On Ctrl-C the changes in flight are finished and recorded and nothing new begins.

A delete is not read back: there is nothing to compare, and the provider raises where the target did not confirm it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from orchestrator.errors import TargetError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import file_label, references
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Desired, Live, Provider
from orchestrator.reconcile.diff import mismatches, with_references
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import Action, Change, Plan


class Listener(Protocol):
    """Hears of progress while it happens; called from the event loop, so it must not block."""

    def started(self, change: Change) -> None:
        """Hear that a change is being carried out."""
        ...

    def finished(self, outcome: Outcome) -> None:
        """Hear what became of a change."""
        ...


class Silent:
    """A listener that says nothing."""

    def started(self, change: Change) -> None:
        """Say nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Say nothing."""


async def execute(
    plan: Plan,
    provider: Provider,
    resources: Mapping[Address, Resource],
    concurrency: int = 8,
    listener: Listener | None = None,
) -> Applied:
    """Carry out `plan`; `resources` say where the contents of store files lie. Never raises `TargetError`.

    Cancelling the task that awaits this ends it early: it then returns what was done, with `interrupted` set.
    """
    run = _Run(plan, provider, resources, asyncio.Semaphore(concurrency), listener or Silent())
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
            current = asyncio.current_task()
            if current is not None:
                current.uncancel()
    return interrupted


@dataclass(slots=True)
class _Run:
    """One apply on its way: what is known so far and what is done."""

    plan: Plan
    provider: Provider
    resources: Mapping[Address, Resource]
    limit: asyncio.Semaphore
    listener: Listener
    stopping: bool = False
    ids: dict[Address, str] = field(init=False)
    outcomes: dict[Address, Outcome] = field(default_factory=dict)
    done: dict[Address, asyncio.Event] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = dict(self.plan.ids)
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
        broken = sorted(address for address in change.depends_on if self._broken(address))
        if broken:
            names = ", ".join(map(str, broken))
            return Outcome(*known, Status.SKIPPED, change.id, f"it depends on {names}, which was not applied")
        if self.stopping:
            hint = "apply again to go on"
            return Outcome(*known, Status.SKIPPED, change.id, "interrupted before it began", hint)
        return None

    def _broken(self, address: Address) -> bool:
        """Tell whether a finished change came to nothing; a guard has already said what a blocked one holds back."""
        outcome = self.outcomes.get(address)
        return outcome is None or outcome.status in (Status.FAILED, Status.SKIPPED)

    async def _carry_out(self, change: Change) -> Outcome:
        self.listener.started(change)
        known = (change.address, change.action)
        try:
            differences = await self._write(change)
        except TargetError as error:
            return Outcome(*known, Status.FAILED, self._id(change), error.message, error.hint)
        if differences:
            hint = "the target did not keep what it was sent; leave the field out for it, or report it to its operator"
            return Outcome(*known, Status.FAILED, self._id(change), "; ".join(differences), hint)
        return Outcome(*known, Status.APPLIED, self._id(change))

    def _id(self, change: Change) -> str | None:
        return change.id if change.action is Action.DELETE else self.ids.get(change.address, change.id)

    async def _write(self, change: Change) -> tuple[str, ...]:
        """Do one change; give what the read-back shows to be other than asked."""
        if change.action is Action.DELETE:
            await self.provider.delete(_live(change))
            return ()
        desired = self._desired(change)
        if change.action is Action.UPDATE:
            await self.provider.update(_live(change), desired, change.paths)
            return await self._read_back(change, desired, _live(change).id)
        self.ids[change.address] = await self.provider.create(desired)
        differences = await self._read_back(change, desired, self.ids[change.address])
        if change.action is Action.REPLACE and not differences:
            await self.provider.delete(_live(change))  # the old one goes once the new one is seen to be right
        return differences

    def _desired(self, change: Change) -> Desired:
        if change.marks is None:
            raise ValueError(f"{change.address}: a change without marks cannot be written")
        resource = self.resources.get(change.address)
        return Desired(
            address=change.address,
            fields=change.after,
            marks=change.marks,
            ids={address: self.ids[address] for address in references(change.after)},
            sources=(resource.sources if resource is not None else None) or {},
        )

    async def _read_back(self, change: Change, desired: Desired, id: str) -> tuple[str, ...]:
        kind = change.address.kind
        live = await self.provider.fetch(kind, id)
        files = {path for path in change.paths if file_label(path) is not None}
        if kind is Kind.VECTOR_STORE and files:
            live = await self.provider.fetch_files(live)
        addresses = {known: address for address, known in self.ids.items()}
        seen = replace(live, fields=with_references(live.fields, addresses))
        declared = {path for path in desired.fields if desired.marks.baseline.knows(path)}
        defaults = self.provider.capabilities.defaults.get(kind, {})
        found = mismatches(desired.fields, change.paths | declared, seen, defaults)
        if live.marks != desired.marks:
            found = (*found, "metadata: the record of what was applied (orch.*) did not come back as written")
        return found


def _live(change: Change) -> Live:
    if change.live is None:
        raise ValueError(f"{change.address}: a change of a live object without the object")
    return change.live
