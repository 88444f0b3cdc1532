"""Vectors of chunks, in the same SQLite file: each text is embedded once, however many documents hold it.

A vector is kept under what made it and the SHA-256 of the text, as float32 of length 1. It goes with the
last chunk that has it.
"""

import hashlib
import math
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from orchestrator.server.knowledge.embedder import Embedder, EmbeddingError
from orchestrator.server.store import Store

PORTION = 64
"""Texts of one request."""

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

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store, self.embedder = store, embedder
        store.ensure_schema(_SCHEMA)

    async def add(self, vector_store_id: str, file_id: str, attempt: int) -> None:
        """See to it that every chunk of one indexing of a document has a vector; raises `EmbeddingError`."""
        where = " AND c.vector_store_id = ? AND c.file_id = ? AND c.attempt = ? LIMIT ?"
        await self._fill(where, (vector_store_id, file_id, attempt, PORTION))

    async def add_everything(self) -> None:
        """Give vectors to what was indexed before there was this embedder; raises `EmbeddingError`."""
        await self._fill(" LIMIT ?", (PORTION,))

    async def embed_queries(self, queries: Sequence[str]) -> list[bytes]:
        """Give a vector for each question, as they are kept; raises `EmbeddingError`."""
        return _packed(await self.embedder.embed(queries), len(queries))

    async def _fill(self, where: str, parameters: tuple[object, ...]) -> None:
        model = self.embedder.name
        while rows := self._store.fetch_rows(_LACKING + where, (model, *parameters)):
            chunks = [_Chunk(id, hashlib.sha256(text.encode()).digest(), text) for id, text in rows]
            marks = ", ".join("?" * len(chunks))
            known = self._store.fetch_rows(
                f"SELECT hash FROM embeddings WHERE model = ? AND hash IN ({marks})",
                (model, *(chunk.hash for chunk in chunks)),
            )
            texts = {chunk.hash: chunk.text for chunk in chunks if (chunk.hash,) not in known}
            vectors = _packed(await self.embedder.embed(list(texts.values())), len(texts)) if texts else []
            with self._store.transaction() as connection:
                _keep(connection, model, zip(texts, vectors, strict=True), chunks)


def _keep(
    connection: sqlite3.Connection, model: str, vectors: Iterable[tuple[bytes, bytes]], chunks: Iterable[_Chunk]
) -> None:
    """Keep vectors, and which chunk has which; a chunk that is gone by now gets none."""
    connection.executemany(
        "INSERT OR IGNORE INTO embeddings (model, hash, vector) VALUES (?, ?, ?)",
        ((model, hash, vector) for hash, vector in vectors),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO chunk_embeddings (chunk_id, model, hash)"
        " SELECT c.id, v.model, v.hash FROM chunks c, embeddings v WHERE c.id = ? AND v.model = ? AND v.hash = ?",
        ((chunk.id, model, chunk.hash) for chunk in chunks),
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
