"""The tables a search reads: chunks of documents, and two full-text indexes over them.

`chunk_words` finds the terms of terms.py; `chunk_trigrams` finds any stretch of three or more characters, for
what is no whole word. Both are FTS5 tables without content of their own, kept in step by triggers, so a chunk
is removed by one DELETE and nothing of a deleted document stays behind in an index.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from orchestrator.server.knowledge.chunking import Chunk
from orchestrator.server.knowledge.terms import fold, index_terms

# The ascii tokenizer leaves every character beyond ASCII alone, so terms are stored exactly as terms.py made them.
_SCHEMA = (
    """CREATE TABLE indexed_files (
        vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL, filename TEXT NOT NULL, attributes TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        PRIMARY KEY (vector_store_id, file_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY, vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL, attempt INTEGER NOT NULL,
        position INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL,
        folded TEXT NOT NULL, terms TEXT NOT NULL, store_key TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX chunks_of_file ON chunks (vector_store_id, file_id, attempt, position)",
    """CREATE VIRTUAL TABLE chunk_words USING fts5(
        store_key, terms, content='chunks', content_rowid='id', tokenize='ascii')""",
    """CREATE VIRTUAL TABLE chunk_trigrams USING fts5(
        folded, content='chunks', content_rowid='id', tokenize='trigram case_sensitive 1')""",
    "CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab(chunk_words, 'row')",
    """CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words (rowid, store_key, terms) VALUES (new.id, new.store_key, new.terms);
        INSERT INTO chunk_trigrams (rowid, folded) VALUES (new.id, new.folded);
    END""",
    """CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, store_key, terms)
            VALUES ('delete', old.id, old.store_key, old.terms);
        INSERT INTO chunk_trigrams (chunk_trigrams, rowid, folded) VALUES ('delete', old.id, old.folded);
    END""",
    "INSERT INTO chunk_words (chunk_words, rank) VALUES ('rank', 'bm25(0.0, 1.0)')",  # where it is says nothing
)

# How many chunks a store has, so that a search need not count them. A database from before has it filled once.
_TOTALS = (
    """CREATE TABLE chunk_totals (
        vector_store_id TEXT PRIMARY KEY, count INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "INSERT INTO chunk_totals SELECT vector_store_id, count(*) FROM chunks GROUP BY vector_store_id",
    """CREATE TRIGGER chunk_counted AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_totals VALUES (new.vector_store_id, 1)
            ON CONFLICT (vector_store_id) DO UPDATE SET count = count + 1;
    END""",
    """CREATE TRIGGER chunk_discounted AFTER DELETE ON chunks BEGIN
        UPDATE chunk_totals SET count = count - 1 WHERE vector_store_id = old.vector_store_id;
        DELETE FROM chunk_totals WHERE vector_store_id = old.vector_store_id AND count = 0;
    END""",
)

Attributes = Mapping[str, str | float | bool]

ReadRows = Callable[[str, tuple[object, ...]], list[tuple[Any, ...]]]
"""Runs a SELECT with its parameters and gives all rows: `Store.fetch_rows`."""


class Entry(NamedTuple):
    """A chunk made ready for the index; made outside a transaction, because folding a text takes its time."""

    chunk: Chunk
    folded: str
    terms: str

    @property
    def size(self) -> int:
        """What it counts for in `usage_bytes`."""
        return len(self.chunk.text.encode()) + len(self.terms.encode())


class Passage(NamedTuple):
    """One stored chunk: its place in the document in characters, and its text."""

    start: int
    end: int
    text: str


def store_key(vector_store_id: str) -> str:
    """The one term by which the word index knows a vector store (an id may hold characters that split terms)."""
    return re.sub(r"[^a-z0-9]", "", vector_store_id.lower())


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables and indexes once; the caller holds a transaction."""
    for table, statements in (("indexed_files", _SCHEMA), ("chunk_totals", _TOTALS)):
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            for statement in statements:
                connection.execute(statement)


def prepare(chunks: Iterable[Chunk]) -> list[Entry]:
    """Work out by what each chunk is found."""
    return [Entry(chunk, fold(chunk.text), index_terms(chunk.text)) for chunk in chunks]


def new_attempt() -> int:
    """A number for one indexing of one document, so that two processes that do the same work do not mix it up."""
    return secrets.randbits(62)


def add_chunks(
    connection: sqlite3.Connection, vector_store_id: str, file_id: str, attempt: int, entries: Iterable[Entry]
) -> None:
    """Store chunks of a document. A search does not see them before `finish_file`, so they may come in portions."""
    key = store_key(vector_store_id)
    connection.executemany(
        "INSERT INTO chunks"
        " (vector_store_id, file_id, attempt, position, start, end, text, folded, terms, store_key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((vector_store_id, file_id, attempt, *chunk, folded, terms, key) for chunk, folded, terms in entries),
    )


def finish_file(
    connection: sqlite3.Connection,
    vector_store_id: str,
    file_id: str,
    attempt: int,
    filename: str,
    attributes: Attributes,
) -> None:
    """Let searches see a document, in the place of what they saw of it before."""
    connection.execute(
        "INSERT OR REPLACE INTO indexed_files (vector_store_id, file_id, filename, attributes, attempt)"
        " VALUES (?, ?, ?, ?, ?)",
        (vector_store_id, file_id, filename, json.dumps(dict(attributes)), attempt),
    )
    connection.execute(
        "DELETE FROM chunks WHERE vector_store_id = ? AND file_id = ? AND attempt <> ?",
        (vector_store_id, file_id, attempt),
    )


def discard(connection: sqlite3.Connection, vector_store_id: str, file_id: str, attempt: int) -> None:
    """Take back the chunks of an attempt that is not needed any more."""
    connection.execute(
        "DELETE FROM chunks WHERE vector_store_id = ? AND file_id = ? AND attempt = ?",
        (vector_store_id, file_id, attempt),
    )


def set_attributes(connection: sqlite3.Connection, vector_store_id: str, file_id: str, attributes: Attributes) -> None:
    """Let filters see new attributes of an indexed file; a file that is not indexed is left alone."""
    connection.execute(
        "UPDATE indexed_files SET attributes = ? WHERE vector_store_id = ? AND file_id = ?",
        (json.dumps(dict(attributes)), vector_store_id, file_id),
    )


def remove_file(connection: sqlite3.Connection, vector_store_id: str, file_id: str) -> None:
    """Forget a document in one store; nothing happens when it is not there."""
    place = (vector_store_id, file_id)
    connection.execute("DELETE FROM chunks WHERE vector_store_id = ? AND file_id = ?", place)
    connection.execute("DELETE FROM indexed_files WHERE vector_store_id = ? AND file_id = ?", place)


def read_passages(read: ReadRows, vector_store_id: str, file_id: str) -> list[Passage]:
    """The chunks of a document in their order; empty when it is not indexed."""
    rows = read(
        "SELECT c.start, c.end, c.text FROM chunks c"
        " JOIN indexed_files f USING (vector_store_id, file_id, attempt)"
        " WHERE c.vector_store_id = ? AND c.file_id = ? ORDER BY c.position",
        (vector_store_id, file_id),
    )
    return [Passage(*row) for row in rows]


def read_text(read: ReadRows, vector_store_id: str, file_id: str) -> str:
    """The parsed text of a document, put together from its overlapping chunks."""
    text: list[str] = []
    reached = 0
    for passage in read_passages(read, vector_store_id, file_id):
        text.append(passage.text[max(0, reached - passage.start) :])
        reached = passage.end
    return "".join(text)
