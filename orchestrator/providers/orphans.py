"""Uploaded files that no store got, because an apply was killed or lost a reply between the two.

A file has no metadata (API facts 2.1), so what the journal says is all there is to know one by. With its id it is
certain. Without, a file counts as ours where name and size are those of the journal, it was made about then, and it is
in no store at all; and only where no more such files are found than the journal has: one too many, and all are left.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from orchestrator.providers._client import Client
from orchestrator.providers.interface import Look, LooseFile, Upload

BEFORE = 120.0
"""Seconds the target's clock may be behind ours."""
AFTER = 720.0
"""Seconds an upload may take, and the target's clock be ahead."""
MOST = "10000"  # files on one page (API facts 2.1)

InUse = Callable[[Collection[str]], Awaitable[frozenset[str]]]
"""Gives those of some files that anything on the target has."""


async def sweep(client: Client, in_use: InUse, uploads: Sequence[Upload]) -> tuple[str, ...]:
    """Delete those that nothing has; gives the names of files of which it could not be told which is ours."""
    known = {upload.id for upload in uploads if upload.id is not None}
    lost = [upload for upload in uploads if upload.id is None]
    candidates = [item for item in await _list(client) if item["id"] not in known and _fits(item, lost)] if lost else []
    used = await in_use([*known, *(str(item["id"]) for item in candidates)])
    for id in sorted(known - used):
        await client.delete(f"/files/{id}")
    loose = [item for item in candidates if item["id"] not in used]
    wanted = Counter((upload.filename, upload.bytes) for upload in lost)
    found = Counter(_look(item) for item in loose)
    for item in loose:
        if found[_look(item)] <= wanted[_look(item)]:
            await client.delete(f"/files/{item['id']}")
    return tuple(sorted(name for (name, size), count in found.items() if count > wanted[name, size]))


async def fetch_loose(client: Client, in_use: InUse, looks: Collection[Look]) -> tuple[LooseFile, ...]:
    """Give files that look like these and that nothing has, by name and id."""
    alike = {str(item["id"]): item for item in await _list(client) if _look(item) in looks}
    used = await in_use(list(alike))
    loose = [item for id, item in alike.items() if id not in used]
    return tuple(sorted(LooseFile(_look(item)[0], str(item["id"]), _look(item)[1], _made(item)) for item in loose))


async def _list(client: Client) -> Sequence[Mapping[str, Any]]:
    page = await client.get("/files", {"purpose": "assistants", "limit": MOST, "order": "desc"})
    return [item for item in page.get("data") or [] if isinstance(item, Mapping) and "id" in item]


def _made(item: Mapping[str, Any]) -> int:
    return int(item.get("created_at") or 0)


def _look(item: Mapping[str, Any]) -> tuple[str, int]:
    return str(item.get("filename")), int(item.get("bytes") or 0)


def _fits(item: Mapping[str, Any], lost: Sequence[Upload]) -> bool:
    made = _made(item)
    return any(
        _look(item) == (upload.filename, upload.bytes) and upload.at - BEFORE <= made <= upload.at + AFTER
        for upload in lost
    )
