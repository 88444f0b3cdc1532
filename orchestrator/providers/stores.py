"""Files of vector stores: what is declared is uploaded, attached in one batch, awaited; only then the old ones go.

Path and SHA-256 are kept in each file's `attributes`, the one server-side place for them (API facts 2.3), beside the
author's own attributes. A file without them is somebody else's: it is detached where the declared set is the whole
set, and never deleted.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.errors import TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.model.fields import equal, file_label, file_path
from orchestrator.providers._client import Client
from orchestrator.providers.interface import Desired, Live, LiveFile

LABEL, SHA256 = "orch.path", "orch.sha256"
BATCH = 2000  # files one batch takes (API facts 2.3)
UPLOADS = 8  # at a time
FIRST_WAIT, LONGEST_WAIT = 0.02, 2.0  # seconds between two looks at a batch
MOST_WAIT = 1800.0  # seconds for a batch to be indexed; the API sets no bound of its own (API facts 2.3)
AUTO = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}


async def fetch_files(client: Client, store: Live) -> Live:
    """Give the store with its files; of two under one label the older goes by its id."""
    files: dict[str, LiveFile] = {}
    for item in await client.list_all(f"/vector_stores/{store.id}/files"):
        file = _from_wire(item)
        label = str((item.get("attributes") or {}).get(LABEL) or file.id)
        if label in files:
            files[files[label].id] = files.pop(label)
        files[label] = file
    fields = {**store.fields, **{file_path(label): dict(file.value) for label, file in files.items()}}
    return replace(store, fields=fields, files=files)


def _from_wire(item: Mapping[str, Any]) -> LiveFile:
    attributes = dict(item.get("attributes") or {})
    ours = LABEL in attributes and SHA256 in attributes
    attributes.pop(LABEL, None)
    value: dict[str, Any] = {"sha256": attributes.pop(SHA256, None), "attributes": attributes}
    strategy = item.get("chunking_strategy") or {}
    value["chunking"] = dict(strategy.get("static") or AUTO)
    if item.get("status") != "completed":
        error = item.get("last_error") or {}
        value["failed"] = str(error.get("message") or item.get("status"))
    return LiveFile(str(item["id"]), value, ours)


@dataclass(frozen=True, slots=True)
class Work:
    """What has to happen to a store's files."""

    upload: Mapping[str, Mapping[str, Any]]
    """New content, by label."""
    reattach: Mapping[str, LiveFile]
    """The same content with other chunking, by label: detached and attached again, without an upload."""
    relabel: Mapping[str, LiveFile]
    """The same content with other attributes, by label: changed in place."""
    remove: Sequence[LiveFile]
    """Detached once everything new is searchable."""


def decide(live: Live, desired: Desired, changed: frozenset[str]) -> Work:
    """Decide what the changed paths ask for."""
    before = live.files or {}
    upload, reattach, relabel, remove = {}, {}, {}, []
    for path in sorted(changed):
        label = file_label(path)
        if label is None:
            continue
        old, new = before.get(label), desired.fields.get(path)
        if old is None and new is not None:
            upload[label] = new
        elif old is not None and new is None:
            remove.append(old)
        elif old is not None and new is not None:
            if old.value["sha256"] != new["sha256"] or "failed" in old.value:
                upload[label] = new
                remove.append(old)
            elif not equal(old.value["chunking"], new["chunking"]):
                reattach[label] = old
            else:
                relabel[label] = old
    return Work(upload, reattach, relabel, remove)


async def carry_out(client: Client, store_id: str, desired: Desired, work: Work) -> None:
    """Do the work; raises `TargetError` naming every file that could not be indexed, after the others are done."""
    uploaded = await _upload_all(client, desired, work.upload)
    for file in work.reattach.values():
        await client.delete(f"/vector_stores/{store_id}/files/{file.id}")
    attach = {**uploaded, **{label: file.id for label, file in work.reattach.items()}}
    entries = [_to_wire(label, id, desired.fields[file_path(label)]) for label, id in attach.items()]
    failures: list[str] = []
    for start in range(0, len(entries), BATCH):
        failures += await _attach(client, store_id, entries[start : start + BATCH])
    for label, file in work.relabel.items():
        entry = _to_wire(label, file.id, desired.fields[file_path(label)])
        body = {"attributes": entry["attributes"]}
        await client.post(f"/vector_stores/{store_id}/files/{file.id}", body, once=False)
    for file in work.remove:
        await remove(client, store_id, file)
    if failures:
        raise TargetRejectedError("not searchable: " + "; ".join(failures), "mend or remove these files, then apply")


async def remove(client: Client, store_id: str, file: LiveFile) -> None:
    """Detach a file, and delete it where orch uploaded it."""
    await client.delete(f"/vector_stores/{store_id}/files/{file.id}")
    if file.ours:
        await client.delete(f"/files/{file.id}")


def _to_wire(label: str, file_id: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "attributes": {**value["attributes"], LABEL: label, SHA256: value["sha256"]},
        "chunking_strategy": {"type": "static", "static": dict(value["chunking"])},
    }


async def _upload_all(client: Client, desired: Desired, files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Upload, some at a time, and give ids by label; where one fails, those that arrived are deleted again."""
    limit = asyncio.Semaphore(UPLOADS)
    done: dict[str, str] = {}

    async def upload(label: str, source: Path) -> None:
        async with limit:
            reply = await client.upload("/files", {"purpose": "assistants"}, source)
            done[label] = str(reply["id"])

    tasks = [asyncio.create_task(upload(label, desired.sources[label])) for label in files]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        for id in done.values():
            await _forget(client, id)
        raise errors[0]
    return {label: done[label] for label in files}


async def _forget(client: Client, file_id: str) -> None:
    try:
        await client.delete(f"/files/{file_id}")
    except TargetError:
        return  # what made the upload fail is the error to tell; this file stays without a store


async def _attach(client: Client, store_id: str, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Attach one batch and wait until it is indexed; gives what failed, with the API's reason."""
    path = f"/vector_stores/{store_id}/file_batches"
    batch = await client.post(path, {"files": list(entries)}, once=True)
    wait, waited = FIRST_WAIT, 0.0
    while batch.get("status") == "in_progress":
        if waited > MOST_WAIT:
            raise TargetUnknownError(
                f"{len(entries)} files are not indexed after {MOST_WAIT:.0f} s", "apply again later"
            )
        await asyncio.sleep(wait)
        waited, wait = waited + wait, min(wait * 1.5, LONGEST_WAIT)
        batch = await client.get(f"{path}/{batch['id']}")
    if batch.get("status") == "completed" and not (batch.get("file_counts") or {}).get("failed"):
        return []
    labels = {entry["file_id"]: entry["attributes"][LABEL] for entry in entries}
    failed = await client.list_all(f"{path}/{batch['id']}/files", {"filter": "failed"})
    reasons = [
        f"{labels.get(item['id'], item['id'])}: {(item.get('last_error') or {}).get('message')}" for item in failed
    ]
    return reasons or [f"the batch {batch['id']} ended {batch.get('status')}"]
