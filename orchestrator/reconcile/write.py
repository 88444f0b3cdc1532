"""One change carried out on a target, believing nothing that was not read back.

Just before an update or a delete the live object is read once more: where it is not what the plan was made from,
nothing is written. A create costs one call and its read-back; it is journalled first, and where its reply is lost the
object is looked for by its marks. A delete is not read back: there is nothing to compare, and the provider raises where
the target did not confirm it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestrator.errors import MovedError, TargetMissingError, TargetUnknownError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import equal, file_label, references
from orchestrator.model.ownership import Baseline
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Desired, Live, Provider
from orchestrator.reconcile.diff import mismatches, not_taken_back, value_at, with_references
from orchestrator.reconcile.elsewhere import Holders
from orchestrator.reconcile.journal import Page
from orchestrator.reconcile.plan import AGAIN, STALE, Action, Change, Seen


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to one target; all methods raise `TargetError` kinds."""

    provider: Provider
    resources: Mapping[Address, Resource]
    """Say where the contents of store files lie."""
    ids: dict[Address, str]
    """Ids of this project's live objects; those that are made come to it."""
    holders: Holders
    """Say where else a store's files may be."""

    async def write(self, change: Change, page: Page) -> tuple[str, ...]:
        """Do one change; give what the read-back shows to be other than asked."""
        if change.action is Action.DELETE:
            await self._delete(change)
            return ()
        desired = self._desired(change)
        if change.action is Action.UPDATE:
            live = await self._unmoved(change)
            id = self.ids[change.address] = await self.provider.update(live, desired, change.paths, page) or live.id
            differences, seen = await self._read_back(change, desired, id, live)
            if stayed := not_taken_back(change, desired.fields, live, seen):
                # Nobody would know of them any more: recorded as they are, the next plan takes them back again.
                marks = replace(desired.marks, baseline=desired.marks.baseline | Baseline.of(stayed))
                await self.provider.update(seen, replace(desired, marks=marks), frozenset(), page)
            return differences
        if change.action is Action.REPLACE and await self._has_expired(change):
            await self._delete(change)  # it finds nothing any more, and two of one address would stand in the way
            change = replace(change, action=Action.CREATE)
        lost = await self._create(change, desired, page)
        differences, _ = await self._read_back(change, desired, self.ids[change.address])
        if differences and lost is not None:
            raise lost
        if change.action is Action.REPLACE and not differences:
            await self._delete(change)  # the old one goes once the new one is seen to be right
        return differences

    async def _create(self, change: Change, desired: Desired, page: Page) -> TargetUnknownError | None:
        """Create an object and note its id; gives the error where the reply was lost and the object is there."""
        await page.creating()
        try:
            self.ids[change.address] = await self.provider.create(desired, page)
        except TargetUnknownError as error:
            found = [live.id for live in await self.provider.fetch_live(change.address.kind) if _is_it(live, desired)]
            made = [id for id in found if id != change.id]
            if len(made) != 1:
                raise
            self.ids[change.address] = made[0]
            return error
        return None

    async def _has_expired(self, change: Change) -> bool:
        try:
            return (await self._unmoved(change)).expired
        except TargetMissingError:
            return True  # gone already

    async def _delete(self, change: Change) -> None:
        try:
            live = await self._unmoved(change)
        except TargetMissingError:
            return  # gone already, which is what was wanted
        await self.provider.delete(live, self.holders.elsewhere(change))

    async def _unmoved(self, change: Change) -> Live:
        """Read the live object once more; raises `MovedError` where it is not what the plan was made from."""
        if change.id is None or change.seen is None:
            raise ValueError(f"{change.address}: a change of a live object without the object")
        try:
            live = await self.provider.fetch(change.address.kind, change.id)
        except TargetMissingError as error:
            if change.action is Action.UPDATE:
                raise MovedError(f"{STALE}: {change.id} is gone", AGAIN) from error
            raise
        if change.seen.files:
            live = await self.provider.fetch_files(live)
        if Seen.of(live) != change.seen:
            raise MovedError(f"{STALE}: {change.id} was changed meanwhile{self._where(change, live)}", AGAIN)
        return live

    def _where(self, change: Change, live: Live) -> str:
        """Name the planned fields that moved; what else may have moved is not known any more."""
        addresses = {known: address for address, known in self.ids.items()}
        fields = with_references(live.fields, addresses, change.after)
        defaults = self.provider.capabilities.defaults.get(live.kind, {})
        moved = [item.path for item in change.fields if not equal(item.old, value_at(fields, item.path, defaults))]
        return f" ({', '.join(moved)})" if moved else ""

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
            elsewhere=self.holders.elsewhere(change),
        )

    async def _read_back(
        self, change: Change, desired: Desired, id: str, before: Live | None = None
    ) -> tuple[tuple[str, ...], Live]:
        """Read what was written, and say where it is not what was asked for."""
        kind = change.address.kind
        live = await self.provider.fetch(kind, id)
        files = {path for path in change.paths if file_label(path) is not None}
        if kind is Kind.VECTOR_STORE and files:
            live = await self.provider.fetch_files(live)
        addresses = {known: address for address, known in self.ids.items()}
        seen = replace(live, fields=with_references(live.fields, addresses, desired.fields))
        declared = {path for path in desired.fields if desired.marks.baseline.knows(path)}
        capabilities = self.provider.capabilities
        defaults = capabilities.defaults.get(kind, {})
        stayed = not_taken_back(change, desired.fields, before, seen) if before is not None else {}
        paths = change.paths | declared
        found = mismatches(desired.fields, paths, seen, defaults, capabilities.chosen, frozenset(stayed))
        if live.marks != desired.marks:
            found = (*found, "metadata: the record of what was applied (orch.*) did not come back as written")
        return found, seen


def _is_it(live: Live, desired: Desired) -> bool:
    """Tell whether a live object carries the marks that a create was sent with."""
    marks = live.marks
    return marks is not None and (marks.project, marks.address) == (desired.marks.project, desired.marks.address)
