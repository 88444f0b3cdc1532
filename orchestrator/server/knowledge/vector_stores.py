"""Vector stores and the files in them, as documents whose counts are always right.

A store is a document of kind `vector_store`; a file in it is one of kind `vector_store.file` whose parent is the
store and whose id is the file's, so a file is in a store once. `record` is the only way an entry changes: it moves
the store's `file_counts`, `usage_bytes` and `status`, the batches the file came with, and the search index in one
transaction. A batch (kind `vector_store.file_batch`) keeps no counts: they are read from `batch_members`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.server.knowledge import search_index
from orchestrator.server.store import Body, PageQuery, Store, UnknownCursorError
from orchestrator.server.wire import missing_object, now

STORE = "vector_store"
ENTRY = "vector_store.file"
BATCH = "vector_store.file_batch"

_DAY = 86_400
_STATUSES = ("in_progress", "completed", "failed", "cancelled")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch_members (
  batch_id TEXT NOT NULL, position INTEGER NOT NULL, vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (batch_id, position)
);
CREATE INDEX IF NOT EXISTS batches_of_file ON batch_members (vector_store_id, file_id);
CREATE INDEX IF NOT EXISTS entries_of_file ON documents (id) WHERE kind = 'vector_store.file';
CREATE INDEX IF NOT EXISTS entries_in_progress ON documents (seq)
  WHERE kind = 'vector_store.file' AND json_extract(body, '$.status') = 'in_progress';
CREATE INDEX IF NOT EXISTS files_by_expiry ON documents (json_extract(body, '$.expires_at')) WHERE kind = 'file';
CREATE INDEX IF NOT EXISTS stores_by_expiry ON documents (json_extract(body, '$.expires_at'))
  WHERE kind = 'vector_store';
"""

# These read through the partial indexes above, so their conditions repeat the text of the index.
_PLACES = "SELECT parent FROM documents WHERE kind = 'vector_store.file' AND id = ?"
_WAITING = (
    "SELECT parent, id FROM documents WHERE kind = 'vector_store.file'"
    " AND json_extract(body, '$.status') = 'in_progress' ORDER BY seq LIMIT ?"
)
_EXPIRED_FILES = "SELECT id FROM documents WHERE kind = 'file' AND json_extract(body, '$.expires_at') <= ?"
_EXPIRED_STORES = (
    "SELECT id FROM documents WHERE kind = 'vector_store' AND json_extract(body, '$.expires_at') <= ?"
    " AND json_extract(body, '$.status') <> 'expired'"
)


