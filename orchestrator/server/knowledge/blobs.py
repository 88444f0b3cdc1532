"""Contents of files, in pieces of the same SQLite file, so that a large file never has to fit into memory.

One database is everything: it is copied, backed up and deleted as one, and a content is committed like any
other row.
"""

import asyncio
from collections.abc import Iterator
from typing import IO

from orchestrator.server.store import Store

PIECE_BYTES = 1024 * 1024
ORPHAN_SECONDS = 86_400
"""A content that nothing names after this long is no upload in progress: its server was killed."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS blob_pieces (
  blob_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
  data BLOB NOT NULL,
  PRIMARY KEY (blob_id, position)
)
"""


def create_table(store: Store) -> None:
    """Make the table once."""
    store.ensure_schema(_SCHEMA)


def write_piece(store: Store, blob_id: str, position: int, data: bytes) -> None:
    """Add the piece at `position`, counted from 0."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO blob_pieces (blob_id, position, data) VALUES (?, ?, ?)", (blob_id, position, data)
        )


async def write_all(store: Store, blob_id: str, source: IO[bytes]) -> int:
    """Copy a file from where it stands to its end, piece by piece; gives its size in bytes.

    Each piece is committed on its own and others get their turn in between, so nothing waits for a large upload.
    A copy that fails or is cancelled is removed again.
    """
    size = position = 0
    try:
        while data := source.read(PIECE_BYTES):
            write_piece(store, blob_id, position, data)
            size, position = size + len(data), position + 1
            await asyncio.sleep(0)
    except BaseException:  # cancelled counts too: a part of a file must not stay
        remove(store, blob_id)
        raise
    return size


def read_pieces(store: Store, blob_id: str) -> Iterator[bytes]:
    """The content in order, one piece in memory at a time; nothing for an unknown id."""
    position = 0
    while rows := store.fetch_rows(
        "SELECT data FROM blob_pieces WHERE blob_id = ? AND position = ?", (blob_id, position)
    ):
        yield rows[0][0]
        position += 1


def remove(store: Store, blob_id: str) -> None:
    """Delete a content; nothing happens when there is none."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM blob_pieces WHERE blob_id = ?", (blob_id,))


def remove_orphans(store: Store, kind: str, older_than: int = ORPHAN_SECONDS) -> int:
    """Delete what uploads left that never ended: contents without a document of this kind; gives how many."""
    orphans = store.fetch_rows(
        "SELECT blob_id FROM blob_pieces WHERE position = 0"
        " AND blob_id NOT IN (SELECT id FROM documents WHERE kind = ?)"
        " AND created_at <= CAST(strftime('%s', 'now') AS INTEGER) - ?",
        (kind, older_than),
    )
    for (blob_id,) in orphans:
        remove(store, blob_id)
    return len(orphans)
