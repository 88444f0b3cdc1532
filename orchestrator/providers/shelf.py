"""What is done to the files of one store: new ones are uploaded, attached and awaited; only then the old ones go.

A file that is refused or fails is named at the end, and the others go on. Uploads are attached as soon as a batch of
them is there, so that little is lost where an apply is killed, and stand in the journal until then. Other chunking
takes a file out of the store for a while, since one cannot stand in it twice (API facts 2.3): a few files at a time.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.errors import TargetAccessError, TargetBusyError, TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.model.fields import file_path
from orchestrator.providers._client import Client
from orchestrator.providers._retry import growing
from orchestrator.providers.contents import Content
from orchestrator.providers.file_attributes import write_attributes
from orchestrator.providers.holding import held
from orchestrator.providers.interface import Desired, FileKey, Journal, LiveFile
from orchestrator.providers.side_by_side import AT_ONCE, for_all
from orchestrator.providers.stores import FIRST_WAIT, LONGEST_WAIT, Placed, Work, from_wire, is_lasting, reason
from orchestrator.providers.uploads import Uploads

BATCH = 2000  # files one batch takes (API facts 2.3)
SLICE = 50
"""Files that are out of a store at a time while their chunking changes."""
HOPELESS = 20
"""Refusals without one success after which no more files are sent."""
INDEX_SECONDS = 1800.0  # for a batch to be indexed; the API sets no bound of its own (API facts 2.3)
CHANGED = "changed while apply ran; plan again"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file of a store is not searchable."""

    reason: str
    lasting: bool = False
    """Whether its content is the reason, which the target remembers."""


