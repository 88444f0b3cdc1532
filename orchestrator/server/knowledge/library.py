"""What happens to vector stores: files arrive, are indexed in the background, change, leave; stores expire.

A file attached twice to one store stays one entry: attributes given the second time replace the old ones, and it is
indexed again only if it had failed or was cancelled, or if another chunking is asked for.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from orchestrator.server.knowledge import chunking, search_index
from orchestrator.server.knowledge.bodies import Attachment, read_chunking, show_chunking
from orchestrator.server.knowledge.documents import ParserLimits
from orchestrator.server.knowledge.embedder import Embedder
from orchestrator.server.knowledge.files import UploadedFiles
from orchestrator.server.knowledge.indexing import Indexer
from orchestrator.server.knowledge.vector_stores import (
    BATCH,
    ENTRY,
    STORE,
    VectorStoreDocuments,
    new_counts,
    with_expiry,
)
from orchestrator.server.knowledge.vectors import Vectors
from orchestrator.server.store import EVERYTHING, Body, Store
from orchestrator.server.wire import invalid, new_id, now

_WAIT_SECONDS, _LONGEST_WAIT = 0.01, 0.25


class Knowledge:
    """Vector stores with their files; a `tools.VectorStores`. Its methods run on the event loop's thread."""

    def __init__(
        self, documents: VectorStoreDocuments, files: UploadedFiles, indexer: Indexer, vectors: Vectors | None = None
    ) -> None:
        self.documents = documents
        self.vectors = vectors
        self.files = files
        self._indexer = indexer
        self._store = documents.store

    @classmethod
    def open(
        cls,
        store: Store,
        clock: Callable[[], int] = now,
        limits: ParserLimits | None = None,
        embedder: Embedder | None = None,
    ) -> Self:
        """The knowledge in a database. `clock` gives Unix seconds; `limits` hold for parsed documents.

        Call `resume` once an event loop runs and `close` before it ends.
        """
        documents, files = VectorStoreDocuments(store, clock), UploadedFiles(store, clock)
        vectors = None if embedder is None else Vectors(store, embedder, clock)
        indexer = Indexer(documents, files, limits, vectors)
        if vectors is not None:
            vectors.on_lack = indexer.catch_up
        return cls(documents, files, indexer, vectors)

    def resume(self) -> None:
        """Index whatever is in progress: after a start, and what another process may have left behind."""
        self._indexer.wake()

    async def close(self) -> None:
        """End the background job; what it has not finished is indexed after the next start."""
        await self._indexer.stop()

    def create_store(self, fields: Mapping[str, Any], attachments: Sequence[Attachment]) -> Body:
        """Make a store (`name`, `metadata`, `expires_after`) with these files; raises WireError 404 for a file."""
        moment = self.documents.clock()
        body: Body = {
            "id": new_id("vs_"),
            "object": "vector_store",
            "created_at": moment,
            "name": fields.get("name") or "",
            "usage_bytes": 0,
            "file_counts": new_counts(),
            "status": "completed",
            "last_active_at": moment,
            "metadata": fields.get("metadata") or {},
        }
        if fields.get("expires_after"):
            body["expires_after"] = fields["expires_after"]
        with self._store.transaction():
            self._store.add(STORE, with_expiry(body))
            for attachment in attachments:
                self._attach(body["id"], attachment)
            created = self.documents.fetch_store(body["id"])
        self._indexer.wake()
        return created

    def modify_store(self, vector_store_id: str, fields: Mapping[str, Any]) -> Body:
        """Change the given fields; `metadata` replaces the whole map, null clears `expires_after`."""

        def edit(body: Body) -> Body:
            edited = {**body, **{name: fields[name] for name in fields if name != "expires_after"}}
            edited["name"], edited["metadata"] = edited["name"] or "", edited["metadata"] or {}
            if "expires_after" in fields:
                edited.pop("expires_after", None)
                edited |= {"expires_after": fields["expires_after"]} if fields["expires_after"] else {}
                edited = with_expiry(edited)
            return edited

        self.open_store(vector_store_id)
        self._store.change(STORE, vector_store_id, edit)
        return self.documents.fetch_store(vector_store_id)

    def remove_store(self, vector_store_id: str) -> None:
        """Delete a store with its entries, batches and index; the files stay. Raises WireError 404."""
        with self._store.transaction() as connection:
            self.documents.fetch_store(vector_store_id)
            self._empty(vector_store_id)
            self._store.remove_all(BATCH, vector_store_id)
            connection.execute("DELETE FROM batch_members WHERE vector_store_id = ?", (vector_store_id,))
            self._store.remove(STORE, vector_store_id)

    def attach_one(self, vector_store_id: str, attachment: Attachment) -> Body:
        """Put a file into a store; gives the entry, in progress until the background job is done with it."""
        with self._store.transaction():
            self.open_store(vector_store_id)
            entry = self._attach(vector_store_id, attachment)
            self.documents.touch(vector_store_id)
        self._indexer.wake()
        return entry

    def create_batch(self, vector_store_id: str, attachments: Sequence[Attachment]) -> Body:
        """Put many files into a store, all or none; gives the batch."""
        batch: Body = {
            "id": new_id("vsfb_"),
            "object": "vector_store.files_batch",
            "created_at": self.documents.clock(),
            "vector_store_id": vector_store_id,
            "status": "in_progress",
        }
        with self._store.transaction():
            self.open_store(vector_store_id)
            for attachment in attachments:
                self._attach(vector_store_id, attachment)
            self.documents.add_batch(batch, list(dict.fromkeys(a.file_id for a in attachments)))
            self.documents.touch(vector_store_id)
        self._indexer.wake()
        return self.documents.fetch_batch(vector_store_id, batch["id"])

    def cancel_batch(self, vector_store_id: str, batch_id: str) -> Body:
        """Stop what is still in progress; a batch that is already done stays as it is."""
        with self._store.transaction():
            if self.documents.fetch_batch(vector_store_id, batch_id)["status"] == "in_progress":
                members, _ = self.documents.fetch_batch_members(batch_id, EVERYTHING, "in_progress")
                for file_id in members:
                    entry = self.documents.fetch_entry(vector_store_id, file_id)
                    self.documents.record(vector_store_id, entry, {**entry, "status": "cancelled"})
                self._store.change(BATCH, batch_id, lambda body: {**body, "status": "cancelled"}, vector_store_id)
        return self.documents.fetch_batch(vector_store_id, batch_id)

    def set_attributes(self, vector_store_id: str, file_id: str, attributes: search_index.Attributes) -> Body:
        """Replace the attributes of an entry, for filters too; raises WireError 404."""
        with self._store.transaction() as connection:
            old = self.documents.fetch_entry(vector_store_id, file_id)
            new = {**old, "attributes": dict(attributes)}
            self._store.replace(ENTRY, new, vector_store_id)
            search_index.set_attributes(connection, vector_store_id, file_id, attributes)
        return new

    def detach(self, vector_store_id: str, file_id: str) -> None:
        """Take a file out of a store; the file itself stays. Raises WireError 404."""
        with self._store.transaction():
            self.documents.record(vector_store_id, self.documents.fetch_entry(vector_store_id, file_id), None)

    def remove_file(self, file_id: str) -> None:
        """Delete a file and take it out of every store; raises WireError 404."""
        with self._store.transaction():
            self.files.fetch(file_id)
            self._forget(file_id)

    def expire(self) -> None:
        """End what is past its time: a file is deleted, a store keeps its name and loses its files.

        Called before every request about files and stores, so nobody ever sees something that should be gone.
        """
        files, stores = self.documents.fetch_expired()
        if not files and not stores:
            return
        with self._store.transaction():
            for file_id in files:
                self._forget(file_id)
            for vector_store_id in stores:
                self._empty(vector_store_id)
                self._store.change(STORE, vector_store_id, lambda body: {**body, "status": "expired"})

    async def create(
        self, file_ids: Sequence[str], chunking_strategy: Mapping[str, Any] | None, metadata: Mapping[str, str]
    ) -> str:
        """See tools.VectorStores."""
        strategy = read_chunking(chunking_strategy)
        attachments = [Attachment(file_id, None, strategy) for file_id in file_ids]
        created: str = self.create_store({"metadata": dict(metadata)}, attachments)["id"]
        return created

    async def attach(self, vector_store_id: str, file_ids: Sequence[str]) -> None:
        """See tools.VectorStores."""
        with self._store.transaction():
            for file_id in file_ids:
                self.attach_one(vector_store_id, Attachment(file_id, None, None))

    async def wait_until_indexed(self, vector_store_ids: Sequence[str]) -> None:
        """See tools.VectorStores. Polls, ever less often, because another process may be the one that indexes."""
        for vector_store_id in vector_store_ids:
            wait = _WAIT_SECONDS
            while (self._store.fetch(STORE, vector_store_id) or {}).get("status") == "in_progress":
                self._indexer.wake()
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 1.2)

    def open_store(self, vector_store_id: str) -> Body:
        """Read a store that is to be used; raises WireError 404, and 400 for one that has expired."""
        body = self.documents.fetch_store(vector_store_id)
        if body["status"] == "expired":
            raise invalid(f"Vector store '{vector_store_id}' has expired. Create a new vector store.")
        return body

    def _attach(self, vector_store_id: str, attachment: Attachment) -> Body:
        file_id, attributes, strategy = attachment
        file = self.files.fetch(file_id)
        old = self._store.fetch(ENTRY, file_id, vector_store_id)
        if old is None:
            new: Body = {
                "id": file["id"],
                "object": "vector_store.file",
                "usage_bytes": 0,
                "created_at": self.documents.clock(),
                "vector_store_id": vector_store_id,
                "status": "in_progress",
                "last_error": None,
                "chunking_strategy": show_chunking(strategy or chunking.AUTO),
                "attributes": dict(attributes or {}),
            }
            self.documents.record(vector_store_id, None, new)
            return new
        if attributes is not None:
            old = self.set_attributes(vector_store_id, file_id, attributes)
        wanted = show_chunking(strategy) if strategy else old["chunking_strategy"]
        if old["status"] in ("in_progress", "completed") and wanted == old["chunking_strategy"]:
            return old
        fresh = {"status": "in_progress", "last_error": None, "usage_bytes": 0, "chunking_strategy": wanted}
        self.documents.record(vector_store_id, old, {**old, **fresh})
        return {**old, **fresh}

    def _forget(self, file_id: str) -> None:
        for vector_store_id in self.documents.fetch_places(file_id):
            self.detach(vector_store_id, file_id)
        self.files.remove(file_id)

    def _empty(self, vector_store_id: str) -> None:
        for entry in self._store.fetch_page(ENTRY, vector_store_id).items:
            self.documents.record(vector_store_id, entry, None)
