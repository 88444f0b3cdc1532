"""The background job that makes attached files searchable.

The queue is the database: every entry whose status is `in_progress` waits. So a server that was killed goes on
where it stopped, and what another process left behind is finished by whoever looks next. Files are done one after
the other in the order they arrived; doing one twice does no harm.
"""

import asyncio
import logging
import sqlite3
import tempfile
from collections.abc import Callable, Sequence

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.chunking import ChunkingStrategy, DocumentTooLongError, split
from orchestrator.server.knowledge.documents import DocumentError, ParserLimits, extract_text
from orchestrator.server.knowledge.embedder import EmbeddingError
from orchestrator.server.knowledge.files import KIND as FILE
from orchestrator.server.knowledge.files import UploadedFiles
from orchestrator.server.knowledge.search_index import Entry
from orchestrator.server.knowledge.vector_stores import ENTRY, VectorStoreDocuments
from orchestrator.server.knowledge.vectors import Vectors
from orchestrator.server.store import Body

# Chunks stored in one transaction: nobody else waits longer than for these.
_PORTION = 64
_ROUND = 100
_log = logging.getLogger("orch.server")


class Indexer:
    """Indexes what is in progress. `wake` starts it when there may be work; it ends by itself when there is none."""

    def __init__(
        self,
        documents: VectorStoreDocuments,
        files: UploadedFiles,
        limits: ParserLimits | None = None,
        vectors: Vectors | None = None,
    ) -> None:
        """With `vectors` a document is searchable once all of it has been embedded."""
        self._documents = documents
        self._vectors = vectors
        self._files = files
        self._limits = limits or ParserLimits()
        self._task: asyncio.Task[None] | None = None
        self._woken = False

    def wake(self) -> None:
        """See to it that everything in progress gets indexed; needs a running event loop, returns at once."""
        self._woken = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name="indexing")

    async def stop(self) -> None:
        """End the job; what is unfinished stays in progress and is indexed after the next start."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        self._task = None

    async def _work(self) -> None:
        while self._woken:
            self._woken = False
            while waiting := self._documents.fetch_waiting(_ROUND):
                for vector_store_id, file_id in waiting:
                    await self._index(vector_store_id, file_id)
            if self._vectors is not None:
                try:
                    await self._vectors.add_everything()
                except EmbeddingError as error:
                    _log.warning("what was indexed before is found by its words only: %s", error)

    async def _index(self, vector_store_id: str, file_id: str) -> None:
        """Bring one entry to an end: completed, or failed with the reason."""
        entry = self._documents.store.fetch(ENTRY, file_id, vector_store_id)
        if entry is None or entry["status"] != "in_progress":
            return
        file = self._documents.store.fetch(FILE, file_id)
        if file is None:
            self._documents.record(vector_store_id, entry, None)
            return
        filename, attempt = file["filename"], search_index.new_attempt()
        try:
            chunks = await self._prepare(file_id, filename, entry)
            for start in range(0, len(chunks), _PORTION):
                await asyncio.to_thread(self._add, entry, attempt, chunks[start : start + _PORTION])
            if self._vectors is not None:
                await self._vectors.add(vector_store_id, file_id, attempt)
        except DocumentError as error:
            finish = _failed(error.code, error.message)
        except DocumentTooLongError as error:
            finish = _failed("invalid_file", f"{filename} holds {error}; split it into parts")
        except (OSError, sqlite3.Error, EmbeddingError) as error:
            finish = _failed("server_error", f"{filename} could not be indexed: {error}")
        else:
            finish = _completed(sum(chunk.size for chunk in chunks))
        self._end(entry, attempt, filename, finish)

    async def _prepare(self, file_id: str, filename: str, entry: Body) -> list[Entry]:
        sizes = entry["chunking_strategy"]["static"]
        strategy = ChunkingStrategy(sizes["max_chunk_size_tokens"], sizes["chunk_overlap_tokens"])
        with tempfile.TemporaryFile() as content:
            for piece in self._files.read(file_id):
                content.write(piece)
                await asyncio.sleep(0)
            content.flush()
            text = await extract_text(filename, content, self._limits)
        return await asyncio.to_thread(lambda: search_index.prepare(split(text, strategy)))

    def _add(self, entry: Body, attempt: int, chunks: Sequence[Entry]) -> None:
        with self._documents.store.transaction() as connection:
            search_index.add_chunks(connection, entry["vector_store_id"], entry["id"], attempt, chunks)

    def _end(self, worked_on: Body, attempt: int, filename: str, finish: Callable[[Body], Body]) -> None:
        """Record the result, unless the entry left, was ended by somebody else or wants another chunking by now."""
        store_id, file_id = worked_on["vector_store_id"], worked_on["id"]
        with self._documents.store.transaction() as connection:
            entry = self._documents.store.fetch(ENTRY, file_id, store_id)
            wanted = entry is not None and entry["status"] == "in_progress"
            if entry is None or not wanted or entry["chunking_strategy"] != worked_on["chunking_strategy"]:
                search_index.discard(connection, store_id, file_id, attempt)
                return
            finished = finish(entry)
            if finished["status"] == "completed":
                search_index.finish_file(connection, store_id, file_id, attempt, filename, entry["attributes"])
            self._documents.record(store_id, entry, finished)


def _completed(size: int) -> Callable[[Body], Body]:
    return lambda entry: {**entry, "status": "completed", "usage_bytes": size}


def _failed(code: str, message: str) -> Callable[[Body], Body]:
    return lambda entry: {**entry, "status": "failed", "last_error": {"code": code, "message": message}}
