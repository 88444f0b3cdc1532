"""Whether anything on the target has a file: a file itself does not tell (API facts 2.1).

A file may be in many vector stores, and in what the tools of assistants were given. It is asked for one by one where
there are few, else the pages of a store are read.
"""

import asyncio
import json
from collections.abc import Collection

from orchestrator.errors import TargetMissingError
from orchestrator.providers._client import Client

FEW = 20
"""Files up to which each is asked for by itself; a page holds a hundred."""


async def held(client: Client, stores: Collection[str], files: Collection[str]) -> frozenset[str]:
    """Give those of the files that are in any of the stores; raises `TargetError` where one cannot be read."""
    wanted = frozenset(files)
    found: set[str] = set()
    for store in stores:
        if left := wanted - found:
            found |= await _held_by(client, store, left)
    return frozenset(found)


async def in_use(client: Client, lists: Collection[str], files: Collection[str]) -> frozenset[str]:
    """Give those of the files that any vector store has, or any object in these lists names."""
    wanted = frozenset(files)
    if not wanted:
        return wanted
    stores = [str(item["id"]) for item in await client.list_all("/vector_stores")]
    found = set(await held(client, stores, wanted))
    for path in lists:
        text = json.dumps(await client.list_all(path))
        found |= {id for id in wanted - found if json.dumps(id) in text}
    return frozenset(found)


async def _held_by(client: Client, store: str, files: frozenset[str]) -> set[str]:
    path = f"/vector_stores/{store}/files"
    if len(files) > FEW:
        try:
            return {str(item["id"]) for item in await client.list_all(path)} & files
        except TargetMissingError:
            return set()

    async def has(id: str) -> bool:
        try:
            await client.get(f"{path}/{id}")
        except TargetMissingError:
            return False
        return True

    ordered = sorted(files)
    return {id for id, there in zip(ordered, await asyncio.gather(*map(has, ordered)), strict=True) if there}
