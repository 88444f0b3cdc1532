"""Who works on which run: one row per unfinished run, so that a thread has one run and a run has one worker.

The row of a run in progress names its holder and until when it holds; a holder that died is noticed because its
time ran out, and another engine, in this process or the next, takes over. While a run waits for tool outputs nobody
holds it.
"""

from typing import NamedTuple

from orchestrator.server.store import Store

LEASE_SECONDS = 5.0
NOBODY = ""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS active_runs (
  thread_id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  holder TEXT NOT NULL,
  held_until REAL NOT NULL,
  expires_at REAL NOT NULL,
  cancelling INTEGER NOT NULL DEFAULT 0
);
"""
_COLUMNS = "thread_id, run_id, holder, held_until, expires_at, cancelling"


class Lease(NamedTuple):
    """One unfinished run. Times are Unix seconds."""

    thread_id: str
    run_id: str
    holder: str
    held_until: float
    expires_at: float
    cancelling: bool


class ActiveRuns:
    """The table of unfinished runs. Call the writing methods inside the store transaction that changes the run."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.ensure_schema(_SCHEMA)

    def fetch(self, thread_id: str) -> Lease | None:
        """Read the unfinished run of a thread, if it has one."""
        return next(self._read("WHERE thread_id = ?", (thread_id,)), None)

    def fetch_abandoned(self, time: float) -> list[Lease]:
        """Read the runs whose holder has not renewed in time."""
        return list(self._read("WHERE holder != '' AND held_until < ?", (time,)))

    def fetch_overdue(self, time: float) -> list[Lease]:
        """Read the runs past their `expires_at`."""
        return list(self._read("WHERE expires_at <= ?", (time,)))

    def fetch_held(self, holder: str) -> list[Lease]:
        """Read the runs this holder works on."""
        return list(self._read("WHERE holder = ?", (holder,)))

    def _read(self, where: str, parameters: tuple[object, ...]) -> "map[Lease]":
        rows = self._store.fetch_rows(f"SELECT {_COLUMNS} FROM active_runs {where}", parameters)
        return map(Lease._make, rows)

    def open(self, lease: Lease) -> None:
        """Enter a new run; the thread must have none."""
        self._write(f"INSERT INTO active_runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", tuple(lease))

    def give(self, run_id: str, holder: str, until: float) -> None:
        """Make `holder` (or NOBODY) responsible until then."""
        self._write("UPDATE active_runs SET holder = ?, held_until = ? WHERE run_id = ?", (holder, until, run_id))

    def renew(self, holder: str, until: float) -> None:
        """Prolong everything this holder works on."""
        self._write("UPDATE active_runs SET held_until = ? WHERE holder = ?", (until, holder))

    def mark_cancelling(self, run_id: str) -> None:
        """Tell the holder, wherever it is, to stop."""
        self._write("UPDATE active_runs SET cancelling = 1 WHERE run_id = ?", (run_id,))

    def close(self, run_id: str) -> None:
        """Forget a run that is finished or gone."""
        self._write("DELETE FROM active_runs WHERE run_id = ?", (run_id,))

    def _write(self, sql: str, parameters: tuple[object, ...]) -> None:
        with self._store.transaction() as connection:
            connection.execute(sql, parameters)
