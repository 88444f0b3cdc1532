import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.server.store import SCHEMA_VERSION, PageQuery, Store, StoreError, UnknownCursorError


def add(store: Store, *ids: str, parent: str = "", at: int = 1) -> None:
    for id in ids:
        store.add("thing", {"id": id, "created_at": at, "colour": "red" if id < "c" else "blue"}, parent)


def ids(store: Store, parent: str = "", **query) -> tuple[list[str], bool]:
    page = store.fetch_page("thing", parent, PageQuery(**query))
    return [item["id"] for item in page.items], page.has_more


def test_documents_come_back_as_they_went_in(store):
    body = {"id": "a", "created_at": 1, "text": "한국어 \0 \ud800", "nested": {"list": [1, 2.5, None, True]}}
    store.add("thing", body)
    assert store.fetch("thing", "a") == body
    assert store.fetch("thing", "a", "elsewhere") is None
    assert store.fetch("other", "a") is None


def test_an_id_is_taken_once_in_one_parent(store):
    add(store, "a")
    add(store, "a", parent="p")
    with pytest.raises(sqlite3.IntegrityError):
        add(store, "a")


def test_replace_change_and_remove(store):
    add(store, "a")
    assert store.replace("thing", {"id": "a", "created_at": 1, "n": 1})
    assert store.change("thing", "a", lambda body: {**body, "n": body["n"] + 1}) == {"id": "a", "created_at": 1, "n": 2}
    assert store.fetch("thing", "a") == {"id": "a", "created_at": 1, "n": 2}
    assert store.change("thing", "b", lambda body: body) is None
    assert not store.replace("thing", {"id": "b", "created_at": 1})
    assert store.remove("thing", "a")
    assert not store.remove("thing", "a")


def test_remove_all_and_count_stay_in_one_parent(store):
    add(store, "a", "b", parent="p")
    add(store, "c", parent="q")
    assert store.remove_all("thing", "p") == 2
    assert (store.count("thing", "p"), store.count("thing", "q")) == (0, 1)


def test_pages_go_by_time_then_arrival(store):
    add(store, "late", at=9)
    add(store, "a", "b", "c", at=5)
    assert ids(store, order="asc") == (["a", "b", "c", "late"], False)
    assert ids(store) == (["late", "c", "b", "a"], False)
    assert ids(store, limit=2) == (["late", "c"], True)
    assert ids(store, limit=2, after="c") == (["b", "a"], False)
    assert ids(store, limit=1, after="c") == (["b"], True)
    assert ids(store, limit=4, order="asc") == (["a", "b", "c", "late"], False)


def test_before_alone_gives_the_page_that_ends_there(store):
    add(store, "a", "b", "c", "d")
    assert ids(store, order="asc", before="d", limit=2) == (["b", "c"], True)
    assert ids(store, order="asc", before="c", limit=2) == (["a", "b"], False)
    assert ids(store, before="a", limit=2) == (["c", "b"], True)
    assert ids(store, order="asc", after="a", before="d") == (["b", "c"], False)


def test_an_unknown_cursor_is_an_error(store):
    add(store, "a", parent="p")
    for name, query in (("after", PageQuery(after="a")), ("before", PageQuery(before="a"))):
        with pytest.raises(UnknownCursorError) as caught:
            store.fetch_page("thing", "", query)
        assert (caught.value.parameter, caught.value.cursor) == (name, "a")


def test_a_list_can_be_narrowed(store):
    add(store, "a", "b", "c", "d")
    page = store.fetch_page("thing", "", PageQuery(limit=1, order="asc", after="a"), {"colour": "red"})
    assert [item["id"] for item in page.items] == ["b"]
    assert not page.has_more


class BoomError(Exception):
    pass


def add_and_fail(store: Store, id: str) -> None:
    with store.transaction():
        add(store, id)
        raise BoomError


def test_a_transaction_is_all_or_nothing(store):
    with pytest.raises(BoomError):
        add_and_fail(store, "a")
    assert store.count("thing") == 0


