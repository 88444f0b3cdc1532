"""What somebody else does on the local target of a project: objects without a record, made over the wire itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from orchestrator.providers._client import Client
from orchestrator.providers.local import open_local
from orchestrator.spec.loader import Ask, load_head

PROJECT = "kind: Project\nname: shop\ntargets: {local: {provider: local}}\n"


def on_local(root: Path, work: Callable[[Client], Awaitable[Any]]) -> Any:
    """Do something with the client of the local target."""

    async def do() -> Any:
        provider = await open_local(load_head(Ask(root, root)))
        try:
            return await work(provider._client)
        finally:
            await provider.close()

    return asyncio.run(do())


def plant(root: Path, path: str, *bodies: dict[str, Any]) -> list[str]:
    """Create objects, for example at `/assistants`; gives their ids."""

    async def create(client: Client) -> list[str]:
        return [str((await client.post(path, body, once=True))["id"]) for body in bodies]

    made: list[str] = on_local(root, create)
    return made


def read(root: Path, paths: Sequence[str]) -> list[dict[str, Any]]:
    """Give objects as the API has them."""

    async def fetch(client: Client) -> list[dict[str, Any]]:
        return [dict(await client.get(path)) for path in paths]

    found: list[dict[str, Any]] = on_local(root, fetch)
    return found
