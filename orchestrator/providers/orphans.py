"""Uploaded files that no store got, because an apply was killed or lost a reply between the two.

A file has no metadata (API facts 2.1), so what the journal says is all there is to know one by. With its id it is
certain: where a store is still to get that very content it is kept for it, else it is deleted. Without, a file counts
as ours where name and size are those of the journal, it was made about then, and it is in no store at all; and only
where no more such files are found than the journal has: one too many, and all are left.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from orchestrator.errors import TargetMissingError
from orchestrator.providers._client import Client
from orchestrator.providers.holding import FEW
from orchestrator.providers.interface import FileKey, Look, LooseFile, Upload

BEFORE = 120.0
"""Seconds the target's clock may be behind ours."""
AFTER = 720.0
"""Seconds an upload may take, and the target's clock be ahead."""
MOST = "10000"  # files on one page (API facts 2.1)

InUse = Callable[[Collection[str]], Awaitable[frozenset[str]]]
"""Gives those of some files that anything on the target has."""


async def sweep(
    client: Client, in_use: InUse, uploads: Sequence[Upload], wanted: Collection[FileKey] = ()
) -> tuple[tuple[str, ...], list[Upload]]:
    """Delete those that nothing has, but for what is `wanted` by its label and hash.

    Gives the names of files of which it could not be told which is ours, and the uploads that are kept.
    """
    known = {upload.id: upload for upload in uploads if upload.id is not None}
    lost = [upload for upload in uploads if upload.id is None]
    candidates = [item for item in await _list(client) if item["id"] not in known and _fits(item, lost)] if lost else []
    used = await in_use([*known, *(str(item["id"]) for item in candidates)])
    free = {id: upload for id, upload in sorted(known.items()) if id not in used}
    chosen = {upload.key: id for id, upload in free.items() if upload.store and upload.key in wanted}
    kept = await _existing(client, list(chosen.values()))
    for id in free.keys() - kept:
        await client.delete(f"/files/{id}")
    loose = [item for item in candidates if item["id"] not in used]
    asked = Counter((upload.filename, upload.bytes) for upload in lost)
    found = Counter(_look(item) for item in loose)
    for item in loose:
        if found[_look(item)] <= asked[_look(item)]:
            await client.delete(f"/files/{item['id']}")
    unclear = tuple(sorted(name for (name, size), count in found.items() if count > asked[name, size]))
    return unclear, [free[id] for id in sorted(kept)]


async def _existing(client: Client, ids: Sequence[str]) -> frozenset[str]:
    """Give those of the files that are there: one may have been deleted in the moment before the journal ends."""
    if len(ids) > FEW:
        return frozenset(str(item["id"]) for item in await _list(client)) & frozenset(ids)

    async def is_there(id: str) -> bool:
        try:
            await client.get(f"/files/{id}")
        except TargetMissingError:
            return False
        return True

    there = await asyncio.gather(*map(is_there, ids))
    return frozenset(id for id, found in zip(ids, there, strict=True) if found)


async def fetch_loose(client: Client, in_use: InUse, looks: Collection[Look]) -> tuple[LooseFile, ...]:
    """Give files that look like these, or have the name of one, and that nothing has, by name and id."""
    names = {name for name, _ in looks}
    alike = {str(item["id"]): item for item in await _list(client) if _look(item)[0] in names}
    used = await in_use(list(alike))
    return tuple(sorted(_loose(id, item, looks) for id, item in alike.items() if id not in used))


def _loose(id: str, item: Mapping[str, Any], looks: Collection[Look]) -> LooseFile:
    name, size = _look(item)
    return LooseFile(name, id, size, _made(item), other_size=(name, size) not in looks)


async def _list(client: Client) -> list[Mapping[str, Any]]:
    """Read all pages; a server that does not say whether there is more has one."""
    found: list[Mapping[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = await client.get("/files", {"purpose": "assistants", "limit": MOST, "order": "desc", **after})
        items = [item for item in page.get("data") or [] if isinstance(item, Mapping) and "id" in item]
        found += items
        if page.get("has_more") is not True or not items or after == {"after": items[-1]["id"]}:
            return found
        after = {"after": str(items[-1]["id"])}


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
