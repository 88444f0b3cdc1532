"""What providers share whose target stores the objects itself: reading pages, creating once, files of stores.

A dialect says in which words; it is all that differs between them, besides conversations. Requests: a list page a
hundred objects, a look or a read-back one GET, a create or an update one POST, a delete one DELETE.

A store's record (`orch.files`) may say that its files are there only while they are, whenever we are stopped. So a
create writes it empty, then come one upload a file, one batch for 2,000 of them and its polling, and one POST more
with the record. An update that touches files takes the record back with a POST before and writes it with the one
after; a file that goes takes one DELETE. Deleting a store reads its files and deletes those that orch uploaded.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from orchestrator.errors import TargetMissingError, TargetRejectedError, TargetUnknownError
from orchestrator.model.address import Kind
from orchestrator.model.knowledge import Found, Query
from orchestrator.providers._client import Client
from orchestrator.providers.code_files import placed
from orchestrator.providers.holding import held, in_use
from orchestrator.providers.interface import (
    NOWHERE,
    Capabilities,
    Desired,
    Elsewhere,
    FileKey,
    Journal,
    Live,
    LiveFile,
    Look,
    LooseFile,
    Requests,
    Swept,
    Upload,
)
from orchestrator.providers.orphans import fetch_loose, sweep
from orchestrator.providers.shelf import INDEX_SECONDS, Shelf
from orchestrator.providers.side_by_side import AT_ONCE, for_all
from orchestrator.providers.stores import Work, decide, fetch_files, search
from orchestrator.providers.stores_wire import declared_files, metadata_of
from orchestrator.providers.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one API says things; both translations are pure."""

    paths: Mapping[Kind, str]
    """Where the objects of a kind are listed and created."""
    to_wire: Callable[[Desired, frozenset[str] | None], dict[str, Any]]
    """The body of a create (None: everything; nulls are left out) or of an update of the fields at these paths."""
    from_wire: Callable[[Kind, Mapping[str, Any]], Live]
    capabilities: Capabilities


