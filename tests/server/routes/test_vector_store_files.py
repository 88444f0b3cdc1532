"""Files and batches in vector stores over a real port, with the official client."""

from collections.abc import Callable
from pathlib import Path

import openai
import pytest

PAPER = Path(__file__).parent.parent / "knowledge" / "data" / "paper.pdf"
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 20}}


def refused(call: Callable[[], object], status: int = 400) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        call()
    assert caught.value.status_code == status
    return caught.value


def upload(client: openai.OpenAI, name: str, data: bytes = b"language models") -> str:
    return client.files.create(file=(name, data), purpose="assistants").id


@pytest.fixture
def store(client):
    return client.vector_stores.create(name="papers").id


def test_a_pdf_is_uploaded_indexed_read_and_found(client, store):
    entry = client.vector_stores.files.upload_and_poll(vector_store_id=store, file=PAPER)
    assert (entry.status, entry.last_error, entry.vector_store_id) == ("completed", None, store)
    auto = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
    assert entry.chunking_strategy.model_dump() == auto
    (content,) = client.vector_stores.files.content(entry.id, vector_store_id=store).data
    assert content.text.split("\n\n") == [
        "Language models are unsupervised multitask learners",
        "언어 모델은 비지도 다중 과제 학습기이다",
    ]
    assert client.vector_stores.search(store, query="언어 모델").data[0].filename == "paper.pdf"


def test_attaching_answers_at_once_and_says_when_to_look_again(client, store):
    reply = client.vector_stores.files.with_raw_response.create(store, file_id=upload(client, "a.md"))
    assert reply.parse().status == "in_progress"
    assert reply.headers["openai-poll-after-ms"] == "20"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("table.csv", b"a,b", "unsupported_file"),
        ("broken.pdf", b"%PDF-1.7 nothing", "invalid_file"),
        ("photo.txt", b"\x89PNG\x00", "invalid_file"),
        ("empty.md", b"", "invalid_file"),
    ],
)
def test_a_file_that_cannot_be_read_fails_and_says_why(client, store, name, data, code):
    entry = client.vector_stores.files.upload_and_poll(vector_store_id=store, file=(name, data))
    assert (entry.status, entry.last_error.code) == ("failed", code)
    assert entry.last_error.message.startswith(name)
    counts = client.vector_stores.retrieve(store).file_counts
    assert (counts.failed, counts.completed, counts.total) == (1, 0, 1)


def test_attributes_are_replaced_and_seen_by_filters(client, store):
    entry = client.vector_stores.files.upload_and_poll(
        vector_store_id=store, file=("a.md", b"language models"), attributes={"year": 2019, "draft": True, "by": "x"}
    )
    assert entry.attributes == {"year": 2019, "draft": True, "by": "x"}
    changed = client.vector_stores.files.update(entry.id, vector_store_id=store, attributes={"year": 2024})
    assert (changed.attributes, changed.status) == ({"year": 2024}, "completed")
    recent = {"type": "gte", "key": "year", "value": 2020}
    assert client.vector_stores.search(store, query="language", filters=recent).data
    assert client.vector_stores.files.update(entry.id, vector_store_id=store, attributes=None).attributes == {}
    assert not client.vector_stores.search(store, query="language", filters=recent).data


@pytest.mark.parametrize(
    ("attributes", "param"),
    [
        ({str(n): 1 for n in range(17)}, "attributes"),
        ({"k" * 65: 1}, "attributes"),
        ({"k": "v" * 513}, "attributes.k"),
        ({"k": ["v"]}, "attributes.k"),
        ({"k": None}, "attributes.k"),
    ],
)
def test_wrong_attributes_are_refused(client, store, attributes, param):
    file_id = upload(client, "a.md")
    assert (
        refused(lambda: client.vector_stores.files.create(store, file_id=file_id, attributes=attributes)).param == param
    )


