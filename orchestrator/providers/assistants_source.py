"""A live server of the Assistants protocol read as if it were an export: its assistants, stores, files and threads.

The API lists no threads, so that their ids have to be given. It gives nobody the files that were uploaded; the text it
read out of them it may give. Reads only. What is there in part (a thread that is gone, a text that is refused) is
remarked by its id; what cannot be read at all raises.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

from orchestrator.errors import TargetMissingError, TargetRejectedError
from orchestrator.providers._client import Client
from orchestrator.providers.assistants_dump import Dump
from orchestrator.providers.export_shape import STORE_FILE
from orchestrator.providers.spool import Object


async def fetch_dump(client: Client, threads: Sequence[str], concurrency: int) -> Dump:
    """Read everything; raises `TargetError` where a list cannot be read, for a failed read is never an absence.

    Requests: a list page a hundred objects, one a file for its text, two lists and one object a thread, one list a run.
    """
    dump, source = Dump(), _Source(client, asyncio.Semaphore(concurrency))
    stores = await source.items("/vector_stores")
    for item in (*await source.items("/assistants"), *stores):
        dump.take(item)
    ids = [str(store["id"]) for store in stores if store.get("status") != "expired"]
    entries = {id: found for id, found in zip(ids, await _all(source.entries(id) for id in ids), strict=True)}
    for found in entries.values():
        dump.take(found)
    if any(entries.values()):
        dump.take(await _names(source))
    wanted = [(id, str(entry["id"])) for id, found in entries.items() for entry in found]
    await _all(_keep_text(source, dump, id, file) for id, file in wanted)
    await _all(_keep_thread(source, dump, id) for id in threads)
    return dump


class _Source:
    """Reads some things at a time."""

    def __init__(self, client: Client, limit: asyncio.Semaphore) -> None:
        self._client, self._limit = client, limit

    async def items(self, path: str) -> list[Object]:
        async with self._limit:
            return await self._client.list_all(path)

    async def item(self, path: str) -> Object:
        async with self._limit:
            return await self._client.get(path)

    async def entries(self, store: str) -> list[Object]:
        """Give the files of a store; some servers do not repeat whose they are."""
        found = await self.items(f"/vector_stores/{store}/files")
        return [{"object": STORE_FILE, **entry, "vector_store_id": store} for entry in found]


async def _names(source: _Source) -> list[Object]:
    try:
        return await source.items("/files")
    except (TargetMissingError, TargetRejectedError):
        return []  # a server that lists no files: they go by their ids


async def _keep_text(source: _Source, dump: Dump, store: str, file: str) -> None:
    try:
        page = await source.item(f"/vector_stores/{store}/files/{file}/content")
    except (TargetMissingError, TargetRejectedError) as error:
        dump.remarks.append((file, f"its text cannot be read: {error.message}"))
        return
    parts = [part for part in page.get("data") or () if isinstance(part, dict)]
    text = "\n".join(str(part.get("text") or "") for part in parts)
    if not text.strip():
        dump.remarks.append((file, "the server has no text of it"))
    elif page.get("has_more"):
        dump.remarks.append((file, "its text is too long for one reply, and only the beginning is given: left out"))
    else:
        dump.keep_text(store, file, text)


async def _keep_thread(source: _Source, dump: Dump, id: str) -> None:
    try:
        thread = await source.item(f"/threads/{id}")
        messages = await source.items(f"/threads/{id}/messages")
        runs = await source.items(f"/threads/{id}/runs")
        steps = await _all(source.items(f"/threads/{id}/runs/{run['id']}/steps") for run in runs)
    except TargetMissingError:
        dump.remarks.append((id, "no scenario: the server has no such thread"))
        return
    dump.take([thread, messages, runs, steps])


async def _all(work: Iterable[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*work))