@dataclass(slots=True)
class Shelf:
    """The files of one store while they are changed, and what came of it."""

    client: Client
    store_id: str
    desired: Desired
    journal: Journal
    uploads: Uploads
    seconds: float
    """How long a batch may take to be indexed."""
    at_once: int = AT_ONCE
    refused: dict[str, str] = field(default_factory=dict)
    """Why files were not uploaded, by label."""
    failed: dict[str, Failure] = field(default_factory=dict)
    """By label."""
    added: dict[str, str] = field(default_factory=dict)
    """Ids of new files that are in the store, by label, searchable or not."""

    async def carry_out(self, work: Work) -> None:
        """Do the work; raises `TargetError` naming every file that failed once all is done that can be."""
        for label in (*work.upload, *work.reattach, *work.relabel):
            write_attributes(label, self._value(label))  # which raises where they do not fit
        for labels in _parts(work.upload, BATCH):
            await self._add(labels, len(work.upload))
        for placed in _parts(work.reattach.items(), SLICE):
            await self._attach_again(dict(placed), len(work.reattach))
        await for_all(work.relabel.items(), self._relabel, self.reached("changed", len(work.relabel)), self.at_once)
        for label in (*work.relabel, *work.reattach):
            if (id := self.uploads.withdraw(self._key(label))) is not None:
                await self._forget(id)
        unwanted = self._unwanted(work)
        await for_all(unwanted, self._let_go, self.reached("removed", len(unwanted)), self.at_once)
        if self.refused or self.failed:
            raise self._trouble()

    def reached(self, step: str, total: int, before: int = 0) -> Callable[[int], None]:
        """Give what is to hear how many files are done with a step."""
        return lambda done: self.journal.reached(step, before + done, total)

    async def _add(self, labels: Sequence[str], total: int) -> None:
        """Upload new files and attach them in one batch; where the uploads are stopped, those that are there."""
        before = len(self.added) + len(self.refused)
        ids, stopped = await self._fetch_all(labels, self.reached("uploaded", total, before))
        entries = [self._entry(label, id, self._value(label)) for label, id in ids.items()]
        try:
            failures = await self._attach(entries, self.reached("indexed", total, before)) if entries else {}
        except TargetUnknownError as error:
            raise stopped or error from error  # they may be attached by now: the next plan sees them
        except TargetError as error:
            for label, id in ids.items():
                if self.uploads.give_up(self._key(label), self.store_id):
                    await self._forget(id)
            raise stopped or error from error
        self.added |= ids
        self.failed |= {label: failures[id] for label, id in ids.items() if id in failures}
        self._settle(ids.values())
        if stopped is not None:
            raise stopped

    async def _fetch_all(
        self, labels: Sequence[str], hear: Callable[[int], None]
    ) -> tuple[dict[str, str], TargetError | None]:
        """Get files, some at a time; gives ids by label, and what keeps the others from being sent at all."""
        ids: dict[str, str] = {}

        async def fetch(label: str) -> None:
            try:
                ids[label] = await self._fetch(label)
            except TargetRejectedError as error:
                self.refused[label] = error.message
                if not ids and not self.added and len(self.refused) >= HOPELESS:
                    message = f"the first {HOPELESS} files were all refused, {label} with: {error.message}"
                    raise TargetRejectedError(message, error.hint) from error

        stopped: TargetError | None = None
        try:
            await for_all(labels, fetch, hear, self.at_once)
        except TargetError as error:
            stopped = error
        return {label: ids[label] for label in labels if label in ids}, stopped

    async def _fetch(self, label: str) -> str:
        others = self.desired.elsewhere.declared.get(label, ())
        return await self.uploads.take(self._key(label), self.store_id, others, self._find, lambda: self._send(label))

    async def _find(self, store_id: str) -> dict[FileKey, str]:
        items = [from_wire(item) for item in await self.client.list_all(f"/vector_stores/{store_id}/files")]
        good = [(label, file) for label, file in items if file.ours and "failed" not in file.value]
        return {(label, str(file.value["sha256"])): file.id for label, file in good}

    async def _send(self, label: str) -> str:
        source = Path(self.desired.sources[label])
        id, number = await upload(self.client, self.store_id, self._key(label), source, self.journal)
        self.uploads.note(id, number)
        return id

    async def _attach_again(self, part: Mapping[str, Placed], total: int) -> None:
        """Detach some files and attach them with other chunking; what the target refuses gets its old one back."""
        out: list[Placed] = []

        async def detach(item: tuple[str, Placed]) -> None:
            await self._detach(self._key(item[0]), item[1].file.id)
            out.append(item[1])

        entries = [self._entry(label, placed.file.id, self._value(label)) for label, placed in part.items()]
        try:
            await for_all(part.items(), detach, self.reached("detached", total), self.at_once)
            failures = await self._attach(entries, _nobody)
        except TargetUnknownError:
            raise  # they may be attached by now: the next plan sees them, or the journal tells of them
        except TargetError:
            await self._put_back(out)
            raise
        back = [placed for placed in part.values() if placed.file.id in failures]
        for placed in back:
            await self._detach((placed.label, placed.file.value["sha256"]), placed.file.id)
        await self._put_back(back)
        for label, placed in part.items():
            if (failure := failures.get(placed.file.id)) is not None:
                self.failed[label] = Failure(f"{failure.reason}; it stays with its old chunking")
        self._settle(placed.file.id for placed in part.values() if placed not in back)

    async def _detach(self, key: FileKey, id: str) -> None:
        self.uploads.note(id, await self.journal.detaching(self.store_id, key, id))
        await self.client.delete(f"/vector_stores/{self.store_id}/files/{id}")

    async def _put_back(self, files: Sequence[Placed]) -> None:
        """Attach files as they were; where that fails too they stand in the journal, and the next apply does it."""
        if not files:
            return
        entries = [self._entry(placed.label, placed.file.id, placed.file.value) for placed in files]
        try:
            await self._attach(entries, _nobody)
        except TargetError:
            return  # what made it necessary is the error to tell
        self._settle(placed.file.id for placed in files)

    async def _relabel(self, item: tuple[str, LiveFile]) -> None:
        label, file = item
        body = {"attributes": write_attributes(label, self._value(label))}
        await self.client.post(f"/vector_stores/{self.store_id}/files/{file.id}", body, once=False)

    async def _let_go(self, placed: Placed) -> None:
        """Take a file out of the store; one of ours that nobody else has is deleted, which does so too."""
        key, file, path = (placed.label, placed.file.value["sha256"]), placed.file, f"/files/{placed.file.id}"
        others = self.desired.elsewhere.of(placed.label)
        alone = file.ours and self.uploads.let_go(key, file.id, self.store_id)
        if alone and not await held(self.client, others, [file.id]):
            await self.client.delete(path)
            return
        if file.ours:
            await self._detach(key, file.id)
        else:
            await self.client.delete(f"/vector_stores/{self.store_id}{path}")
        if alone and not await held(self.client, others, [file.id]):  # who had it a moment ago may let go of it too
            await self.client.delete(path)

    def _unwanted(self, work: Work) -> list[Placed]:
        """Give what is replaced or no longer wanted; where new content failed, only what failed before it."""
        over: list[Placed] = []
        for label, old in work.replaced.items():
            if label in self.added:
                kept = label in self.failed and "failed" not in old.value
                over += [Placed(label, file) for file in (old, *old.attempts)[kept:] if file.id != self.added[label]]
        return [*over, *work.remove]

    async def _attach(self, entries: Sequence[Mapping[str, Any]], hear: Callable[[int], None]) -> dict[str, Failure]:
        """Attach one batch and wait until it is indexed; gives what failed, by file id.

        `hear` is told how many are indexed, or have failed.
        """
        path = f"/vector_stores/{self.store_id}/file_batches"
        batch = await self.client.post(path, {"files": list(entries)}, once=True)
        path = f"{path}/{batch['id']}"
        clock = asyncio.get_running_loop().time
        until, waits = clock() + self.seconds, growing(FIRST_WAIT, LONGEST_WAIT)
        while batch.get("status") == "in_progress":
            if clock() >= until:
                message = f"{len(entries)} files are not indexed after {self.seconds:.0f} s"
                raise TargetUnknownError(message, "apply again later: what is indexed by then is not sent again")
            wait, asked = next(waits), batch.poll_after
            await self.client.pause(min(wait if asked is None else max(asked, FIRST_WAIT), until - clock()))
            batch = await self.client.get(path)
            done = batch.get("file_counts") or {}
            hear(int(done.get("completed") or 0) + int(done.get("failed") or 0))
        counts = batch.get("file_counts") or {}
        if batch.get("status") == "completed" and not counts.get("failed") and not counts.get("cancelled"):
            return {}
        indexed = await self.client.list_all(f"{path}/files", {"filter": "completed"})
        good = {item["id"] for item in indexed}
        failed = await self.client.list_all(f"{path}/files", {"filter": "failed"})
        known = {item["id"]: Failure(reason(item), is_lasting(item)) for item in failed}
        other = Failure(f"its batch ended {batch.get('status')}")
        missing = [str(entry["file_id"]) for entry in entries if entry["file_id"] not in good]
        return {id: known.get(id, other) for id in missing}

    async def _forget(self, id: str) -> None:
        """Delete an upload that came to nothing."""
        if await forget(self.client, id):
            self._settle([id])

    def _settle(self, ids: Iterable[str]) -> None:
        """Write that files are in the store, or gone."""
        for id in ids:
            for number in self.uploads.numbers(id):
                self.journal.done(number)

    def _entry(self, label: str, id: str, value: Mapping[str, Any]) -> dict[str, Any]:
        chunking = {"type": "static", "static": dict(value["chunking"])}
        return {"file_id": id, "attributes": write_attributes(label, value), "chunking_strategy": chunking}

    def _value(self, label: str) -> Mapping[str, Any]:
        value: Mapping[str, Any] = self.desired.fields[file_path(label)]
        return value

    def _key(self, label: str) -> FileKey:
        return label, self._value(label)["sha256"]

    def _trouble(self) -> TargetRejectedError:
        said, hints = [], []
        if self.refused:
            said.append("not uploaded: " + "; ".join(f"{label}: {why}" for label, why in self.refused.items()))
            hints.append("fix or remove what was not uploaded, then apply")
        if self.failed:
            said.append("not searchable: " + "; ".join(f"{label}: {it.reason}" for label, it in self.failed.items()))
        if any(failure.lasting for failure in self.failed.values()):
            hints.append("fix or remove these files, then apply; unchanged, they are resent only with --retry-failed")
        if any(not failure.lasting for failure in self.failed.values()):
            hints.append("apply again where the target itself failed")
        return TargetRejectedError("; ".join(said), "; ".join(hints))


