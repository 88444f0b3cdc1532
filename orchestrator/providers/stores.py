"""Files of vector stores: what is declared is uploaded, attached in one batch, awaited; only then the old ones go.

Path and SHA-256 are kept in each file's `attributes`, the one server-side place for them (API facts 2.3), beside the
author's own attributes. A file without them is somebody else's: it is detached where the declared set is the whole
set, and never deleted.

A new file that cannot be indexed does not take the place of the old one, so that a store never knows less than
before. It stays in the store, where its attributes tell every machine which content it was that failed: the same is
not sent again until somebody asks for it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator.errors import TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.model.fields import equal, file_label, file_path
from orchestrator.model.file_renames import renamed
from orchestrator.model.knowledge import Found, Query
from orchestrator.providers._client import Client
from orchestrator.providers._retry import growing
from orchestrator.providers.file_attributes import read_attributes, write_attributes
from orchestrator.providers.holding import held
from orchestrator.providers.interface import Desired, Journal, Live, LiveFile
from orchestrator.providers.side_by_side import each
from orchestrator.providers.uploads import Uploads

BATCH = 2000  # files one batch takes (API facts 2.3)
FIRST_WAIT, LONGEST_WAIT = 0.02, 2.0  # seconds between two looks at a batch, where the target names none
INDEX_SECONDS = 1800.0  # for a batch to be indexed; the API sets no bound of its own (API facts 2.3)
SETTLE_SECONDS = 30.0  # for files that are being indexed when a store is read
AUTO = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}

Ids = Mapping[str, str]
"""File ids by label."""


async def fetch_files(client: Client, store: Live, seconds: float = SETTLE_SECONDS) -> Live:
    """Give the store with its files; one without a label goes by its id, and so does the older of two under one.

    What failed beside a file that is searchable is no file of its own: it is among that one's `attempts`.

    What is being indexed, such as by an apply that ended early, is awaited up to `seconds`: what is said of it now
    would be untrue a moment later, and its content would be sent twice.
    """
    files: dict[str, LiveFile] = {}
    for item in await _settled(client, f"/vector_stores/{store.id}/files", seconds):
        label, file = _from_wire(item)
        older = files.pop(label, None)
        if older is None:
            files[label] = file
        elif file.ours and "failed" in file.value:
            files[label] = replace(older, attempts=(*older.attempts, file))
        elif older.ours and "failed" in older.value:
            files[label] = replace(file, attempts=(*older.attempts, replace(older, attempts=())))
        else:
            files[label], files[older.id] = replace(file, attempts=older.attempts), replace(older, attempts=())
    fields = {**store.fields, **{file_path(label): dict(file.value) for label, file in files.items()}}
    return replace(store, fields=fields, files=files)


async def _settled(client: Client, path: str, seconds: float) -> list[dict[str, Any]]:
    """List files, again and again while some are being indexed."""
    clock = asyncio.get_running_loop().time
    until, waits = clock() + seconds, growing(FIRST_WAIT, LONGEST_WAIT)
    while True:
        items = await client.list_all(path)
        left = until - clock()
        if left <= 0 or all(item.get("status") != "in_progress" for item in items):
            return items
        await client.pause(min(next(waits), left))


def _from_wire(item: Mapping[str, Any]) -> tuple[str, LiveFile]:
    id, record = str(item["id"]), read_attributes(item.get("attributes") or {})
    strategy = item.get("chunking_strategy") or {}
    chunking = dict(strategy.get("static") or AUTO)
    value: dict[str, Any] = {"sha256": record.sha256, "attributes": record.own, "chunking": chunking}
    if item.get("status") != "completed":
        value["failed"] = _reason(item)
    return record.label or id, LiveFile(id, value, ours=record.label is not None and record.sha256 is not None)


def _reason(item: Mapping[str, Any]) -> str:
    return str((item.get("last_error") or {}).get("message") or item.get("status"))


@dataclass(frozen=True, slots=True)
class Work:
    """What has to happen to a store's files, by label."""

    upload: Mapping[str, Mapping[str, Any]]
    """New content."""
    replaced: Mapping[str, LiveFile]
    """What new content takes the place of: removed once that is searchable."""
    reattach: Mapping[str, LiveFile]
    """The same content with other chunking: detached and attached again, without an upload."""
    relabel: Mapping[str, LiveFile]
    """The same content with other attributes, perhaps under another label until now: changed in place."""
    remove: Mapping[str, LiveFile]
    """No longer wanted: removed once everything new is searchable."""

    def __bool__(self) -> bool:
        return any((self.upload, self.reattach, self.relabel, self.remove))


