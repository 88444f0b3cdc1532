"""Vector stores and searches over a real port, with the official client."""

from collections.abc import Callable

import openai
import pytest

ENGLISH = b"# GPT-2\n\nLanguage models are unsupervised multitask learners."
KOREAN = "# 요약\n\n언어 모델은 비지도 다중 과제 학습기이다.".encode()


def refused(call: Callable[[], object], status: int = 400) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        call()
    assert caught.value.status_code == status
    return caught.value


@pytest.fixture
def store(client):
    """A store with an English and a Korean document that can be told apart by their attributes."""
    created = client.vector_stores.create(name="papers")
    for name, data, language in (("gpt2.md", ENGLISH, "en"), ("요약.md", KOREAN, "ko")):
        client.vector_stores.files.upload_and_poll(
            vector_store_id=created.id, file=(name, data), attributes={"language": language, "pages": len(data)}
        )
    return client.vector_stores.retrieve(created.id)


def test_an_empty_store(client, clock):
    store = client.vector_stores.create()
    assert store.id.startswith("vs_")
    assert (store.name, store.status, store.usage_bytes, store.metadata) == ("", "completed", 0, {})
    assert store.file_counts.total == 0
    assert (store.created_at, store.last_active_at, store.expires_at) == (clock.time, clock.time, None)
    assert client.vector_stores.retrieve(store.id) == store


def test_a_store_made_with_files_indexes_them(client):
    files = [client.files.create(file=(f"{n}.md", ENGLISH), purpose="assistants").id for n in range(3)]
    chunking = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100}}
    store = client.vector_stores.create(file_ids=files, chunking_strategy=chunking)
    assert (store.status, store.file_counts.in_progress) == ("in_progress", 3)
    for file_id in files:
        entry = client.vector_stores.files.poll(file_id, vector_store_id=store.id)
        assert (entry.status, entry.chunking_strategy.model_dump()) == ("completed", chunking)
    store = client.vector_stores.retrieve(store.id)
    assert (store.status, store.file_counts.completed, store.file_counts.total) == ("completed", 3, 3)
    assert store.usage_bytes > 3 * len(ENGLISH)


def test_fields_are_changed_and_cleared(client, clock):
    policy = {"anchor": "last_active_at", "days": 7}
    store = client.vector_stores.create(name="a", metadata={"k": "v"}, expires_after=policy)
    assert store.expires_at == clock.time + 7 * 86_400
    assert store.expires_after.days == 7
    changed = client.vector_stores.update(store.id, name="b")
    assert (changed.name, changed.metadata, changed.expires_at) == ("b", {"k": "v"}, store.expires_at)
    changed = client.vector_stores.update(store.id, metadata={"other": "1"}, expires_after=None)
    assert (changed.name, changed.metadata, changed.expires_at) == ("b", {"other": "1"}, None)
    assert changed.expires_after is None
    changed = client.vector_stores.update(store.id, name=None, metadata=None)
    assert (changed.name, changed.metadata) == ("", {})


def test_stores_are_listed_in_pages_and_deleted(client, store):
    ids = [store.id, *(client.vector_stores.create(name=str(n)).id for n in range(4))]
    assert [item.id for item in client.vector_stores.list(limit=2, order="asc")] == ids
    before = client.vector_stores.list(before=ids[0], limit=3)
    assert [item.id for item in before.data] == [ids[3], ids[2], ids[1]]
    file_id = client.vector_stores.files.list(store.id).data[0].id
    assert client.vector_stores.delete(store.id).model_dump() == {
        "id": store.id,
        "object": "vector_store.deleted",
        "deleted": True,
    }
    refused(lambda: client.vector_stores.retrieve(store.id), 404)
    refused(lambda: client.vector_stores.files.list(store.id), 404)
    refused(lambda: client.vector_stores.search(store.id, query="x"), 404)
    assert client.files.retrieve(file_id).filename == "요약.md"


@pytest.mark.parametrize(
    ("query", "filename"),
    [("unsupervised multitask learners", "gpt2.md"), ("언어 모델", "요약.md"), ("langauge", "gpt2.md")],
)
def test_a_search_finds_the_document(client, store, query, filename):
    page = client.vector_stores.search(store.id, query=query)
    first = page.data[0]
    assert first.filename == filename
    assert first.content[0].text in (ENGLISH.decode(), KOREAN.decode())
    assert 0.3 < first.score <= 1
    assert page.object == "vector_store.search_results.page"
    assert page.search_query == [query]


