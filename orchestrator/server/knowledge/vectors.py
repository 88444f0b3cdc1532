"""Vectors of chunks, in the same SQLite file: each text is embedded once, however many documents hold it.

A vector is kept under what made it and the SHA-256 of the text, as float32 of length 1. It goes with the
last chunk that has it. All vectors of one model have as many dimensions: when its endpoint gives others, those that
were kept are dropped, and what they stood for is embedded anew.

The endpoint may be down. Documents and questions do without it then, by their words; what lacks a vector gets it when
the endpoint is back, after the next document or question.
"""

import asyncio
import hashlib
import logging
import math
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from orchestrator.server.knowledge.embedder import Embedder, EmbeddingError
from orchestrator.server.store import Store
from orchestrator.server.wire import now

PORTION = 64
"""Texts of one request."""
QUESTION_SECONDS = 10.0
"""How long a question waits for its vector."""
PAUSE_SECONDS = 30
"""How long questions go without vectors after one got none."""
_FLOAT = array("f").itemsize
_log = logging.getLogger("orch.server")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings (
  model TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, hash)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunk_embeddings (
  chunk_id INTEGER NOT NULL, model TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (chunk_id, model)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS chunks_of_embedding ON chunk_embeddings (model, hash);
CREATE TRIGGER IF NOT EXISTS chunk_unembedded AFTER DELETE ON chunks BEGIN
  DELETE FROM chunk_embeddings WHERE chunk_id = old.id;
END;
CREATE TABLE IF NOT EXISTS vector_changes (vector_store_id TEXT PRIMARY KEY, changes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS chunk_without_vector AFTER DELETE ON chunks BEGIN
  INSERT INTO vector_changes VALUES (old.vector_store_id, 1)
    ON CONFLICT (vector_store_id) DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER IF NOT EXISTS vector_added AFTER INSERT ON chunk_embeddings BEGIN
  INSERT INTO vector_changes SELECT vector_store_id, 1 FROM chunks WHERE id = new.chunk_id
    ON CONFLICT (vector_store_id) DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER IF NOT EXISTS vector_removed AFTER DELETE ON chunk_embeddings BEGIN
  INSERT INTO vector_changes SELECT vector_store_id, 1 FROM chunks WHERE id = old.chunk_id
    ON CONFLICT (vector_store_id) DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER IF NOT EXISTS embedding_unused AFTER DELETE ON chunk_embeddings BEGIN
  DELETE FROM embeddings WHERE model = old.model AND hash = old.hash AND NOT EXISTS (
    SELECT 1 FROM chunk_embeddings WHERE model = old.model AND hash = old.hash);
END;
"""
_LACKING = (
    "SELECT c.id, c.text FROM chunks c LEFT JOIN chunk_embeddings e ON e.chunk_id = c.id AND e.model = ?"
    " WHERE e.chunk_id IS NULL"
)


class _Chunk(NamedTuple):
    id: int
    hash: bytes
    text: str


class Vectors:
    """The vectors of one embedder in one database."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        clock: Callable[[], float] = now,
        patience: float = QUESTION_SECONDS,
    ) -> None:
        """`clock` gives seconds; `patience` are those that a question waits for its vector."""
        self._store, self.embedder, self._clock, self._patience = store, embedder, clock, patience
        self.on_lack: Callable[[], None] = _nothing
        """Called when there is something to embed and an endpoint to do it."""
        self._behind, self._turn = False, asyncio.Lock()
        self._silent_until: float | None = None
        store.ensure_schema(_SCHEMA)

    async def add(self, vector_store_id: str, file_id: str, attempt: int) -> None:
        """See to it that every chunk of one indexing of a document has a vector; raises `EmbeddingError`."""
        where = " AND c.vector_store_id = ? AND c.file_id = ? AND c.attempt = ? LIMIT ?"
        await self._fill(where, (vector_store_id, file_id, attempt, PORTION))

    async def add_everything(self) -> None:
        """Give vectors to all chunks that have none; raises `EmbeddingError`, and it is tried again later."""
        self._behind = True
        await self._fill(" LIMIT ?", (PORTION,))
        self._behind = False

    async def embed_queries(self, queries: Sequence[str]) -> list[bytes] | None:
        """Give a vector for each question, as they are kept; None where the endpoint gives none, which is logged."""
        if self._silent_until is not None and self._clock() < self._silent_until:
            return None
        try:
            async with asyncio.timeout(self._patience):
                vectors = _packed(await self.embedder.embed(queries), len(queries))
        except (EmbeddingError, TimeoutError) as error:
            why = str(error) or f"embeddings of {self.embedder.name} did not come within {self._patience:g} s"
            _log.warning("searching by words only for %d s: %s", PAUSE_SECONDS, why)
            self._silent_until = self._clock() + PAUSE_SECONDS
            return None
        self._silent_until = None
        with self._store.transaction() as connection:
            self._behind |= _forget_others(connection, self.embedder.name, len(vectors[0]))
        if self._behind:
            self.on_lack()
        return vectors

    async def _fill(self, where: str, parameters: tuple[object, ...]) -> None:
        dropped = False
        while True:
            async with self._turn:  # a portion at a time, so that nobody waits for all of another's
                rows = self._store.fetch_rows(_LACKING + where, (self.embedder.name, *parameters))
                if not rows:
                    return
                if await self._add_portion([_Chunk(id, _hash(text), text) for id, text in rows]):
                    if dropped:
                        raise EmbeddingError(f"{self.embedder.name} gives vectors of ever other dimensions")
                    dropped = self._behind = True

    async def _add_portion(self, chunks: Sequence[_Chunk]) -> bool:
        """Embed some chunks; tell whether vectors of other dimensions had to go."""
        model, marks = self.embedder.name, ", ".join("?" * len(chunks))
        known = self._store.fetch_rows(
            f"SELECT hash FROM embeddings WHERE model = ? AND hash IN ({marks})",
            (model, *(chunk.hash for chunk in chunks)),
        )
        texts = {chunk.hash: chunk.text for chunk in chunks if (chunk.hash,) not in known}
        vectors = _packed(await self.embedder.embed(list(texts.values())), len(texts)) if texts else []
        with self._store.transaction() as connection:
            dropped = bool(vectors) and _forget_others(connection, model, len(vectors[0]))
            _keep(connection, model, list(zip(texts, vectors, strict=True)), chunks)
        return dropped


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _nothing() -> None:
    """Nobody wants to know."""


def _forget_others(connection: sqlite3.Connection, model: str, width: int) -> bool:
    """Drop what is kept of a model where its vectors have not so many bytes; tell whether anything was."""
    kept = connection.execute("SELECT length(vector) FROM embeddings WHERE model = ? LIMIT 1", (model,)).fetchone()
    if kept is None or kept[0] == width:
        return False
    message = "%s gives vectors of %d dimensions instead of %d: everything is embedded anew"
    _log.warning(message, model, width // _FLOAT, kept[0] // _FLOAT)
    connection.execute("DELETE FROM chunk_embeddings WHERE model = ?", (model,))
    connection.execute("DELETE FROM embeddings WHERE model = ?", (model,))
    return True


def _keep(
    connection: sqlite3.Connection, model: str, vectors: Sequence[tuple[bytes, bytes]], chunks: Iterable[_Chunk]
) -> None:
    """Keep vectors, and which chunk has which; nothing is kept for a chunk that is gone."""
    connection.executemany(
        "INSERT OR IGNORE INTO embeddings (model, hash, vector) VALUES (?, ?, ?)",
        ((model, hash, vector) for hash, vector in vectors),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO chunk_embeddings (chunk_id, model, hash)"
        " SELECT c.id, v.model, v.hash FROM chunks c, embeddings v WHERE c.id = ? AND v.model = ? AND v.hash = ?",
        ((chunk.id, model, chunk.hash) for chunk in chunks),
    )
    connection.executemany(
        "DELETE FROM embeddings WHERE model = ?1 AND hash = ?2"
        " AND NOT EXISTS (SELECT 1 FROM chunk_embeddings WHERE model = ?1 AND hash = ?2)",
        ((model, hash) for hash, _ in vectors),
    )


def _packed(vectors: Sequence[Sequence[float]], count: int) -> list[bytes]:
    """Give vectors of length 1 as they are kept; raises `EmbeddingError` for what is none."""
    if len(vectors) != count:
        raise EmbeddingError(f"{count} texts were sent and {len(vectors)} vectors came back")
    packed = []
    for vector in vectors:
        length = math.hypot(*vector)
        if len(vector) != len(vectors[0]) or not math.isfinite(length) or length == 0:
            raise EmbeddingError("what came back are no vectors of one length")
        packed.append(array("f", (value / length for value in vector)).tobytes())
    return packed
