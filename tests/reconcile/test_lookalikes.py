"""What looks like a rename is asked about, and nothing else is."""

from dataclasses import replace

from orchestrator.model.fields import file_path
from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.planner import PlanOptions
from tests.reconcile.building import (
    FILE,
    OTHER_FILE,
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
