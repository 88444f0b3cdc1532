"""Documents enter, change and leave the index whole."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.chunking import ChunkingStrategy, split
from orchestrator.server.knowledge.search import SearchRequest, search
from orchestrator.server.knowledge.search_index import ReadRows
from orchestrator.server.knowledge.vector_stores import VectorStoreDocuments
from orchestrator.server.store import Store

TEXT = "# 제목\n\n" + "".join(f"문단 {n}: the quick brown fox number {n} jumps.\n\n" for n in range(40))


def read(connection: sqlite3.Connection) -> ReadRows:
    return lambda sql, parameters: connection.execute(sql, parameters).fetchall()


@pytest.fixture
def connection():
    with Store.open(":memory:") as store, store.transaction() as opened:
        search_index.create_tables(opened)
        yield opened


def add(connection: sqlite3.Connection, store: str = "vs_A", file: str = "file-1", text: str = TEXT) -> int:
    entries, attempt = prepared(text), search_index.new_attempt()
    search_index.add_chunks(connection, store, file, attempt, entries)
    search_index.finish_file(connection, store, file, attempt, "fox.md", {})
    return sum(entry.size for entry in entries)


def prepared(text: str) -> list[search_index.Entry]:
    return search_index.prepare(split(text, ChunkingStrategy(100, 30)))


def found(connection: sqlite3.Connection, query: str, store: str = "vs_A") -> set[str]:
    return {hit.file_id for hit in search(read(connection), SearchRequest((query,), (store,)))}


def test_the_schema_can_be_made_twice(connection):
    add(connection)
    search_index.create_tables(connection)
    assert found(connection, "fox") == {"file-1"}


def whole(connection: sqlite3.Connection) -> None:
    """Hold what is counted to the chunks, and the indexes to their contents."""
    connection.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")
    connection.execute("INSERT INTO word_parts (word_parts) VALUES ('integrity-check')")
    for store, number, count, terms in connection.execute("SELECT * FROM chunk_totals").fetchall():
        rows = connection.execute("SELECT terms FROM chunks WHERE vector_store_id = ?", (store,)).fetchall()
        assert (len(rows), sum(len(row[0].split()) for row in rows)) == (count, terms)
        words = Counter(term for row in rows for term in set(row[0].split()))
        assert dict(connection.execute("SELECT term, chunks FROM words WHERE store = ?", (number,))) == words


def test_what_is_counted_follows_what_comes_and_goes(connection):
    for file in ("file-1", "file-2"):
        add(connection, file=file)
        add(connection, "vs_B", file, "other words")
    whole(connection)
    add(connection, text="a lazy dog")
    search_index.remove_file(connection, "vs_B", "file-1")
    whole(connection)


def test_a_database_from_before_is_indexed_again_and_its_vectors_stay(tmp_path):
    """`data/index-1.sql` is what the first layout left of two stores, one of them half indexed, with a vector."""
    path = tmp_path / "server.db"
    with closing(sqlite3.connect(path)) as former:
        former.executescript((Path(__file__).parent / "data" / "index-1.sql").read_text(encoding="utf-8"))
    with Store.open(path) as store:
        for _ in range(2):
            VectorStoreDocuments(store)
        with store.transaction() as connection:
            whole(connection)
            assert found(connection, "foxes") == {"file-1"}
            assert found(connection, "대출", "vs_B") == {"file-2"}
            assert found(connection, "unfinished") == set()
            search_index.remove_file(connection, "vs_A", "file-1")
            assert connection.execute("SELECT count(*) FROM chunk_embeddings").fetchone() == (1,)
            whole(connection)


def test_the_text_comes_back_whole(connection):
    assert add(connection) > len(TEXT.encode())
    assert len(search_index.read_passages(read(connection), "vs_A", "file-1")) > 3
    assert search_index.read_text(read(connection), "vs_A", "file-1") == TEXT.strip()


def test_a_second_indexing_replaces_the_first(connection):
    add(connection)
    add(connection, text="a lazy dog")
    assert found(connection, "fox") == set()
    assert found(connection, "lazy dog") == {"file-1"}


def test_a_removed_file_leaves_nothing_behind(connection):
    add(connection)
    add(connection, file="file-2", text="fox hunt")
    search_index.remove_file(connection, "vs_A", "file-1")
    assert found(connection, "fox") == {"file-2"}
    assert search_index.read_text(read(connection), "vs_A", "file-1") == ""
    assert connection.execute("SELECT term, chunks FROM words ORDER BY term").fetchall() == [("fox", 1), ("hunt", 1)]
    whole(connection)
    search_index.remove_file(connection, "vs_A", "file-2")
    for table in ("chunks", "chunk_totals", "words", "indexed_files"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    whole(connection)


def test_a_file_in_two_stores_is_removed_from_one(connection):
    add(connection)
    add(connection, store="vs_B")
    search_index.remove_file(connection, "vs_A", "file-1")
    assert found(connection, "fox") == set()
    assert found(connection, "fox", "vs_B") == {"file-1"}


def test_attributes_change_in_place(connection):
    add(connection)
    search_index.set_attributes(connection, "vs_A", "file-1", {"topic": "animals"})
    search_index.set_attributes(connection, "vs_A", "file-none", {"topic": "nobody"})
    hits = search(read(connection), SearchRequest(("fox",), ("vs_A",)))
    assert {hit.attributes["topic"] for hit in hits} == {"animals"}


def test_a_document_is_found_only_when_it_is_finished(connection):
    entries = prepared(TEXT)
    for portion in (entries[:2], entries[2:]):
        search_index.add_chunks(connection, "vs_A", "file-1", 7, portion)
        assert found(connection, "fox") == set()
        assert search_index.read_passages(read(connection), "vs_A", "file-1") == []
    search_index.finish_file(connection, "vs_A", "file-1", 7, "fox.md", {})
    assert found(connection, "fox") == {"file-1"}


def test_the_old_chunks_are_found_until_the_new_ones_are_finished(connection):
    add(connection, text="a lazy dog")
    search_index.add_chunks(connection, "vs_A", "file-1", 7, prepared(TEXT))
    assert found(connection, "lazy dog") == {"file-1"}
    search_index.finish_file(connection, "vs_A", "file-1", 7, "fox.md", {})
    assert found(connection, "lazy dog") == set()
    assert found(connection, "fox") == {"file-1"}


def test_of_two_attempts_at_once_the_one_that_gives_up_takes_only_its_own_back(connection):
    search_index.add_chunks(connection, "vs_A", "file-1", 7, prepared(TEXT)[:1])
    add(connection)
    search_index.add_chunks(connection, "vs_A", "file-1", 7, prepared(TEXT)[1:])
    search_index.discard(connection, "vs_A", "file-1", 7)
    assert search_index.read_text(read(connection), "vs_A", "file-1") == TEXT.strip()
