"""Uploaded files that no store got, because an apply was killed or lost a reply between the two.

A file has no metadata (API facts 2.1), so what the journal says is all there is to know one by. With its id it is
certain. Without, a file counts as ours where name and size are those of the journal, it was made about then, and it is
in no store at all; and only where no more such files are found than the journal has: one too many, and all are left.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.errors import TargetMissingError
from orchestrator.providers._client import Client
from orchestrator.providers.interface import Upload

BEFORE = 120.0
"""Seconds the target's clock may be behind ours."""
AFTER = 720.0
"""Seconds an upload may take, and the target's clock be ahead."""
MOST = "10000"  # files on one page (API facts 2.1)


async def sweep(client: Client, uploads: Sequence[Upload]) -> tuple[str, ...]:
    """Delete those that are in no store; gives the names of files of which it could not be told which is ours."""
    known = {upload.id: upload.store for upload in uploads if upload.id is not None}
    for id, store in known.items():
        if not await _holds(client, store, id):
            await client.delete(f"/files/{id}")
    lost = [upload for upload in uploads if upload.id is None]
    if not lost:
        return ()
    page = await client.get("/files", {"purpose": "assistants", "limit": MOST, "order": "desc"})
    candidates = [item for item in page.get("data") or [] if item.get("id") not in known and _fits(item, lost)]
    stores = [str(item["id"]) for item in await client.list_all("/vector_stores")] if candidates else []
    loose = [item for item in candidates if not any([await _holds(client, store, item["id"]) for store in stores])]
    wanted = Counter((upload.filename, upload.bytes) for upload in lost)
    found = Counter(_look(item) for item in loose)
    for item in loose:
        if found[_look(item)] <= wanted[_look(item)]:
            await client.delete(f"/files/{item['id']}")
    return tuple(sorted(name for (name, size), count in found.items() if count > wanted[name, size]))


async def _holds(client: Client, store_id: str, file_id: str) -> bool:
    try:
        await client.get(f"/vector_stores/{store_id}/files/{file_id}")
    except TargetMissingError:
        return False
    return True


def _look(item: Mapping[str, Any]) -> tuple[str, int]:
    return str(item.get("filename")), int(item.get("bytes") or 0)


def _fits(item: Mapping[str, Any], lost: Sequence[Upload]) -> bool:
    made = float(item.get("created_at") or 0)
    return any(
        _look(item) == (upload.filename, upload.bytes) and upload.at - BEFORE <= made <= upload.at + AFTER
        for upload in lost
    )
