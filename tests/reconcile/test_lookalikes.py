"""What looks like a rename, or like something to import, is asked about, and nothing else is."""

from dataclasses import replace

from orchestrator.model.address import Kind
from orchestrator.model.fields import file_path
from orchestrator.providers.memory import MemoryProvider, StoredObject
from orchestrator.reconcile.planner import PlanOptions
from tests.reconcile.building import (
    FILE,
    OTHER_FILE,
    STORES,
    applied,
    assistant,
    planned,
    project,
    searcher,
    store,
)

FILES = {file_path("a.md"): FILE}


def long(name: str, **more):
    return assistant(name, {"instructions": "Teach", "description": "d", "temperature": 0.5} | more)


def asked(provider, *resources, options=None) -> list[tuple[str, str]]:
    made = planned(provider, project(*resources), options)
    return [(str(item.old), str(item.new)) for item in made.renames]


def live(*resources) -> MemoryProvider:
    provider = MemoryProvider()
    assert applied(provider, project(*resources)).exit_code == 0
    return provider


def test_a_create_and_a_leftover_that_are_nearly_equal_are_asked_about():
    provider = live(long("a"))
    expected = [("assistant.a", "assistant.b")]
    options = [PlanOptions(), PlanOptions(prune=True), PlanOptions(only=("assistant.b",))]
    assert [asked(provider, long("b"), options=each) for each in options] == [expected] * 3
    assert asked(provider, long("b", **{"metadata.team": "new"})) == expected  # four fields of five
    assert asked(provider, long("b", **{"metadata.team": "new", "instructions": "Other"})) == []
    assert asked(provider, long("a"), long("b")) == []  # `a` is still declared
    assert asked(provider) == []


def test_what_the_old_spec_said_beside_counts_too():
    provider = live(long("a", **{"top_p": 0.1, "metadata.x": "y"}))
    assert asked(provider, assistant("b", {"instructions": "Teach"})) == []


def test_the_api_s_name_counts_where_it_is_not_only_the_address():
    kept = {"display_name": "a"}
    assert asked(live(assistant("a")), assistant("b", kept)) == [("assistant.a", "assistant.b")]
    assert asked(live(assistant("a")), assistant("b")) == []  # one equal field, the model, is no likeness
    assert asked(live(assistant("a", {"instructions": "x"})), assistant("b", {"instructions": "x"})) != []


def test_the_files_of_a_store_are_enough_and_others_are_none():
    provider = live(store("old", FILES, whole={"files"}), assistant("a"))
    assert asked(provider, store("new")) == []
    found = [("vector_store.old", "vector_store.new")]
    assert asked(provider, store("new", FILES, whole={"files"})) == found
    assert asked(provider, store("new", {file_path("a.md"): OTHER_FILE}, whole={"files"})) == []


def test_references_count_as_what_they_refer_to():
    provider = live(store(), searcher("a", "papers"))
    assert asked(provider, store(), searcher("b", "papers")) == [("assistant.a", "assistant.b")]
    assert asked(provider, store(), store("other"), searcher("b", "other")) == []


def test_each_is_asked_about_once_and_the_most_alike_first():
    provider = live(long("a"))
    nearer = long("c")
    assert asked(provider, long("b", **{"metadata.team": "new"}), nearer) == [("assistant.a", "assistant.c")]
    assert len(asked(live(long("a"), long("b")), nearer)) == 1


def test_what_is_asked_changes_no_hash():
    made = planned(live(long("a")), project(long("b")))
    assert made.renames
    assert replace(made, renames=()).hash == made.hash


def test_a_create_of_what_is_live_and_nobody_s_is_asked_about():
    def found(*resources, fields=None):
        provider = MemoryProvider()
        basic = {"display_name": "T", "model": "gpt-4o", "instructions": "x"}
        ids = [provider.put(StoredObject(Kind.ASSISTANT, basic | (fields or {}))) for _ in range(2)]
        provider.put(StoredObject(Kind.ASSISTANT, dict(basic), {"orch.owner": "elsewhere/assistant.t"}))
        made = planned(provider, project(*resources))
        assert replace(made, adoptable=()).hash == made.hash
        return [(str(item.address), ids.index(item.id)) for item in made.adoptable]

    named = {"display_name": "T", "instructions": "x"}
    assert found(assistant("a", named)) == [("assistant.a", 0)]
    assert found(assistant("a", named), assistant("b", named), assistant("c", named)) == [
        ("assistant.a", 0),
        ("assistant.b", 1),
    ]
    assert found(assistant("a", named), fields={"instructions": "y"}) == []
    assert found(assistant("T", {"display_name": "else"})) == []
    assert found(assistant("a", ignore=("display_name",)), fields={"display_name": ""}) == [("assistant.a", 0)]


def test_stores_are_asked_about_with_those_who_search_them_and_not_with_declared_files():
    provider = MemoryProvider()
    papers = provider.put(StoredObject(Kind.VECTOR_STORE, {"display_name": "papers"}))
    searching = {"display_name": "tutor", "model": "gpt-4o", "tools.file_search": "file_search", STORES: [papers]}
    tutor = provider.put(StoredObject(Kind.ASSISTANT, searching))
    made = planned(provider, project(store(), searcher("tutor", "papers")))
    assert {(str(item.address), item.id) for item in made.adoptable} == {
        ("vector_store.papers", papers),
        ("assistant.tutor", tutor),
    }
    made = planned(provider, project(store("papers", FILES, whole={"files"}), searcher("tutor", "papers")))
    assert made.adoptable == ()
