"""What the server expects of its tools: running code, searching, files, vector stores.

The engine and the routes know these protocols only; `interpreter/` and `knowledge/` are
given to `create_app` by whoever wires the server, so the server starts without loading them.

An implementation may block a thread of its own, never the event loop: its methods are awaited.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Execution:
    """What one piece of code did."""

    logs: str
    """Standard output, standard error, the value of the last expression and any traceback, as a notebook shows it."""

    images: tuple[bytes, ...] = ()
    """PNG pictures it showed."""

    files: tuple[tuple[str, bytes], ...] = ()
    """Files it wrote: name, content."""

    error: str | None = None
    """The exception that ended it, one line; the traceback is in `logs`."""


class CodeUnavailableError(Exception):
    """Code cannot be run here: an extra or the sandbox is missing; the text says what to install."""


class CodeRunner(Protocol):
    """Runs Python for `code_interpreter`, with one state a thread."""

    async def run(self, thread_id: str, code: str, files: Sequence[tuple[str, bytes]]) -> Execution:
        """Run `code` where earlier code of this thread ran, with `files` (name, content) beside it.

        An error in the code is an Execution with `error`; raises CodeUnavailableError if nothing can run at all.
        May be cancelled, and must then stop the code.
        """
        ...


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One passage found."""

    file_id: str
    filename: str
    score: float
    """0..1, best first in a list of hits."""

    text: str
    attributes: Mapping[str, str | float | bool]


class Searcher(Protocol):
    """Searches vector stores for `file_search`."""

    async def search(
        self,
        vector_store_ids: Sequence[str],
        query: str,
        max_num_results: int,
        ranking_options: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> list[SearchHit]:
        """Find the best passages; `ranking_options` and `filters` are as on the wire, a store that is gone is empty."""
        ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The content of one file object."""

    filename: str
    data: bytes


class Files(Protocol):
    """The Files API as the engine needs it. File objects are documents of kind `file`."""

    def fetch_content(self, file_id: str) -> StoredFile | None:
        """Read one file; None if it is gone."""
        ...

    def add(self, filename: str, data: bytes, purpose: str) -> str:
        """Store a new file object and give its id. May be called inside a store transaction."""
        ...


class VectorStores(Protocol):
    """Vector stores as assistants and threads make them. They are documents of kind `vector_store`."""

    async def create(
        self, file_ids: Sequence[str], chunking_strategy: Mapping[str, Any] | None, metadata: Mapping[str, str]
    ) -> str:
        """Make a store with these files and give its id, without waiting for the indexing."""
        ...

    async def attach(self, vector_store_id: str, file_ids: Sequence[str]) -> None:
        """Add files to a store, without waiting for the indexing."""
        ...

    async def wait_until_indexed(self, vector_store_ids: Sequence[str]) -> None:
        """Return once no file of these stores is still in progress; at once if there are none."""
        ...
