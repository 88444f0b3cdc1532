"""File objects as the engine and the routes use them."""

import asyncio
import io
from collections.abc import Iterator

import pytest

from orchestrator.server.knowledge.blobs import PIECE_BYTES
from orchestrator.server.knowledge.files import UploadedFiles, base_name
from orchestrator.server.store import Store
from orchestrator.server.tools import StoredFile
from orchestrator.server.wire import WireError


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:") as opened:
        yield opened


def test_what_code_wrote_becomes_a_file(store):
    files = UploadedFiles(store, lambda: 1000)
    data = b"png" * PIECE_BYTES
    file_id = files.add("plots/plot.png", data, "assistants_output")
    assert files.fetch_content(file_id) == StoredFile("plot.png", data)
    assert files.fetch(file_id) == {
        "id": file_id,
        "object": "file",
        "bytes": len(data),
        "created_at": 1000,
        "filename": "plot.png",
        "purpose": "assistants_output",
        "status": "processed",
    }


def test_adding_inside_a_transaction_that_fails_leaves_nothing(store):
    files = UploadedFiles(store)
    ids: list[str] = []

    def fail_after_adding() -> None:
        with store.transaction():
            ids.append(files.add("a.txt", b"x", "assistants_output"))
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_adding()
    assert files.fetch_content(ids[0]) is None
    assert list(files.read(ids[0])) == []


def test_a_removed_file_is_gone(store):
    files = UploadedFiles(store)
    file_id = asyncio.run(files.upload("a.txt", io.BytesIO(b"text"), "assistants"))["id"]
    assert files.remove(file_id)
    assert not files.remove(file_id)
    assert files.fetch_content(file_id) is None
    with pytest.raises(WireError, match=file_id):
        files.fetch(file_id)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a.txt", "a.txt"), ("/x/y/a.txt", "a.txt"), ("C:\\x\\a.txt", "a.txt"), ("..", ".."), ("", "file"), ("x/", "x")],
)
def test_base_names(given, kept):
    assert base_name(given) == kept
