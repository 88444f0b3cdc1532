"""The background job that makes attached files searchable.

The queue is the database: every entry whose status is `in_progress` waits. So a server that was killed goes on
where it stopped, and what another process left behind is finished by whoever looks next. Files are done one after
the other in the order they arrived; doing one twice does no harm.
"""

import asyncio
import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, NamedTuple

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.chunking import ChunkingStrategy, DocumentTooLongError, split
from orchestrator.server.knowledge.documents import DocumentError, ParserLimits, open_text, read_text
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
_SMALL = 4096  # bytes that are prepared in less time than it takes to hand them to a thread
_SHARED_SECONDS = 0.05  # nobody waits longer to see a document ended, or for the transaction that ends several
_VECTOR_SECONDS = 20.0  # a document waits no longer for its vectors; they are added once it is found by its words
_IN_MEMORY = 1024**2  # a larger document is laid down in a file while it is read
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
        """With `vectors` a document gets them before it is searchable, or later where the endpoint is down or slow."""
        self._documents = documents
        self._vectors = vectors
        self._files = files
        self._limits = limits or ParserLimits()
        self._task: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._woken = False
        self._silent = False
        self._at_work: tuple[str, str] | None = None

    def wake(self) -> None:
        """See to it that everything in progress gets indexed; needs a running event loop, returns at once."""
        self._woken = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name="indexing")
            self._task.add_done_callback(self._ended)

    def catch_up(self) -> None:
        """See to it that chunks without vectors get them; needs a running event loop, returns at once."""
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.get_running_loop().create_task(self._add_vectors(), name="embedding")
            self._catching_up.add_done_callback(_tell)

    async def stop(self) -> None:
        """End the job; what is unfinished stays in progress and is indexed after the next start."""
        running = [task for task in (self._task, self._catching_up) if task is not None and not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        self._task = self._catching_up = None

    async def _work(self) -> None:
        while self._woken:
            self._woken = self._silent = False
            while waiting := self._documents.fetch_waiting(_ROUND):
                await self._index_all(waiting)
            self.catch_up()

    async def _add_vectors(self) -> None:
        if self._vectors is not None:
            try:
                await self._vectors.add_everything()
            except EmbeddingError as error:
                _log.warning("what has no vectors yet is found by its words only, and tried again later: %s", error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Where the job ended by a fault of ours, say so and end the entry it was at: it would fail for ever."""
        if _tell(task) and self._at_work is not None:
            store_id, file_id = self._at_work
            entry = self._documents.store.fetch(ENTRY, file_id, store_id)
            if entry is not None and entry["status"] == "in_progress":
                failed = _failed("server_error", f"indexing stopped by {task.exception()!r}")
                self._documents.record(store_id, entry, failed(entry))
            self._at_work = None
            self.wake()

    async def _index_all(self, waiting: Iterable[tuple[str, str]]) -> None:
        """Bring entries to an end. Small documents share a transaction: each of its own costs more than they do."""
        ready: list[_Ready] = []
        timer: asyncio.TimerHandle | None = None
        try:
            for vector_store_id, file_id in waiting:
                self._at_work = vector_store_id, file_id
                found = await self._index(vector_store_id, file_id)
                if found is None:
                    continue
                ready.append(found)
                if len(ready) == 1:  # by the clock and not here: the next document may be a large one
                    timer = asyncio.get_running_loop().call_later(_SHARED_SECONDS, self._end_all, ready)
            self._at_work = None
            self._end_all(ready)
        finally:
            if timer is not None:
                timer.cancel()

    async def _index(self, vector_store_id: str, file_id: str) -> "_Ready | None":
        """Make one entry ready to be ended: completed, or failed with the reason; None where there is nothing to do."""
        entry = self._documents.store.fetch(ENTRY, file_id, vector_store_id)
        if entry is None or entry["status"] != "in_progress":
            return None
        file = self._documents.store.fetch(FILE, file_id)
        if file is None:
            self._documents.record(vector_store_id, entry, None)
            return None
        filename, attempt = file["filename"], search_index.new_attempt()
        chunks: list[Entry] = []
        try:
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as content:
                await self._fetch(file_id, content)
                size, chunks = await self._store(entry, attempt, filename, content)
            finish = _completed(size)
            await self._embed(vector_store_id, file_id, attempt)
        except DocumentError as error:
            finish = _failed(error.code, error.message)
        except DocumentTooLongError as error:
            finish = _failed("invalid_file", f"{filename} holds {error}; split it into parts")
        except (OSError, sqlite3.Error) as error:
            finish = _failed("server_error", f"{filename} could not be indexed: {error}")
        return _Ready(entry, attempt, filename, chunks, finish)

    async def _fetch(self, file_id: str, content: IO[bytes]) -> None:
        for piece in self._files.read(file_id):
            content.write(piece)
            await asyncio.sleep(0)
        content.flush()

    async def _store(self, entry: Body, attempt: int, filename: str, content: IO[bytes]) -> tuple[int, list[Entry]]:
        """Store a document portion by portion; gives its size, and the chunks of a small one, which are not stored."""
        at_once, size = content.tell() <= _SMALL, 0
        with await open_text(filename, content, self._limits) as text:
            portions = _portions(entry, filename, text)
            while portion := next(portions, []) if at_once else await asyncio.to_thread(next, portions, []):
                portion_size = sum(chunk.size for chunk in portion)
                if not size and len(portion) < _PORTION and self._vectors is None:
                    return portion_size, portion
                size += portion_size
                await asyncio.to_thread(self._add, entry, attempt, portion)
        return size, []

    async def _embed(self, vector_store_id: str, file_id: str, attempt: int) -> None:
        """Give a document its vectors while it is waited for; an endpoint that failed is left alone for this round."""
        if self._vectors is None or self._silent:
            return
        try:
            async with asyncio.timeout(_VECTOR_SECONDS):
                await self._vectors.add(vector_store_id, file_id, attempt)
        except (EmbeddingError, TimeoutError) as error:
            self._silent = True
            why = str(error) or f"they did not come within {_VECTOR_SECONDS:g} s"
            _log.warning("indexing goes on by words only, vectors are added later: %s", why)

    def _add(self, entry: Body, attempt: int, chunks: Sequence[Entry]) -> None:
        with self._documents.store.transaction() as connection:
            search_index.add_chunks(connection, entry["vector_store_id"], entry["id"], attempt, chunks)

    def _end_all(self, ready: list["_Ready"]) -> None:
        if not ready:
            return
        with self._documents.store.transaction():
            for each in ready:
                try:
                    self._end(each)
                except sqlite3.Error as error:
                    message = f"{each.filename} could not be indexed: {error}"
                    self._end(each._replace(chunks=[], finish=_failed("server_error", message)))
        ready.clear()

    def _end(self, ready: "_Ready") -> None:
        """Record the result, unless the entry left, was ended by somebody else or wants another chunking by now."""
        worked_on, attempt = ready.entry, ready.attempt
        store_id, file_id = worked_on["vector_store_id"], worked_on["id"]
        with self._documents.store.transaction() as connection:
            entry = self._documents.store.fetch(ENTRY, file_id, store_id)
            wanted = entry is not None and entry["status"] == "in_progress"
            if entry is None or not wanted or entry["chunking_strategy"] != worked_on["chunking_strategy"]:
                search_index.discard(connection, store_id, file_id, attempt)
                return
            finished = ready.finish(entry)
            if finished["status"] == "completed":
                search_index.add_chunks(connection, store_id, file_id, attempt, ready.chunks)
                search_index.finish_file(connection, store_id, file_id, attempt, ready.filename, entry["attributes"])
            self._documents.record(store_id, entry, finished)


class _Ready(NamedTuple):
    """A document that has been worked on, to be ended."""

    entry: Body
    attempt: int
    filename: str
    chunks: list[Entry]
    """What is not yet stored of it."""
    finish: Callable[[Body], Body]


def _portions(entry: Body, filename: str, text: IO[bytes]) -> Iterator[list[Entry]]:
    """The chunks of a document, as many at a time as are stored in one transaction."""
    sizes = entry["chunking_strategy"]["static"]
    strategy = ChunkingStrategy(sizes["max_chunk_size_tokens"], sizes["chunk_overlap_tokens"])
    chunks = split(read_text(filename, text), strategy)
    while portion := list(islice(chunks, _PORTION)):
        yield search_index.prepare(portion)


def _tell(task: asyncio.Task[None]) -> bool:
    """Log by which fault of ours a job ended; tell whether it was one."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("%s stopped by an unexpected error", task.get_name(), exc_info=error)
    return error is not None


def _completed(size: int) -> Callable[[Body], Body]:
    return lambda entry: {**entry, "status": "completed", "usage_bytes": size}


def _failed(code: str, message: str) -> Callable[[Body], Body]:
    return lambda entry: {**entry, "status": "failed", "last_error": {"code": code, "message": message}}