class StoredObjects:
    """The objects of one target, in one dialect. Conversations are what a provider adds."""

    def __init__(
        self,
        client: Client,
        dialect: Dialect,
        index_seconds: float = INDEX_SECONDS,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Takes the client over and closes it, then calls `on_close`.

        `index_seconds` is how long a batch of files may take to index.
        """
        self.at_once = AT_ONCE
        self._client = client
        self._dialect = dialect
        self._index_seconds = index_seconds
        self._on_close = on_close
        self._uploads = Uploads()

    @property
    def capabilities(self) -> Capabilities:
        """What the dialect can say."""
        return self._dialect.capabilities

    @property
    def requests(self) -> Requests:
        """Requests sent so far, retries included."""
        return self._client.requests

    async def fetch_live(self, kind: Kind) -> tuple[Live, ...]:
        """Read all pages of a kind."""
        found = await self._client.list_all(self._dialect.paths[kind])
        return tuple(self._dialect.from_wire(kind, item) for item in found)

    async def fetch(self, kind: Kind, id: str) -> Live:
        """Read one object."""
        item = await self._client.get(f"{self._dialect.paths[kind]}/{id}")
        return self._dialect.from_wire(kind, {**item, "id": _id(item)})

    async def fetch_files(self, store: Live) -> Live:
        """Read a store's files, in pages."""
        return await fetch_files(self._client, store)

    async def create(self, desired: Desired, journal: Journal) -> str:
        """Create an object with its marks; a store's files, and then their record, come after it."""
        kind = desired.address.kind
        files = declared_files(desired.fields)
        first = replace(desired, marks=replace(desired.marks, files=None)) if files else desired
        async with placed(self._client, first, {}, journal) as whole:
            body = _without_nulls(self._dialect.to_wire(whole, None))
            id = _id(await self._client.post(self._dialect.paths[kind], body, once=True))
            journal.created(id)
        if files:
            await self._carry_out(id, desired, Work(files, {}, {}, {}, ()), journal)
            await self._client.post(
                f"{self._dialect.paths[kind]}/{id}", self._dialect.to_wire(desired, frozenset()), once=False
            )
        return id

    async def update(self, live: Live, desired: Desired, changed: frozenset[str], journal: Journal) -> str | None:
        """Change fields: a store's files first, the object and its record last."""
        path = f"{self._dialect.paths[live.kind]}/{live.id}"
        work = decide(live.files or {}, desired, changed)
        if work:
            if live.marks is not None and live.marks.files is not None:
                unrecorded = {"metadata": metadata_of(live.fields, replace(live.marks, files=None))}
                await self._client.post(path, unrecorded, once=False)
            await self._carry_out(live.id, desired, work, journal)
        async with placed(self._client, desired, live.code_files, journal) as whole:
            await self._client.post(path, self._dialect.to_wire(whole, changed), once=False)
        return None

    async def _carry_out(self, store_id: str, desired: Desired, work: Work, journal: Journal) -> None:
        shelf = Shelf(self._client, store_id, desired, journal, self._uploads, self._index_seconds, self.at_once)
        await shelf.carry_out(work)

    async def delete(self, live: Live, elsewhere: Elsewhere = NOWHERE) -> None:
        """Delete an object; first the files that orch uploaded for it and no other store of ours has."""
        for file in live.code_files.values():
            await self._client.delete(f"/files/{file.id}")
        if live.kind is Kind.VECTOR_STORE and not live.expired:
            await self._delete_files(live.id, await self._files_of(live), elsewhere)
        await self._client.delete(f"{self._dialect.paths[live.kind]}/{live.id}")

    async def _delete_files(self, store_id: str, files: Mapping[str, LiveFile], elsewhere: Elsewhere) -> None:
        labelled = [(label, one) for label, file in files.items() for one in (file, *file.attempts) if one.ours]
        asked: dict[str, set[str]] = {}
        for label, file in labelled:
            for store in elsewhere.of(label):
                asked.setdefault(store, set()).add(file.id)
        kept = {id for store, ids in asked.items() for id in await held(self._client, [store], ids)}
        gone = [
            file.id
            for label, file in labelled
            if file.id not in kept and self._uploads.let_go((label, file.value["sha256"]), file.id, store_id)
        ]
        await for_all(gone, self.delete_file, lambda done: None, self.at_once)  # which takes them out of the store too

    async def _files_of(self, store: Live) -> Mapping[str, LiveFile]:
        if store.files is not None:
            return store.files
        try:
            return (await self.fetch_files(store)).files or {}
        except TargetMissingError:
            return {}  # gone already, and which files were in it with it

    async def search(self, store_id: str, query: Query) -> tuple[Found, ...]:
        """Search one store."""
        return await search(self._client, store_id, query)

    async def fetch_models(self) -> Mapping[str, date | None] | None:
        """Read `GET /models`, whose `shutdown_date` is `YYYY-MM-DD` or null (OpenAI's API reference, Models).

        None where the server has no such list; a server that tells no dates has models without any.
        """
        try:
            page = await self._client.get("/models")
        except (TargetMissingError, TargetRejectedError):
            return None
        items = page.get("data")
        if not isinstance(items, list):
            return None
        return {str(item.get("id")): _day(item.get("shutdown_date")) for item in items if isinstance(item, Mapping)}

    async def fetch_loose(self, looks: Collection[Look]) -> tuple[LooseFile, ...]:
        """Read the list of files, and who has those that look so."""
        return await fetch_loose(self._client, self._in_use, looks)

    async def delete_file(self, id: str) -> None:
        """Delete one uploaded file."""
        await self._client.delete(f"/files/{id}")

    async def sweep(self, uploads: Sequence[Upload], wanted: Collection[FileKey] = ()) -> Swept:
        """Delete uploads that nothing has, and look for those without an id in the list of files."""
        unclear, kept = await sweep(self._client, self._in_use, uploads, wanted)
        for upload in kept:
            self._uploads.offer(upload.key, str(upload.id), upload.number)
        return Swept(unclear, frozenset(upload.number for upload in kept))

    async def _in_use(self, files: Collection[str]) -> frozenset[str]:
        """Give those of the files that anything here has; raises `TargetError` where that cannot be read."""
        lists = [path for kind, path in self._dialect.paths.items() if kind is Kind.ASSISTANT]
        return await in_use(self._client, lists, files)

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()
        if self._on_close is not None:
            await self._on_close()


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _id(item: Mapping[str, object]) -> str:
    if not isinstance(item.get("id"), str):
        raise TargetUnknownError("the target answered with an object without an id", "check the target's base_url")
    return str(item["id"])


def _without_nulls(body: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in body.items() if value is not None}