def test_an_inner_transaction_fails_alone(store):
    with store.transaction():
        add(store, "a")
        with pytest.raises(BoomError):
            add_and_fail(store, "b")
        add(store, "c")
    assert ids(store, order="asc") == (["a", "c"], False)


def test_threads_share_one_store(store):
    def write(name: str) -> None:
        for number in range(50):
            with store.transaction():
                add(store, f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count("thing") == 200


def test_other_tables_may_have_triggers(store):
    script = """
    CREATE TABLE IF NOT EXISTS parts (n INTEGER);
    CREATE TABLE IF NOT EXISTS doubled (n INTEGER);
    CREATE TRIGGER IF NOT EXISTS part_added AFTER INSERT ON parts BEGIN
      INSERT INTO doubled VALUES (new.n * 2); INSERT INTO doubled VALUES (new.n * 3);
    END;
    """
    store.ensure_schema(script)
    store.ensure_schema(script)
    with store.transaction() as connection:
        connection.execute("INSERT INTO parts VALUES (7)")
    assert store.fetch_rows("SELECT n FROM doubled ORDER BY n") == [(14,), (21,)]


def test_memory_is_a_store_too():
    with Store.open(":memory:") as store:
        add(store, "a")
        assert ids(store) == (["a"], False)


def test_what_was_written_is_there_after_opening_again(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        add(store, "a")
    with Store.open(tmp_path / "a.db") as store:
        assert ids(store) == (["a"], False)


def test_a_newer_file_is_refused(tmp_path):
    path = tmp_path / "a.db"
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match="written by a newer orch"):
        Store.open(path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "a.db"
    path.write_text("this is not a database, it only says so at length " * 100)
    with pytest.raises(StoreError, match="cannot be used as a database"):
        Store.open(path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="cannot be used as a database"):
        Store.open(tmp_path / "missing" / "a.db")


WRITER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from orchestrator.server.store import Store
store = Store.open(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    with store.transaction():
        store.add("thing", {"id": f"{sys.argv[2]}{number}", "created_at": 1})
    print(number, flush=True)
"""


def start_writer(path: Path, name: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_processes_that_open_and_write_one_new_file_wait_for_each_other(tmp_path):
    writers = [start_writer(tmp_path / "a.db", name, 100) for name in ("a", "b", "c")]
    outputs = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert all(len(output.splitlines()) == 100 for output in outputs)
    with Store.open(tmp_path / "a.db") as store:
        assert store.count("thing") == 300


def test_a_writer_waits_for_a_transaction_of_another_process(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        with store.transaction():
            writer = start_writer(tmp_path / "a.db", "a", 1)
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(0.5)
            add(store, "mine")
        assert writer.communicate(timeout=30)[0] == "0\n"
        assert store.count("thing") == 2


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path):
    with start_writer(tmp_path / "a.db", "a", 1_000_000) as writer:
        assert writer.stdout is not None
        for _ in range(200):
            acknowledged = json.loads(writer.stdout.readline())
        writer.kill()
        writer.wait()
    with Store.open(tmp_path / "a.db") as store:
        assert store.fetch("thing", f"a{acknowledged}") is not None
        assert store.count("thing") >= acknowledged + 1


def test_what_reads_apart_neither_waits_for_a_transaction_nor_sees_half_of_it(tmp_path):
    with Store.open(tmp_path / "server.db") as store:
        store.add("thread", {"id": "one", "created_at": 1})
        with ThreadPoolExecutor() as pool, store.transaction():
            store.add("thread", {"id": "two", "created_at": 2})
            apart = pool.submit(store.fetch_apart, "SELECT id FROM documents ORDER BY id")
            assert apart.result(timeout=10) == [("one",)]
        assert store.fetch_apart("SELECT id FROM documents ORDER BY id") == [("one",), ("two",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store.fetch_apart("DELETE FROM documents")
    with Store.open(":memory:") as store:
        assert store.fetch_apart("SELECT count(*) FROM documents") == [(0,)]
