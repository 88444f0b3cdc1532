"""Files of code interpreters on their way to the target: uploaded before an assistant names them, deleted after.

Each assistant has its own upload of a file, so that nobody else's is in doubt when it goes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.model.code_files import FILES, CodeFile
from orchestrator.providers._client import Client
from orchestrator.providers.interface import Desired, FileKey, Journal
from orchestrator.providers.shelf import forget, upload

NOBODY: FileKey = ("", "")
"""In the journal: no store is to get it."""


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
        await journal.detaching("", NOBODY, file.id)
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
    results = await asyncio.gather(*(_upload(client, desired, label, wanted[label], journal) for label in wanted))
    failed = [result for result in results if isinstance(result, TargetError)]
    sent = {label: result for label, result in zip(wanted, results, strict=True) if isinstance(result, tuple)}
    if failed:
        for id, number in sent.values():
            if await forget(client, id):
                journal.done(number)
        raise failed[0]
    return {label: CodeFile(id, wanted[label]) for label, (id, _) in sent.items()}


async def _upload(
    client: Client, desired: Desired, label: str, sha256: str, journal: Journal
) -> tuple[str, int] | TargetError:
    """Give what was uploaded and its entry in the journal, or what went wrong with the file named."""
    try:
        return await upload(client, "", ("", sha256), Path(desired.sources[label]), journal)
    except TargetRejectedError as error:
        return TargetRejectedError(f"{label}: {error.message}", error.hint)
    except TargetError as error:
        return error