def test_a_detached_file_stays_and_is_not_found_any_more(client, store):
    entry = client.vector_stores.files.upload_and_poll(vector_store_id=store, file=("a.md", b"language models"))
    gone = client.vector_stores.files.delete(entry.id, vector_store_id=store)
    assert gone.model_dump() == {"id": entry.id, "object": "vector_store.file.deleted", "deleted": True}
    refused(lambda: client.vector_stores.files.retrieve(entry.id, vector_store_id=store), 404)
    refused(lambda: client.vector_stores.files.delete(entry.id, vector_store_id=store), 404)
    assert client.vector_stores.search(store, query="language").data == []
    assert client.vector_stores.retrieve(store).usage_bytes == 0
    assert client.files.retrieve(entry.id).filename == "a.md"


def test_a_deleted_file_leaves_every_store(client, store):
    other = client.vector_stores.create().id
    entry = client.vector_stores.files.upload_and_poll(vector_store_id=store, file=("a.md", b"language models"))
    client.vector_stores.files.create_and_poll(entry.id, vector_store_id=other)
    client.files.delete(entry.id)
    for place in (store, other):
        assert client.vector_stores.files.list(place).data == []
        assert client.vector_stores.search(place, query="language").data == []
        assert client.vector_stores.retrieve(place).file_counts.total == 0


def test_attaching_twice_is_one_entry_with_the_newer_attributes(client, store):
    entry = client.vector_stores.files.upload_and_poll(
        vector_store_id=store, file=("a.md", b"language models"), attributes={"v": 1}
    )
    again = client.vector_stores.files.create(store, file_id=entry.id, attributes={"v": 2})
    assert (again.status, again.attributes, again.created_at) == ("completed", {"v": 2}, entry.created_at)
    assert client.vector_stores.files.create(store, file_id=entry.id).attributes == {"v": 2}
    assert client.vector_stores.retrieve(store).file_counts.total == 1


def test_attaching_with_another_chunking_indexes_again(client, store):
    text = ("word " * 90 + "\n\n").encode() * 3
    entry = client.vector_stores.files.upload_and_poll(vector_store_id=store, file=("a.md", text))
    assert len(client.vector_stores.search(store, query="word").data) == 1
    again = client.vector_stores.files.create_and_poll(entry.id, vector_store_id=store, chunking_strategy=STATIC)
    assert (again.status, again.chunking_strategy.model_dump()) == ("completed", STATIC)
    assert len(client.vector_stores.search(store, query="word").data) > 2
    assert client.vector_stores.retrieve(store).file_counts.model_dump()["completed"] == 1


def test_files_are_listed_in_pages_and_by_status(client, store):
    good = [upload(client, f"{n}.md") for n in range(4)]
    bad = upload(client, "x.csv")
    batch = client.vector_stores.file_batches.create_and_poll(store, file_ids=[*good, bad])
    assert (batch.status, batch.file_counts.completed, batch.file_counts.failed) == ("completed", 4, 1)
    files = client.vector_stores.files
    assert [entry.id for entry in files.list(store, order="asc", limit=2)] == [*good, bad]
    assert [entry.id for entry in files.list(store, filter="failed").data] == [bad]
    assert refused(lambda: files.list(store, filter="done")).code == "invalid_value"
    in_batch = client.vector_stores.file_batches.list_files
    assert [entry.id for entry in in_batch(batch.id, vector_store_id=store, order="asc", limit=2)] == [*good, bad]
    failed = in_batch(batch.id, vector_store_id=store, filter="failed").data
    assert [entry.last_error.code for entry in failed] == ["unsupported_file"]
    page = in_batch(batch.id, vector_store_id=store, before=good[1])
    assert [entry.id for entry in page.data] == [bad, good[3], good[2]]
    assert refused(lambda: in_batch(batch.id, vector_store_id=store, after="file-none")).param == "after"


def test_a_batch_of_uploads(client, store):
    streams = [("a.md", b"language models"), ("b.txt", "언어 모델은".encode()), PAPER]
    batch = client.vector_stores.file_batches.upload_and_poll(store, files=streams)
    assert batch.id.startswith("vsfb_")
    assert (batch.status, batch.file_counts.completed, batch.file_counts.total) == ("completed", 3, 3)
    assert {hit.filename for hit in client.vector_stores.search(store, query="언어 모델").data} >= {
        "b.txt",
        "paper.pdf",
    }


