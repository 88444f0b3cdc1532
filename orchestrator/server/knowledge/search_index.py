"""The tables a search reads: chunks of documents, a full-text index of their terms, and the words of each store.

Every store has a number, and its terms stand in the index with that number before them (`12·model`). So what is looked
up is of one store: other stores in the same database neither slow a search down nor weigh in. `chunk_places` tells
where a term stands, `words` in how many chunks of a store; `word_parts` finds words by any stretch of three or more of
their characters. The number of a chunk ends with its length, so that a search need not look that up.

The FTS5 tables have no content of their own and are kept in step by triggers; `words` and `chunk_totals` by
`add_chunks` and `_remove`, the only ways in and out, so nothing of a deleted document stays behind.
"""

import json
import math
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from orchestrator.server.knowledge.chunking import Chunk
from orchestrator.server.knowledge.terms import index_terms

LAYOUT = 2
"""Of the tables and of the rule that makes terms. A database of an earlier one is indexed again when it is opened."""

LENGTHS = 64
"""How many lengths are told apart; the remainder of a chunk's number by this is the class of its length."""
_BATCH = 256
_KEYED = "new.tag || replace(new.terms, ' ', ' ' || new.tag)"
# The ascii tokenizer leaves every character beyond ASCII alone, so terms are stored exactly as terms.py made them.
_SCHEMA = (
    "CREATE TABLE index_layout (version INTEGER NOT NULL)",
    f"INSERT INTO index_layout VALUES ({LAYOUT})",
    """CREATE TABLE IF NOT EXISTS indexed_files (
        vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL, filename TEXT NOT NULL, attributes TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        PRIMARY KEY (vector_store_id, file_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY, vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL, attempt INTEGER NOT NULL,
        position INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, tag TEXT NOT NULL,
        terms TEXT NOT NULL, text TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX chunks_of_file ON chunks (vector_store_id, file_id, attempt, position)",
    """CREATE TABLE chunk_totals (
        vector_store_id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, count INTEGER NOT NULL, terms INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE words (
        id INTEGER PRIMARY KEY, store INTEGER NOT NULL, term TEXT NOT NULL, chunks INTEGER NOT NULL,
        UNIQUE (store, term)
    )""",
    f"CREATE VIEW chunk_terms AS SELECT id, {_KEYED.replace('new.', '')} AS terms FROM chunks",
    "CREATE VIEW long_words AS SELECT id, term FROM words WHERE length(term) > 3",
    """CREATE VIRTUAL TABLE chunk_words USING fts5(
        terms, content='chunk_terms', content_rowid='id', tokenize='ascii')""",
    "CREATE VIRTUAL TABLE chunk_places USING fts5vocab(chunk_words, 'instance')",
    """CREATE VIRTUAL TABLE word_parts USING fts5(
        term, content='long_words', content_rowid='id', tokenize='trigram case_sensitive 1')""",
    f"""CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words (rowid, terms) VALUES (new.id, {_KEYED});
    END""",
    f"""CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, terms) VALUES ('delete', old.id, {_KEYED.replace("new.", "old.")});
    END""",
    """CREATE TRIGGER word_added AFTER INSERT ON words WHEN length(new.term) > 3 BEGIN
        INSERT INTO word_parts (rowid, term) VALUES (new.id, new.term);
    END""",
    """CREATE TRIGGER word_removed AFTER DELETE ON words WHEN length(old.term) > 3 BEGIN
        INSERT INTO word_parts (word_parts, rowid, term) VALUES ('delete', old.id, old.term);
    END""",
)
# What the first layout had; `chunks` is kept aside until it has been indexed again.
_FORMER = (
    "DROP TABLE IF EXISTS chunk_vocabulary",
    "DROP TABLE IF EXISTS chunk_words",
    "DROP TABLE IF EXISTS chunk_trigrams",
    "DROP TABLE IF EXISTS chunk_totals",
    *(f"DROP TRIGGER IF EXISTS chunk_{name}" for name in ("added", "removed", "counted", "discounted", "unembedded")),
    "DROP INDEX chunks_of_file",
    "ALTER TABLE chunks RENAME TO former_chunks",
)

Attributes = Mapping[str, str | float | bool]

ReadRows = Callable[[str, tuple[object, ...]], list[tuple[Any, ...]]]
"""Runs a SELECT with its parameters and gives all rows: `Store.fetch_rows`."""


class Entry(NamedTuple):
    """A chunk made ready for the index; made outside a transaction, because finding its terms takes its time."""

    chunk: Chunk
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


def tag(number: int) -> str:
    """What stands before every term of the store with this number; no term has the sign it ends with."""
    return f"{number}\u00b7"


def length_class(terms: int) -> int:
    """The class of a length: neighbouring ones are a fifth apart."""
    return min(LENGTHS - 1, round(4 * math.log2(terms + 1)))


def length_of(number: int) -> float:
    """How many terms the chunk with this number has, roughly."""
    return math.exp2(number % LENGTHS / 4) - 1


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables and indexes once, or again from those of an earlier layout; the caller holds a transaction."""
    if _has(connection, "index_layout"):
        return
    former = _has(connection, "chunks")
    embedded = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'chunk_unembedded'").fetchall()
    for statement in (*(_FORMER if former else ()), *_SCHEMA):
        connection.execute(statement)
    if former:
        _index_again(connection)
        connection.execute("DROP TABLE former_chunks")
    for (sql,) in embedded:  # a trigger of vectors.py
        connection.execute(sql)


def prepare(chunks: Iterable[Chunk]) -> list[Entry]:
    """Work out by what each chunk is found."""
    return [Entry(chunk, index_terms(chunk.text)) for chunk in chunks]


def new_attempt() -> int:
    """A number for one indexing of one document, so that two processes that do the same work do not mix it up."""
    return secrets.randbits(62)


def add_chunks(
    connection: sqlite3.Connection, vector_store_id: str, file_id: str, attempt: int, entries: Sequence[Entry]
) -> None:
    """Store chunks of a document. A search does not see them before `finish_file`, so they may come in portions."""
    rows = [(file_id, attempt, *chunk[:3], terms, chunk.text) for chunk, terms in entries]
    _insert(connection, vector_store_id, rows)


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
    _remove(connection, vector_store_id, "file_id = ? AND attempt <> ?", (file_id, attempt))


def discard(connection: sqlite3.Connection, vector_store_id: str, file_id: str, attempt: int) -> None:
    """Take back the chunks of an attempt that is not needed any more."""
    _remove(connection, vector_store_id, "file_id = ? AND attempt = ?", (file_id, attempt))


def set_attributes(connection: sqlite3.Connection, vector_store_id: str, file_id: str, attributes: Attributes) -> None:
    """Let filters see new attributes of an indexed file; a file that is not indexed is left alone."""
    connection.execute(
        "UPDATE indexed_files SET attributes = ? WHERE vector_store_id = ? AND file_id = ?",
        (json.dumps(dict(attributes)), vector_store_id, file_id),
    )


def remove_file(connection: sqlite3.Connection, vector_store_id: str, file_id: str) -> None:
    """Forget a document in one store; nothing happens when it is not there."""
    _remove(connection, vector_store_id, "file_id = ?", (file_id,))
    connection.execute(
        "DELETE FROM indexed_files WHERE vector_store_id = ? AND file_id = ?", (vector_store_id, file_id)
    )


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


def _has(connection: sqlite3.Connection, name: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone())


def _index_again(connection: sqlite3.Connection) -> None:
    """Index what the first layout kept, and keep its vectors by the new numbers."""
    first = int(connection.execute("SELECT coalesce(max(id), 0) FROM former_chunks").fetchone()[0])
    embedded = _has(connection, "chunk_embeddings")
    sql = "SELECT file_id, attempt, position, start, end, text, vector_store_id, id FROM former_chunks"
    after = 0
    while rows := connection.execute(f"{sql} WHERE id > ? ORDER BY id LIMIT ?", (after, _BATCH)).fetchall():
        after = rows[-1][-1]
        for store in dict.fromkeys(row[-2] for row in rows):
            ours = [row for row in rows if row[-2] == store]
            ids = _insert(connection, store, [(*row[:5], index_terms(row[5]), row[5]) for row in ours], first)
            if embedded:
                changed = ((id, row[-1]) for id, row in zip(ids, ours, strict=True))
                connection.executemany("UPDATE chunk_embeddings SET chunk_id = ? WHERE chunk_id = ?", changed)


def _insert(
    connection: sqlite3.Connection, vector_store_id: str, rows: Sequence[tuple[Any, ...]], beyond: int = 0
) -> list[int]:
    """Add chunks of one store: file, attempt, position, start, end, terms and text of each. Gives their numbers."""
    if not rows:
        return []
    terms = [row[5].split() for row in rows]
    connection.execute(
        "INSERT INTO chunk_totals VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM chunk_totals), ?, ?)"
        " ON CONFLICT (vector_store_id) DO UPDATE SET count = count + excluded.count, terms = terms + excluded.terms",
        (vector_store_id, len(rows), sum(map(len, terms))),
    )
    number = _number(connection, vector_store_id)
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
    first = max(last // LENGTHS, beyond) + 1
    ids = [(first + place) * LENGTHS + length_class(len(found)) for place, found in enumerate(terms)]
    connection.executemany(
        "INSERT INTO chunks (id, vector_store_id, tag, file_id, attempt, position, start, end, terms, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((id, vector_store_id, tag(number), *row) for id, row in zip(ids, rows, strict=True)),
    )
    connection.executemany(
        "INSERT INTO words (store, term, chunks) VALUES (?, ?, ?)"
        " ON CONFLICT (store, term) DO UPDATE SET chunks = chunks + excluded.chunks",
        ((number, term, count) for term, count in sorted(_in_chunks(terms).items())),
    )
    return ids


def _remove(
    connection: sqlite3.Connection, vector_store_id: str, condition: str, parameters: tuple[object, ...]
) -> None:
    """Delete the chunks of one store that a condition names, and what is counted of them."""
    sql = f"SELECT id, terms FROM chunks WHERE vector_store_id = ? AND {condition} LIMIT {_BATCH}"
    while rows := connection.execute(sql, (vector_store_id, *parameters)).fetchall():
        number = _number(connection, vector_store_id)
        terms = [row[1].split() for row in rows]
        counted = _in_chunks(terms)
        connection.executemany("DELETE FROM chunks WHERE id = ?", ((row[0],) for row in rows))
        connection.executemany(
            "UPDATE words SET chunks = chunks - ? WHERE store = ? AND term = ?",
            ((count, number, term) for term, count in counted.items()),
        )
        connection.executemany(
            "DELETE FROM words WHERE store = ? AND term = ? AND chunks <= 0", ((number, term) for term in counted)
        )
        connection.execute(
            "UPDATE chunk_totals SET count = count - ?, terms = terms - ? WHERE vector_store_id = ?",
            (len(rows), sum(map(len, terms)), vector_store_id),
        )
    connection.execute("DELETE FROM chunk_totals WHERE vector_store_id = ? AND count <= 0", (vector_store_id,))


def _number(connection: sqlite3.Connection, vector_store_id: str) -> int:
    sql = "SELECT number FROM chunk_totals WHERE vector_store_id = ?"
    return int(connection.execute(sql, (vector_store_id,)).fetchone()[0])


def _in_chunks(terms: Iterable[Sequence[str]]) -> Counter[str]:
    """In how many chunks each term stands."""
    return Counter(term for chunk in terms for term in set(chunk))