def decide(before: Mapping[str, LiveFile], desired: Desired, changed: frozenset[str]) -> Work:
    """Decide what the changed paths ask for; `before` are the files that are there."""
    upload: dict[str, Mapping[str, Any]] = {}
    replaced: dict[str, LiveFile] = {}
    reattach: dict[str, LiveFile] = {}
    relabel: dict[str, LiveFile] = {}
    remove: dict[str, LiveFile] = {}
    for path in sorted(changed):
        label = file_label(path)
        if label is None:
            continue
        old, new = before.get(label), desired.fields.get(path)
        if new is None:
            if old is not None:
                remove[label] = old
        elif old is None:
            upload[label] = new
        elif old.value["sha256"] != new["sha256"] or "failed" in old.value:
            upload[label], replaced[label] = new, old
        elif not equal(old.value["chunking"], new["chunking"]):
            reattach[label] = old
        else:
            relabel[label] = old
    gone = {label: file.value["sha256"] for label, file in remove.items() if file.ours and "failed" not in file.value}
    new = {label: value["sha256"] for label, value in upload.items() if label not in replaced}
    for label, was in renamed(gone, new).items():
        old = remove.pop(was)
        same_chunks = equal(old.value["chunking"], upload.pop(label)["chunking"])
        (relabel if same_chunks else reattach)[label] = old
    return Work(upload, replaced, reattach, relabel, remove)


async def carry_out(
    client: Client, store_id: str, desired: Desired, work: Work, seconds: float, journal: Journal, uploads: Uploads
) -> None:
    """Do the work, waiting up to `seconds` for each batch; raises `TargetError` naming every file that failed."""
    values = {label: desired.fields[file_path(label)] for label in (*work.upload, *work.reattach, *work.relabel)}
    attributes = {label: write_attributes(label, value) for label, value in values.items()}
    shelf = _Shelf(client, store_id, desired, journal, uploads)
    uploaded = await shelf.fetch_all(list(work.upload))

    async def detach(file: LiveFile) -> None:
        await journal.detaching(store_id, file.id)
        await client.delete(f"/vector_stores/{store_id}/files/{file.id}")

    await each(work.reattach.values(), detach, shelf.reached("detached", len(work.reattach)))
    attach = {**uploaded, **{label: file.id for label, file in work.reattach.items()}}
    entries = [
        {
            "file_id": id,
            "attributes": attributes[label],
            "chunking_strategy": {"type": "static", "static": dict(values[label]["chunking"])},
        }
        for label, id in attach.items()
    ]
    failures = await _attach_all(shelf, attach, entries, seconds, uploaded)

    async def relabel(item: tuple[str, LiveFile]) -> None:
        body = {"attributes": attributes[item[0]]}
        await client.post(f"/vector_stores/{store_id}/files/{item[1].id}", body, once=False)

    async def let_go(item: tuple[str, LiveFile]) -> None:
        label, file = item
        if file.ours:
            await journal.detaching(store_id, file.id)
        goes = file.ours and uploads.let_go((label, file.value["sha256"]), file.id, store_id)
        await client.delete(f"/vector_stores/{store_id}/files/{file.id}")
        if goes and not await held(client, desired.elsewhere.of(label), [file.id]):
            await client.delete(f"/files/{file.id}")

    await each(work.relabel.items(), relabel, shelf.reached("changed", len(work.relabel)))
    failed = {label for label, id in attach.items() if id in failures}
    unwanted = _unwanted(work, failed, uploaded)
    await each(unwanted, let_go, shelf.reached("removed", len(unwanted)))
    if failures:
        reasons = "; ".join(f"{label}: {failures[id]}" for label, id in attach.items() if id in failures)
        hint = "fix or remove these files, then apply; unchanged, they are resent only with --retry-failed"
        raise TargetRejectedError(f"not searchable: {reasons}", hint)


def _unwanted(work: Work, failed: set[str], uploaded: Ids) -> list[tuple[str, LiveFile]]:
    """Give what is replaced or no longer wanted, by label; where new content failed, only what failed before it."""
    over: list[tuple[str, LiveFile]] = []
    for label, id in uploaded.items():
        if (old := work.replaced.get(label)) is not None:
            kept = label in failed and "failed" not in old.value
            over += [(label, each) for each in (old, *old.attempts)[kept:] if each.id != id]
    if not failed:
        over += [(label, each) for label, old in work.remove.items() for each in (old, *old.attempts)]
    return over


