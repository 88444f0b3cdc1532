"""Pages of a batch, read in both directions."""

import pytest

from orchestrator.server.knowledge.vector_stores import STORE, VectorStoreDocuments, new_counts
from orchestrator.server.store import EVERYTHING, PageQuery, Store, UnknownCursorError


@pytest.fixture
def documents(store: Store) -> VectorStoreDocuments:
    """A batch `vsfb_1` of the files a to e in `vs_1`, of which c has failed."""
    documents = VectorStoreDocuments(store, lambda: 1000)
    body = {"id": "vs_1", "created_at": 1, "file_counts": new_counts(), "usage_bytes": 0, "status": "completed"}
    store.add(STORE, body)
    for name in "abcde":
        status = "failed" if name == "c" else "completed"
        documents.record("vs_1", None, {"id": name, "created_at": 1, "status": status, "usage_bytes": 1})
    documents.add_batch({"id": "vsfb_1", "created_at": 1, "vector_store_id": "vs_1", "status": "in_progress"}, "abcde")
    return documents


@pytest.mark.parametrize(
    ("query", "status", "names", "more"),
    [
        (EVERYTHING, None, "abcde", False),
        (EVERYTHING, "failed", "c", False),
        (PageQuery(2, "asc"), None, "ab", True),
        (PageQuery(2, "asc", after="b"), None, "cd", True),
        (PageQuery(2, "asc", after="c"), None, "de", False),
        (PageQuery(2, "asc", before="d"), None, "bc", True),
        (PageQuery(2, "asc", after="a", before="e"), None, "bc", True),
        (PageQuery(2, "desc"), None, "ed", True),
        (PageQuery(2, "desc", after="b"), None, "a", False),
        (PageQuery(2, "desc", before="c"), None, "ed", False),
        (PageQuery(2, "asc", after="b"), "completed", "de", False),
    ],
)
def test_pages(documents, query, status, names, more):
    assert documents.fetch_batch_members("vsfb_1", query, status) == (list(names), more)


def test_a_cursor_that_is_not_in_the_list_is_named(documents):
    with pytest.raises(UnknownCursorError, match="before: z"):
        documents.fetch_batch_members("vsfb_1", PageQuery(before="z"), None)


def test_counts_of_store_and_batch(documents):
    counts = {"in_progress": 0, "completed": 4, "failed": 1, "cancelled": 0, "total": 5}
    assert documents.fetch_store("vs_1")["file_counts"] == counts
    assert documents.fetch_store("vs_1")["usage_bytes"] == 5
    batch = documents.fetch_batch("vs_1", "vsfb_1")
    assert (batch["status"], batch["file_counts"]) == ("completed", counts)