def test_a_batch_with_options_for_each_file(client, store):
    first, second = upload(client, "a.md"), upload(client, "b.md")
    client.vector_stores.file_batches.create_and_poll(
        store,
        files=[{"file_id": first, "attributes": {"n": 1}}, {"file_id": second, "chunking_strategy": STATIC}],
        attributes={"n": 9},
    )
    entries = {entry.id: entry for entry in client.vector_stores.files.list(store).data}
    assert (entries[first].attributes, entries[second].attributes) == ({"n": 1}, {})
    assert entries[second].chunking_strategy.model_dump() == STATIC


def test_a_batch_whose_files_all_fail_has_failed(client, store):
    batch = client.vector_stores.file_batches.upload_and_poll(store, files=[("a.csv", b"x"), ("b.csv", b"y")])
    assert (batch.status, batch.file_counts.failed) == ("failed", 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"file_ids": []},
        {"file_ids": ["file-1"] * 2001},
        {"file_ids": ["file-1"], "files": [{"file_id": "file-1"}]},
        {},
        {"files": [{"attributes": {}}]},
    ],
)
def test_a_wrong_batch_is_refused(client, store, fields):
    refused(lambda: client.vector_stores.file_batches.create(store, **fields))


def test_a_batch_with_an_unknown_file_attaches_nothing(client, store):
    file_ids = [upload(client, "a.md"), "file-none"]
    refused(lambda: client.vector_stores.file_batches.create(store, file_ids=file_ids), 404)
    assert client.vector_stores.files.list(store).data == []


def test_a_cancelled_batch_stops(client, store):
    slow = ("word " * 150_000).encode()
    files = [upload(client, f"{n}.md", slow) for n in range(3)]
    batch = client.vector_stores.file_batches.create(store, file_ids=files)
    cancelled = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store)
    assert cancelled.status == "cancelled"
    assert cancelled.file_counts.in_progress == 0
    assert cancelled.file_counts.cancelled >= 2
    statuses = [entry.status for entry in client.vector_stores.files.list(store, order="asc").data]
    assert statuses[1:] == ["cancelled", "cancelled"]
    again = client.vector_stores.files.create_and_poll(files[2], vector_store_id=store)
    assert again.status == "completed"


def test_cancelling_a_finished_batch_changes_nothing(client, store):
    batch = client.vector_stores.file_batches.upload_and_poll(store, files=[("a.md", b"x")])
    assert client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store) == batch


def test_what_is_not_there_is_not_found(client, store):
    file_id = upload(client, "a.md")
    refused(lambda: client.vector_stores.files.create("vs_none", file_id=file_id), 404)
    refused(lambda: client.vector_stores.files.create(store, file_id="file-none"), 404)
    refused(lambda: client.vector_stores.file_batches.retrieve("vsfb_none", vector_store_id=store), 404)
    refused(lambda: client.vector_stores.file_batches.create("vs_none", file_ids=[file_id]), 404)


def test_replies_have_the_published_shape(client, store, conforms):
    raw, batches = client.vector_stores.files.with_raw_response, client.vector_stores.file_batches.with_raw_response
    good, bad = upload(client, "a.md"), upload(client, "a.csv")
    conforms(
        raw.create(store, file_id=good, attributes={"n": 1, "b": True}).http_response.json(), "VectorStoreFileObject"
    )
    batch = batches.create(store, file_ids=[good, bad]).http_response.json()
    conforms(batch, "VectorStoreFileBatchObject")
    client.vector_stores.file_batches.poll(batch["id"], vector_store_id=store)
    in_batch = batches.list_files(batch["id"], vector_store_id=store)
    for reply in (raw.list(store), in_batch):
        conforms(reply.http_response.json(), "ListVectorStoreFilesResponse")
    conforms(raw.retrieve(bad, vector_store_id=store).http_response.json(), "VectorStoreFileObject")
    conforms(raw.content(good, vector_store_id=store).http_response.json(), "VectorStoreFileContentResponse")
    conforms(raw.delete(good, vector_store_id=store).http_response.json(), "DeleteVectorStoreFileResponse")
