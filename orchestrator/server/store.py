"""The one home of SQLite: every object the server serves is a JSON document in one file.

A document has a kind (`assistant`, `thread`, `message`, `run`, `step`, `file`, `vector_store`, ...), an id, a
parent (the id of the object it lives in, "" at the top) and a body: the object as the wire shows it. Other modules
keep what is not a document (file contents, search index, leases) in tables of their own: they create them with
`ensure_schema` and use `connection` under `transaction()`.

Rules for callers:
- One connection, guarded by one re-entrant lock, so a `Store` may be used from any thread. Calls block for
  microseconds; keep transactions short and never await inside one. What reads for longer, in a thread, uses
  `fetch_apart`: it has a connection of its own and keeps nobody else waiting.
- A call that returned has been committed (outside `transaction()`), so a 2xx sent afterwards survives `kill -9`.
- Several processes may use one file: writers take the write lock at once (BEGIN IMMEDIATE) and wait up to 30 s.
"""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from orchestrator.errors import OrchError

SCHEMA_VERSION = 2
"""2: the layout of the search index (knowledge/search_index.py)."""
BUSY_SECONDS = 30.0

Body = dict[str, Any]  # one JSON object

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  parent TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (kind, parent, id)
);
CREATE INDEX IF NOT EXISTS documents_in_order ON documents (kind, parent, created_at, seq);
"""


class StoreError(OrchError):
    """The database file cannot be used: newer than this program, or not a database."""


class UnknownCursorError(Exception):
    """`after` or `before` names an object that is not in the list."""

    def __init__(self, parameter: str, cursor: str) -> None:
        super().__init__(f"{parameter}: {cursor}")
        self.parameter = parameter
        self.cursor = cursor


class PageQuery(NamedTuple):
    """Which part of a list is wanted; objects are sorted by `created_at`, then by order of arrival."""

    limit: int = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


EVERYTHING = PageQuery(limit=-1, order="asc")  # SQLite reads a negative limit as none


class Page(NamedTuple):
    """Objects in the order asked for; `has_more` says that more follow in the direction of travel."""

    items: list[Body]
    has_more: bool


class Store:
    """Documents in one SQLite file. Make one with `Store.open`, end it with `close` (or a `with` block)."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None = None) -> None:
        """`path` is the file the connection is to; None for a database in memory."""
        self.connection = connection
        self._path = path
        self._reader: sqlite3.Connection | None = None
        self._lock, self._reader_lock = threading.RLock(), threading.Lock()
        self._depth = 0

    @classmethod
    def open(cls, path: Path | Literal[":memory:"]) -> Self:
        """Open (or create) the database at `path`; ":memory:" gives one that ends with the object.

        Raises StoreError if the file was written by a newer program or is not a database.
        """
        try:
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                _enter_wal_mode(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                store = cls(connection, None if path == ":memory:" else Path(path))
                store._check_version(path)
            except (sqlite3.Error, StoreError):
                connection.close()
                raise
        except sqlite3.Error as error:
            hint = "name another file, or move this one away: a new one is made"
            raise StoreError(f"{path}: cannot be used as a database: {error}", hint) from error
        return store

    def _check_version(self, path: Path | str) -> None:
        found = int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            raise StoreError(
                f"{path}: written by a newer orch (schema {found}, this one knows {SCHEMA_VERSION})",
                hint="upgrade orch, or name another database file",
            )
        if found < SCHEMA_VERSION:
            with self.transaction():
                self.ensure_schema(_SCHEMA)
                self.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the file. Using the store afterwards is an error."""
        with self._lock, self._reader_lock:
            if self._reader is not None:
                self._reader.close()
            self.connection.close()
            self._path = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: commit at the end of the block, roll back if it raises.

        Nests: an inner block is a savepoint, so its own failure undoes only itself. Never await inside.
        """
        with self._lock:
            name = f"level_{self._depth}"
            begin, commit, rollback = (
                ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
                if self._depth == 0
                else (f"SAVEPOINT {name}", f"RELEASE {name}", f"ROLLBACK TO {name}; RELEASE {name}")
            )
            self.connection.execute(begin)
            self._depth += 1
            try:
                yield self.connection
            except BaseException:  # cancelled or interrupted counts too: half a change must not stay
                self._depth -= 1
                for statement in rollback.split("; "):
                    self.connection.execute(statement)
                raise
            self._depth -= 1
            self.connection.execute(commit)

    def ensure_schema(self, script: str) -> None:
        """Create tables another module needs: statements that may run again on a file that has them."""
        with self.transaction() as connection:
            statement = ""
            for line in script.splitlines(keepends=True):  # executescript() would commit what is open
                statement += line
                if sqlite3.complete_statement(statement):
                    connection.execute(statement)
                    statement = ""
            connection.execute(statement)

    def fetch_rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Read rows of any table; safe from any thread."""
        with self._lock:
            return self.connection.execute(sql, parameters).fetchall()

    def fetch_apart(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Read rows as they were last committed, while others read and write; safe from any thread."""
        if self._path is None:  # a database in memory is there for one connection
            return self.fetch_rows(sql, parameters)
        with self._reader_lock:
            if self._reader is None:
                self._reader = _open_reader(self._path)
            return self._reader.execute(sql, parameters).fetchall()

    def add(self, kind: str, body: Body, parent: str = "") -> None:
        """Add a document; `body` has `id` and `created_at` (Unix seconds). Raises sqlite3.IntegrityError if there."""
        with self._lock:
            self.connection.execute(
                "INSERT INTO documents (kind, parent, id, created_at, body) VALUES (?, ?, ?, ?, ?)",
                (kind, parent, body["id"], body["created_at"], json.dumps(body)),
            )

    def fetch(self, kind: str, id: str, parent: str = "") -> Body | None:
        """Read one document, or None. A parent that does not hold it counts as absent."""
        rows = self.fetch_rows(
            "SELECT body FROM documents WHERE kind = ? AND parent = ? AND id = ?", (kind, parent, id)
        )
        return _load(rows[0][0]) if rows else None

    def replace(self, kind: str, body: Body, parent: str = "") -> bool:
        """Write the whole body of an existing document; False if there is none."""
        with self._lock:
            cursor = self.connection.execute(
                "UPDATE documents SET body = ? WHERE kind = ? AND parent = ? AND id = ?",
                (json.dumps(body), kind, parent, body["id"]),
            )
        return cursor.rowcount > 0

    def change(self, kind: str, id: str, edit: Callable[[Body], Body], parent: str = "") -> Body | None:
        """Read, edit and write one document with nobody in between; gives the new body, None if absent."""
        with self.transaction():
            body = self.fetch(kind, id, parent)
            if body is None:
                return None
            edited = edit(body)
            self.replace(kind, edited, parent)
            return edited

    def remove(self, kind: str, id: str, parent: str = "") -> bool:
        """Delete one document; False if there was none."""
        with self._lock:
            cursor = self.connection.execute(
                "DELETE FROM documents WHERE kind = ? AND parent = ? AND id = ?", (kind, parent, id)
            )
        return cursor.rowcount > 0

    def remove_all(self, kind: str, parent: str) -> int:
        """Delete every document of a kind in one parent; gives how many."""
        with self._lock:
            return self.connection.execute(
                "DELETE FROM documents WHERE kind = ? AND parent = ?", (kind, parent)
            ).rowcount

    def count(self, kind: str, parent: str = "") -> int:
        """Count the documents of a kind in one parent."""
        sql = "SELECT count(*) FROM documents WHERE kind = ? AND parent = ?"
        return int(self.fetch_rows(sql, (kind, parent))[0][0])

    def fetch_page(
        self, kind: str, parent: str, query: PageQuery = EVERYTHING, match: Mapping[str, str] | None = None
    ) -> Page:
        """Read a part of a list. `match` keeps documents whose top-level fields equal these values.

        With `before` alone it is the page that ends just before that object (the previous page), as the API has it.
        Raises UnknownCursorError.
        """
        where, parameters = ["kind = ?", "parent = ?"], [kind, parent]
        for field, wanted in (match or {}).items():
            where.append("json_extract(body, ?) = ?")
            parameters += [f"$.{field}", wanted]
        forward = query.order == "asc"
        for name, cursor, beyond in (("after", query.after, ">"), ("before", query.before, "<")):
            if cursor is not None:
                where.append(f"(created_at, seq) {beyond if forward else {'>': '<', '<': '>'}[beyond]} (?, ?)")
                parameters += self._position(name, cursor, kind, parent)
        backwards = query.before is not None and query.after is None
        direction = "ASC" if forward != backwards else "DESC"
        rows = self.fetch_rows(
            f"SELECT body FROM documents WHERE {' AND '.join(where)} "
            f"ORDER BY created_at {direction}, seq {direction} LIMIT ?",
            (*parameters, query.limit + 1 if query.limit >= 0 else -1),
        )
        has_more = 0 <= query.limit < len(rows)
        items = [_load(row[0]) for row in (rows[: query.limit] if has_more else rows)]
        return Page(items[::-1] if backwards else items, has_more)

    def _position(self, name: str, cursor: str, kind: str, parent: str) -> tuple[Any, ...]:
        rows = self.fetch_rows(
            "SELECT created_at, seq FROM documents WHERE kind = ? AND parent = ? AND id = ?", (kind, parent, cursor)
        )
        if not rows:
            raise UnknownCursorError(name, cursor)
        return rows[0]


def _load(text: str) -> Body:
    body: Body = json.loads(text)
    return body


def _open_reader(path: Path) -> sqlite3.Connection:
    reader = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    reader.execute("PRAGMA query_only = ON")
    return reader


def _enter_wal_mode(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for this one lock by itself when two processes open a new file at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