async def search_store(client: Client, store_id: str, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Search one store and give its results as the API has them: one request (API facts 2.2)."""
    page = await client.post(f"/vector_stores/{store_id}/search", wanted, once=False)
    found = page.get("data")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise TargetRejectedError(
            f"POST /vector_stores/{store_id}/search gave no results", "check the target's base_url"
        )
    return found


async def search(client: Client, store_id: str, query: Query) -> tuple[Found, ...]:
    """Search one store; gives passages by the paths that sync has written, best first."""
    return tuple(_found(item) for item in await search_store(client, store_id, query.to_request()))


def _found(item: Mapping[str, Any]) -> Found:
    record = read_attributes(item.get("attributes") or {})
    parts = [str(part.get("text") or "") for part in item.get("content") or () if isinstance(part, Mapping)]
    file = record.label or str(item.get("filename"))
    return Found(file, str(item.get("file_id")), float(item.get("score") or 0), "\n".join(parts), record.own)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where the files of one store come from."""

    client: Client
    store_id: str
    desired: Desired
    journal: Journal
    uploads: Uploads

    async def fetch_all(self, labels: Sequence[str]) -> dict[str, str]:
        """Give ids by label, getting some at a time; where one fails, those that were uploaded are deleted again."""
        done: dict[str, str] = {}

        async def fetch(label: str) -> None:
            done[label] = await self._fetch(label)

        try:
            await each(labels, fetch, self.reached("uploaded", len(labels)))
        except TargetError:
            for label, id in done.items():
                await self.give_up(label, id)
            raise
        return {label: done[label] for label in labels}

    def reached(self, step: str, total: int) -> Callable[[int], None]:
        """Give what is to hear how many files are done with a step."""
        return lambda done: self.journal.reached(step, done, total)

    async def _fetch(self, label: str) -> str:
        others = self.desired.elsewhere.declared.get(label, ())
        return await self.uploads.take(self._key(label), self.store_id, others, self._find, lambda: self._send(label))

    def _key(self, label: str) -> tuple[str, str]:
        return label, self.desired.fields[file_path(label)]["sha256"]

    async def _find(self, store_id: str) -> dict[tuple[str, str], str]:
        items = [_from_wire(item) for item in await self.client.list_all(f"/vector_stores/{store_id}/files")]
        good = [(label, file) for label, file in items if file.ours and "failed" not in file.value]
        return {(label, str(file.value["sha256"])): file.id for label, file in good}

    async def _send(self, label: str) -> str:
        return await upload(self.client, self.store_id, Path(self.desired.sources[label]), self.journal)

    async def give_up(self, label: str, id: str) -> None:
        """Delete a file that will not be attached, unless somebody else has it."""
        if self.uploads.give_up(self._key(label), self.store_id):
            await forget(self.client, id)


async def upload(client: Client, store_id: str, file: Path, journal: Journal) -> str:
    """Upload one file for a store (`""` for none) and give its id."""
    try:
        size = file.stat().st_size
    except OSError as error:
        message = f"cannot read {file}: {error.strerror}"
        raise TargetRejectedError(message, "put the file back, or plan again") from error
    entry = await journal.uploading(store_id, file.name, size)
    id = str((await client.upload("/files", {"purpose": "assistants"}, file))["id"])
    journal.uploaded(entry, id)
    return id


async def forget(client: Client, file_id: str) -> None:
    """Delete an upload that came to nothing."""
    try:
        await client.delete(f"/files/{file_id}")
    except TargetError:
        return  # what made the upload fail is the error to tell; this file stays without a store


async def _attach_all(
    shelf: _Shelf, attach: Ids, entries: Sequence[Mapping[str, Any]], seconds: float, new: Ids
) -> dict[str, str]:
    """Attach batch after batch; where the target refuses one, the new files that are left are deleted again."""
    failures: dict[str, str] = {}
    for start in range(0, len(entries), BATCH):
        try:
            batch = entries[start : start + BATCH]
            hear = partial(_hear_more, shelf.reached("indexed", len(entries)), start)
            failures |= await _attach(shelf.client, shelf.store_id, batch, seconds, hear)
        except TargetUnknownError:
            raise  # they may be attached by now: the next plan sees them
        except TargetError:
            for label in list(attach)[start:]:
                if label in new:
                    await shelf.give_up(label, new[label])
            raise
    return failures


def _hear_more(hear: Callable[[int], None], before: int, done: int) -> None:
    hear(before + done)


async def _attach(
    client: Client, store_id: str, entries: Sequence[Mapping[str, Any]], seconds: float, hear: Callable[[int], None]
) -> dict[str, str]:
    """Attach one batch and wait until it is indexed; gives what failed: reasons by file id.

    `hear` is told how many are indexed, or have failed.
    """
    path = f"/vector_stores/{store_id}/file_batches"
    batch = await client.post(path, {"files": list(entries)}, once=True)
    path = f"{path}/{batch['id']}"
    clock = asyncio.get_running_loop().time
    until, waits = clock() + seconds, growing(FIRST_WAIT, LONGEST_WAIT)
    while batch.get("status") == "in_progress":
        if clock() >= until:
            message = f"{len(entries)} files are not indexed after {seconds:.0f} s"
            raise TargetUnknownError(message, "apply again later: what is indexed by then is not sent again")
        wait, asked = next(waits), batch.poll_after
        await client.pause(min(wait if asked is None else max(asked, FIRST_WAIT), until - clock()))
        batch = await client.get(path)
        done = batch.get("file_counts") or {}
        hear(int(done.get("completed") or 0) + int(done.get("failed") or 0))
    counts = batch.get("file_counts") or {}
    if batch.get("status") == "completed" and not counts.get("failed") and not counts.get("cancelled"):
        return {}
    indexed = await client.list_all(f"{path}/files", {"filter": "completed"})
    good = {item["id"] for item in indexed}
    failed = await client.list_all(f"{path}/files", {"filter": "failed"})
    reasons = {item["id"]: _reason(item) for item in failed}
    missing = [str(entry["file_id"]) for entry in entries if entry["file_id"] not in good]
    return {id: reasons.get(id) or f"its batch ended {batch.get('status')}" for id in missing}
