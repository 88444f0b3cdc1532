"""Documents enter, change and leave the index whole."""

import sqlite3

import pytest

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.chunking import ChunkingStrategy, split
from orchestrator.server.knowledge.search import SearchRequest, search
from orchestrator.server.knowledge.search_index import ReadRows
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


def test_a_database_from_before_gets_its_totals_counted_once_and_kept_from_then_on(connection):
    for name in ("chunk_counted", "chunk_discounted"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DROP TABLE chunk_totals")
    add(connection)
    search_index.create_tables(connection)
    add(connection, file="file-2", text="a lazy dog")
    add(connection, store="vs_B", text="a lazy dog")
    counted = "SELECT vector_store_id, count(*) FROM chunks GROUP BY vector_store_id ORDER BY 1"
    kept = "SELECT vector_store_id, count FROM chunk_totals ORDER BY 1"
    assert connection.execute(kept).fetchall() == connection.execute(counted).fetchall() != []
    search_index.remove_file(connection, "vs_B", "file-1")
    assert connection.execute(kept).fetchall() == connection.execute(counted).fetchall()


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
    terms = {term for (term,) in connection.execute("SELECT term FROM chunk_vocabulary")}
    assert terms == {"vsa", "fox", "hunt"}
    connection.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")
    connection.execute("INSERT INTO chunk_trigrams (chunk_trigrams) VALUES ('integrity-check')")


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
