"""Files of vector stores as they are read, and what has to happen to them. What is decided is done by `shelf`.

Path and SHA-256 are kept in each file's `attributes`, the one server-side place for them (API facts 2.3), beside the
author's own attributes. A file without them is somebody else's: it is detached where the declared set is the whole
set, and never deleted.

A new file that cannot be indexed does not take the place of the old one, so that a store never knows less than
before. It stays in the store, where its attributes tell every machine which content it was that failed: the same is
not sent again until somebody asks for it. Where the target itself had failed, it is.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.errors import TargetRejectedError
from orchestrator.model.fields import equal, file_label, file_path
from orchestrator.model.file_renames import renamed
from orchestrator.model.knowledge import Found, Query
from orchestrator.providers._client import Client
from orchestrator.providers._retry import growing
from orchestrator.providers.file_attributes import read_attributes
from orchestrator.providers.interface import Desired, Live, LiveFile

FIRST_WAIT, LONGEST_WAIT = 0.02, 2.0  # seconds between two looks, where the target names none
SETTLE_SECONDS = 30.0  # for files that are being indexed when a store is read
AUTO = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
LASTING = frozenset(["unsupported_file", "invalid_file"])
"""Errors for which a file's content is the reason; the third, `server_error`, is the target's own (API facts 2.3)."""


async def fetch_files(client: Client, store: Live, seconds: float = SETTLE_SECONDS) -> Live:
    """Give the store with its files; one without a label goes by its id, and so does the older of two under one.

    What failed, or is still being indexed, beside a file that is searchable is no file of its own: it is among that
    one's `attempts`.

    What is being indexed, such as by an apply that ended early, is awaited up to `seconds`: what is said of it now
    would be untrue a moment later.
    """
    files: dict[str, LiveFile] = {}
    for item in await _settled(client, f"/vector_stores/{store.id}/files", seconds):
        label, file = from_wire(item)
        older = files.pop(label, None)
        if older is None:
            files[label] = file
        elif _is_attempt(file):
            files[label] = replace(older, attempts=(*older.attempts, file))
        elif _is_attempt(older):
            files[label] = replace(file, attempts=(*older.attempts, replace(older, attempts=())))
        else:
            files[label], files[older.id] = replace(file, attempts=older.attempts), replace(older, attempts=())
    fields = {**store.fields, **{file_path(label): dict(file.value) for label, file in files.items()}}
    return replace(store, fields=fields, files=files)


def _is_attempt(file: LiveFile) -> bool:
    return file.ours and (file.pending or "failed" in file.value)


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


def from_wire(item: Mapping[str, Any]) -> tuple[str, LiveFile]:
    """Give one file of a store, and its label; its id where it has none."""
    id, record = str(item["id"]), read_attributes(item.get("attributes") or {})
    strategy = item.get("chunking_strategy") or {}
    chunking = dict(strategy.get("static") or AUTO)
    value: dict[str, Any] = {"sha256": record.sha256, "attributes": record.own, "chunking": chunking}
    status = item.get("status")
    if status not in ("completed", "in_progress"):
        value["failed"] = reason(item)
    ours = record.label is not None and record.sha256 is not None
    return record.label or id, LiveFile(id, value, ours, pending=status == "in_progress", lasting=is_lasting(item))


def reason(item: Mapping[str, Any]) -> str:
    """Give why a file is not searchable, in the target's words."""
    return str((item.get("last_error") or {}).get("message") or item.get("status"))


def is_lasting(item: Mapping[str, Any]) -> bool:
    """Tell whether the file's content is the reason."""
    return (item.get("last_error") or {}).get("code") in LASTING


@dataclass(frozen=True, slots=True)
class Placed:
    """A file that is there, and the label it has until now."""

    label: str
    file: LiveFile


@dataclass(frozen=True, slots=True)
class Work:
    """What has to happen to a store's files; all but `remove` by label."""

    upload: Mapping[str, Mapping[str, Any]]
    """New content."""
    replaced: Mapping[str, LiveFile]
    """What new content takes the place of: removed once that is searchable."""
    reattach: Mapping[str, Placed]
    """The same content with other chunking: detached and attached again, without an upload."""
    relabel: Mapping[str, LiveFile]
    """The same content with other attributes, perhaps under another label until now: changed in place."""
    remove: tuple[Placed, ...]
    """No longer wanted: removed once everything new is searchable, or has failed."""

    def __bool__(self) -> bool:
        return any((self.upload, self.reattach, self.relabel, self.remove))


def decide(before: Mapping[str, LiveFile], desired: Desired, changed: frozenset[str]) -> Work:
    """Decide what the changed paths ask for; `before` are the files that are there.

    Content that is there under any label that gives it up is not uploaded again. Attempts at contents that nobody
    wants any more go, whatever changed.
    """
    upload: dict[str, Mapping[str, Any]] = {}
    gone: dict[str, LiveFile] = {}
    reattach: dict[str, Placed] = {}
    relabel: dict[str, LiveFile] = {}
    for path in sorted(changed):
        label = file_label(path)
        if label is None:
            continue
        old, new = before.get(label), desired.fields.get(path)
        if old is not None and (new is None or _is_other(old, new)):
            gone[label] = old
        if new is not None and (old is None or label in gone):
            upload[label] = new
        elif new is not None and old is not None:
            if equal(old.value["chunking"], new["chunking"]):
                relabel[label] = old
            else:
                reattach[label] = Placed(label, old)
    there = {label: file.value["sha256"] for label, file in gone.items() if file.ours and "failed" not in file.value}
    for label, was in renamed(there, {label: value["sha256"] for label, value in upload.items()}).items():
        file, value = gone[was], upload.pop(label)
        if equal(file.value["chunking"], value["chunking"]):
            relabel[label] = file
        else:
            reattach[label] = Placed(was, file)
    kept = {file.id for file in (*relabel.values(), *(placed.file for placed in reattach.values()))}
    replaced = {label: file for label, file in gone.items() if label in upload and file.id not in kept}
    superseded = [Placed(label, file) for label, file in gone.items() if label not in upload and file.id not in kept]
    return Work(upload, replaced, reattach, relabel, (*superseded, *_spent(before, desired, upload, replaced)))


def _is_other(old: LiveFile, new: Mapping[str, Any]) -> bool:
    return bool(old.value["sha256"] != new["sha256"] or "failed" in old.value)


def _spent(
    before: Mapping[str, LiveFile], desired: Desired, upload: Mapping[str, Any], replaced: Mapping[str, LiveFile]
) -> list[Placed]:
    """Give the attempts at contents that are not wanted, but for those that go with the file they belong to."""
    found = []
    for label, file in before.items():
        if label in upload and label in replaced:
            continue
        wanted = (desired.fields.get(file_path(label)) or {}).get("sha256")
        found += [Placed(label, attempt) for attempt in file.attempts if attempt.value["sha256"] != wanted]
    return found


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