def test_a_search_takes_filters_limits_thresholds_and_several_queries(client, store):
    search = client.vector_stores.search
    queries = ["multitask learners", "언어 모델"]
    assert len(search(store.id, query=queries).data) == 2
    assert len(search(store.id, query=queries, max_num_results=1).data) == 1
    english = {"type": "eq", "key": "language", "value": "en"}
    (hit,) = search(store.id, query=queries, filters=english).data
    assert (hit.filename, hit.attributes) == ("gpt2.md", {"language": "en", "pages": float(len(ENGLISH))})
    long = {"type": "and", "filters": [{"type": "gt", "key": "pages", "value": 1}, english]}
    assert [hit.filename for hit in search(store.id, query=queries, filters=long).data] == ["gpt2.md"]
    strict = {"ranker": "default-2024-11-15", "score_threshold": 1.0}
    assert search(store.id, query="multitask languages of birds", ranking_options=strict).data == []
    assert search(store.id, query="()").data == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": []}, "query"),
        ({"query": ["a", 1]}, "query[1]"),
        ({"query": "a", "max_num_results": 51}, "max_num_results"),
        ({"query": "a", "max_num_results": 0}, "max_num_results"),
        ({"query": "a", "filters": {"type": "eq", "key": "a"}}, "filters.value"),
        ({"query": "a", "filters": {"type": "or", "filters": [{"type": "x"}]}}, "filters.filters[0].type"),
        ({"query": "a", "ranking_options": {"ranker": "best"}}, "ranking_options.ranker"),
        ({"query": "a", "ranking_options": {"score_threshold": 1.5}}, "ranking_options.score_threshold"),
        ({"query": "a", "extra_body": {"limit": 5}}, "limit"),
    ],
)
def test_a_wrong_search_is_refused(client, store, fields, param):
    assert refused(lambda: client.vector_stores.search(store.id, **fields)).param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"file_ids": ["file-1"] * 501}, "file_ids"),
        ({"chunking_strategy": {"type": "auto"}}, "chunking_strategy"),
        ({"expires_after": {"anchor": "last_active_at", "days": 366}}, "expires_after.days"),
        ({"expires_after": {"anchor": "created_at", "days": 1}}, "expires_after.anchor"),
        ({"metadata": {str(n): "v" for n in range(17)}}, "metadata"),
        ({"name": 5}, "name"),
        (
            {
                "file_ids": ["file-1"],
                "chunking_strategy": {
                    "type": "static",
                    "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51},
                },
            },
            "chunking_strategy.static.chunk_overlap_tokens",
        ),
    ],
)
def test_a_wrong_store_is_refused(client, fields, param):
    assert refused(lambda: client.vector_stores.create(**fields)).param == param


def test_a_store_with_an_unknown_file_is_not_made(client):
    refused(lambda: client.vector_stores.create(file_ids=["file-none"]), 404)
    assert client.vector_stores.list().data == []


def test_a_store_expires_after_its_last_use(client, store, clock):
    client.vector_stores.update(store.id, expires_after={"anchor": "last_active_at", "days": 1})
    clock.time += 86_000
    assert client.vector_stores.search(store.id, query="language").data
    assert client.vector_stores.retrieve(store.id).last_active_at == clock.time
    clock.time += 86_399
    assert client.vector_stores.retrieve(store.id).status == "completed"
    clock.time += 1
    expired = client.vector_stores.retrieve(store.id)
    assert (expired.status, expired.file_counts.total, expired.usage_bytes) == ("expired", 0, 0)
    assert [item.status for item in client.vector_stores.list().data] == ["expired"]
    assert client.vector_stores.files.list(store.id).data == []
    assert "has expired" in refused(lambda: client.vector_stores.search(store.id, query="language")).message
    file_id = client.files.list().data[0].id
    refused(lambda: client.vector_stores.files.create(store.id, file_id=file_id))


def test_replies_have_the_published_shape(client, store, conforms):
    raw = client.vector_stores.with_raw_response
    conforms(raw.create(metadata={"k": "v"}).http_response.json(), "VectorStoreObject")
    policy = {"anchor": "last_active_at", "days": 1}
    conforms(raw.update(store.id, expires_after=policy).http_response.json(), "VectorStoreObject")
    conforms(raw.list().http_response.json(), "ListVectorStoresResponse")
    conforms(raw.search(store.id, query="language").http_response.json(), "VectorStoreSearchResultsPage")
    conforms(raw.delete(store.id).http_response.json(), "DeleteVectorStoreResponse")