def _nobody(done: int) -> None:
    """Tell nobody."""


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    whole = iter(items)
    while part := list(islice(whole, size)):
        yield part


async def upload(client: Client, store_id: str, key: FileKey, file: Path, journal: Journal) -> tuple[str, int]:
    """Upload one file for a store (`""` for none); gives its id, and the number of its entry in the journal.

    Raises `TargetRejectedError` where the file is refused, cannot be read or is not what was planned; then nothing is
    left of it.
    """
    try:
        size = file.stat().st_size
    except OSError as error:
        message = f"cannot read {file}: {error.strerror}"
        raise TargetRejectedError(message, "put the file back, or plan again") from error
    number, content = await journal.uploading(store_id, key, file.name, size), Content(file)
    try:
        id = str((await client.upload("/files", {"purpose": "assistants"}, content))["id"])
    except TargetUnknownError as error:
        if not content.was_cut:
            raise
        journal.done(number)
        raise TargetRejectedError(CHANGED) from error
    except (TargetRejectedError, TargetBusyError, TargetAccessError):
        journal.done(number)  # nothing was carried out
        raise
    journal.uploaded(number, id)
    if content.sha256 != key[1]:
        if await forget(client, id):
            journal.done(number)
        raise TargetRejectedError(CHANGED)
    return id, number


async def forget(client: Client, file_id: str) -> bool:
    """Delete an upload that came to nothing; tells whether it is gone."""
    try:
        await client.delete(f"/files/{file_id}")
    except TargetError:
        return False  # what made the upload fail is the error to tell; this file stays without a store
    return True