class VectorStoreDocuments:
    """Reads and writes vector stores, their files and their batches. `clock` gives Unix seconds."""

    def __init__(self, store: Store, clock: Callable[[], int] = now) -> None:
        self.store = store
        self.clock = clock
        store.ensure_schema(_SCHEMA)
        with store.transaction() as connection:
            search_index.create_tables(connection)

    def fetch_store(self, vector_store_id: str) -> Body:
        """Read a store; raises WireError 404."""
        body = self.store.fetch(STORE, vector_store_id)
        if body is None:
            raise missing_object("vector store", vector_store_id)
        return body

    def is_live(self, vector_store_id: str) -> bool:
        """Whether a store is there and its time is not over."""
        body = self.store.fetch(STORE, vector_store_id)
        if body is None or body["status"] == "expired":
            return False
        return body["expires_at"] is None or bool(body["expires_at"] > self.clock())

    def fetch_entry(self, vector_store_id: str, file_id: str) -> Body:
        """Read a file in a store; raises WireError 404 for either."""
        body = self.store.fetch(ENTRY, file_id, vector_store_id)
        if body is None:
            self.fetch_store(vector_store_id)
            raise missing_object("file", file_id)
        return body

    def record(self, vector_store_id: str, old: Body | None, new: Body | None) -> None:
        """Let one entry become another: None before is an arrival, None after a departure."""
        entry = new or old
        if entry is None:
            return
        with self.store.transaction() as connection:
            if new is None:
                self.store.remove(ENTRY, entry["id"], vector_store_id)
            elif old is None:
                self.store.add(ENTRY, new, vector_store_id)
            else:
                self.store.replace(ENTRY, new, vector_store_id)
            if new is None or new["status"] in ("failed", "cancelled"):
                search_index.remove_file(connection, vector_store_id, entry["id"])
            # A file that left while it was waiting must not keep its batch waiting.
            status = new["status"] if new else "cancelled"
            connection.execute(
                "UPDATE batch_members SET status = ? WHERE vector_store_id = ? AND file_id = ?"
                " AND status = 'in_progress'",
                (status, vector_store_id, entry["id"]),
            )
            self.store.change(STORE, vector_store_id, lambda body: _count(body, old, new))

    def fetch_places(self, file_id: str) -> list[str]:
        """Read the ids of the stores a file is in."""
        return [place for (place,) in self.store.fetch_rows(_PLACES, (file_id,))]

    def fetch_waiting(self, limit: int) -> list[tuple[str, str]]:
        """Read which entries wait to be indexed, longest first: store id, file id."""
        return [(place, file_id) for place, file_id in self.store.fetch_rows(_WAITING, (limit,))]

    def fetch_expired(self) -> tuple[list[str], list[str]]:
        """Read what is past its time and still there: file ids, store ids."""
        moment = (self.clock(),)
        files, stores = (self.store.fetch_rows(sql, moment) for sql in (_EXPIRED_FILES, _EXPIRED_STORES))
        return [row[0] for row in files], [row[0] for row in stores]

    def touch(self, vector_store_id: str) -> None:
        """Note that a store was used, which moves its expiry."""
        moment = self.clock()

        def edit(body: Body) -> Body:
            return with_expiry({**body, "last_active_at": moment})

        body = self.store.fetch(STORE, vector_store_id)
        if body is not None and body["last_active_at"] != moment and body["status"] != "expired":
            self.store.change(STORE, vector_store_id, edit)

    def add_batch(self, batch: Body, file_ids: Sequence[str]) -> None:
        """Keep a new batch and who is in it, with the status each file has now."""
        store_id = batch["vector_store_id"]
        with self.store.transaction() as connection:
            self.store.add(BATCH, batch, store_id)
            for position, file_id in enumerate(file_ids):
                status = self.fetch_entry(store_id, file_id)["status"]
                connection.execute(
                    "INSERT INTO batch_members (batch_id, position, vector_store_id, file_id, status)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (batch["id"], position, store_id, file_id, status),
                )

    def fetch_batch(self, vector_store_id: str, batch_id: str) -> Body:
        """Read a batch with the counts of this moment; raises WireError 404."""
        body = self.store.fetch(BATCH, batch_id, vector_store_id)
        if body is None:
            self.fetch_store(vector_store_id)
            raise missing_object("file batch", batch_id)
        rows = self.store.fetch_rows(
            "SELECT status, count(*) FROM batch_members WHERE batch_id = ? GROUP BY status", (batch_id,)
        )
        counts = {**dict.fromkeys(_STATUSES, 0), **dict(rows)}
        counts["total"] = sum(counts.values())
        if body["status"] == "cancelled":
            status = "cancelled"
        elif counts["in_progress"]:
            status = "in_progress"
        else:
            status = "failed" if counts["failed"] == counts["total"] else "completed"
        return {**body, "status": status, "file_counts": counts}

    def fetch_batch_members(self, batch_id: str, query: PageQuery, status: str | None) -> tuple[list[str], bool]:
        """One page of the file ids of a batch, and whether more follow; raises UnknownCursorError."""
        where, parameters = ("", ()) if status is None else (" AND status = ?", (status,))
        rows = self.store.fetch_rows(
            f"SELECT file_id FROM batch_members WHERE batch_id = ?{where} ORDER BY position", (batch_id, *parameters)
        )
        ids = [file_id for (file_id,) in (rows if query.order == "asc" else reversed(rows))]
        for name, cursor in (("after", query.after), ("before", query.before)):
            if cursor is not None and cursor not in ids:
                raise UnknownCursorError(name, cursor)
        first = 0 if query.after is None else ids.index(query.after) + 1
        end = len(ids) if query.before is None else ids.index(query.before)
        ids = ids[first:end]
        if query.limit < 0 or len(ids) <= query.limit:
            return ids, False
        backwards = query.before is not None and query.after is None
        return (ids[-query.limit :] if backwards else ids[: query.limit]), True


def new_counts() -> dict[str, int]:
    """The `file_counts` of a store without files."""
    return dict.fromkeys((*_STATUSES, "total"), 0)


def with_expiry(body: Body) -> Body:
    """A store whose `expires_at` follows from `expires_after` and `last_active_at`."""
    policy: Mapping[str, Any] | None = body.get("expires_after")
    return {**body, "expires_at": body["last_active_at"] + policy["days"] * _DAY if policy else None}


def _count(body: Body, old: Body | None, new: Body | None) -> Body:
    counts, usage = dict(body["file_counts"]), body["usage_bytes"]
    for entry, step in ((old, -1), (new, 1)):
        if entry is not None:
            counts[entry["status"]] += step
            counts["total"] += step
            usage += step * entry["usage_bytes"]
    status = body["status"]
    if status != "expired":
        status = "in_progress" if counts["in_progress"] else "completed"
    return {**body, "file_counts": counts, "usage_bytes": usage, "status": status}
