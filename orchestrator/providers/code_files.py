"""Files of code interpreters on their way to the target: uploaded before an assistant names them, deleted after.

Each assistant has its own upload of a file, so that nobody else's is in doubt when it goes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import TargetError, TargetUnknownError
from orchestrator.model.code_files import FILES, CodeFile
from orchestrator.providers._client import Client
from orchestrator.providers.interface import Desired, Journal
from orchestrator.providers.stores import forget, upload


@asynccontextmanager
async def placed(
    client: Client, desired: Desired, before: Mapping[str, CodeFile], journal: Journal
) -> AsyncIterator[Desired]:
    """Upload what is new and give what to write, with ids; afterwards what it replaces is deleted.

    Where writing fails, the new files are deleted instead; where nobody knows whether it did, none is.
    """
    wanted = desired.fields.get(FILES) or {}
    kept = {label: file for label, file in before.items() if wanted.get(label) == file.sha256}
    new = await _upload_all(client, desired, {label: wanted[label] for label in wanted if label not in kept}, journal)
    gone = [file for label, file in before.items() if label not in kept]
    for file in gone:
        await journal.detaching("", file.id)
    try:
        yield replace(desired, code_files={label: (kept | new)[label] for label in wanted})
    except TargetUnknownError:
        raise
    except TargetError:
        for file in new.values():
            await forget(client, file.id)
        raise
    for file in gone:
        await client.delete(f"/files/{file.id}")


async def _upload_all(
    client: Client, desired: Desired, wanted: Mapping[str, str], journal: Journal
) -> dict[str, CodeFile]:
    """Upload at once: there are few. Where one fails, the others are deleted again."""
    calls = (upload(client, "", Path(desired.sources[label]), journal) for label in wanted)
    results = await asyncio.gather(*calls, return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    ids = {label: result for label, result in zip(wanted, results, strict=True) if isinstance(result, str)}
    if failed:
        for id in ids.values():
            await forget(client, id)
        raise failed[0]
    return {label: CodeFile(id, wanted[label]) for label, id in ids.items()}
