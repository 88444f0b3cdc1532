"""The files of the Files API: what was uploaded, and what code wrote."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO

from orchestrator.server.knowledge import blobs
from orchestrator.server.store import Body, Store
from orchestrator.server.tools import StoredFile
from orchestrator.server.wire import missing_object, new_id, now

KIND = "file"
MAX_FILE_BYTES = 512 * 1024**2


class UploadedFiles:
    """File objects (documents of kind `file`, as the wire shows them) and their contents; a `tools.Files`.

    `clock` gives the time in Unix seconds. A file that has expired is gone from that second on.
    """

    def __init__(self, store: Store, clock: Callable[[], int] = now) -> None:
        self._store = store
        self._clock = clock
        blobs.create_table(store)
        blobs.remove_orphans(store, KIND)

    def add(self, filename: str, data: bytes, purpose: str) -> str:
        """Store a new file and give its id; also inside a transaction of the caller."""
        file_id = new_id("file-")
        with self._store.transaction():
            for position, start in enumerate(range(0, len(data), blobs.PIECE_BYTES)):
                blobs.write_piece(self._store, file_id, position, data[start : start + blobs.PIECE_BYTES])
            self._store.add(KIND, self._describe(file_id, filename, len(data), purpose, None))
        return file_id

    async def upload(self, filename: str, content: IO[bytes], purpose: str, expires_seconds: int | None = None) -> Body:
        """Store a file of any size and give its object; the object appears once the whole content is safe."""
        file_id = new_id("file-")
        size = await blobs.write_all(self._store, file_id, content)
        body = self._describe(file_id, filename, size, purpose, expires_seconds)
        self._store.add(KIND, body)
        return body

    def fetch(self, file_id: str) -> Body:
        """Read a file object; raises WireError 404."""
        body = self._store.fetch(KIND, file_id)
        if body is None or body.get("expires_at", self._clock() + 1) <= self._clock():
            raise missing_object("file", file_id)
        return body

    def fetch_content(self, file_id: str) -> StoredFile | None:
        """Read one file whole; None if it is gone."""
        body = self._store.fetch(KIND, file_id)
        return StoredFile(body["filename"], b"".join(self.read(file_id))) if body else None

    def read(self, file_id: str) -> Iterator[bytes]:
        """The content in pieces, for files that may be large."""
        return blobs.read_pieces(self._store, file_id)

    def remove(self, file_id: str) -> bool:
        """Delete object and content; False if there was none. Vector stores are not this class's business."""
        with self._store.transaction():
            blobs.remove(self._store, file_id)
            return self._store.remove(KIND, file_id)

    def _describe(self, file_id: str, filename: str, size: int, purpose: str, expires_seconds: int | None) -> Body:
        created_at = self._clock()
        body: Body = {
            "id": file_id,
            "object": "file",
            "bytes": size,
            "created_at": created_at,
            "filename": base_name(filename),
            "purpose": purpose,
            "status": "processed",
        }
        return body if expires_seconds is None else {**body, "expires_at": created_at + expires_seconds}


def base_name(filename: str) -> str:
    """The last part of a path of any system: an upload never says where it came from, nor where it should go."""
    return PureWindowsPath(PurePosixPath(filename).name).name or "file"
