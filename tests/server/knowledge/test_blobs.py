"""Contents are stored in pieces and come back as they were."""

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.server.knowledge import blobs
from orchestrator.server.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:") as opened:
        blobs.create_table(opened)
        yield opened


class Broken(io.BytesIO):
    """A file that ends in an error instead of its end."""

    def read(self, size: int | None = -1, /) -> Any:
        if self.tell() >= blobs.PIECE_BYTES:
            raise OSError("disk gone")
        return super().read(size)


@pytest.mark.parametrize("size", [0, 1, blobs.PIECE_BYTES, blobs.PIECE_BYTES * 2 + 5])
def test_a_content_comes_back_in_pieces(store, size):
    data = bytes(n % 251 for n in range(size))
    assert asyncio.run(blobs.write_all(store, "file-1", io.BytesIO(data))) == size
    pieces = list(blobs.read_pieces(store, "file-1"))
    assert b"".join(pieces) == data
    assert all(len(piece) <= blobs.PIECE_BYTES for piece in pieces)


def test_contents_do_not_mix_and_are_removed_alone(store):
    for name in ("file-1", "file-2"):
        asyncio.run(blobs.write_all(store, name, io.BytesIO(name.encode())))
    blobs.remove(store, "file-1")
    assert list(blobs.read_pieces(store, "file-1")) == []
    assert list(blobs.read_pieces(store, "file-2")) == [b"file-2"]


def test_a_copy_that_fails_leaves_nothing(store):
    with pytest.raises(OSError, match="disk gone"):
        asyncio.run(blobs.write_all(store, "file-1", Broken(b"x" * blobs.PIECE_BYTES * 2)))
    assert store.fetch_rows("SELECT count(*) FROM blob_pieces") == [(0,)]


def test_a_copy_that_is_cancelled_leaves_nothing(store):
    async def cancelled() -> None:
        task = asyncio.create_task(blobs.write_all(store, "file-1", io.BytesIO(b"x" * blobs.PIECE_BYTES * 3)))
        while not store.fetch_rows("SELECT 1 FROM blob_pieces"):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(cancelled())
    assert store.fetch_rows("SELECT count(*) FROM blob_pieces") == [(0,)]


def test_what_a_killed_upload_left_is_removed_when_it_is_old(store):
    for name in ("file-1", "file-2"):
        asyncio.run(blobs.write_all(store, name, io.BytesIO(b"x" * (blobs.PIECE_BYTES + 1))))
    store.add("file", {"id": "file-1", "created_at": 1})
    assert blobs.remove_orphans(store, "file") == 0
    assert blobs.remove_orphans(store, "file", older_than=0) == 1
    assert store.fetch_rows("SELECT DISTINCT blob_id FROM blob_pieces") == [("file-1",)]
