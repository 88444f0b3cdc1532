import asyncio
from typing import Any

import pytest

from orchestrator.errors import TargetBusyError, TargetMissingError, TargetRejectedError, TargetUnknownError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref
from orchestrator.model.ownership import Baseline, Marks
from orchestrator.providers.interface import Desired, Provider
from orchestrator.providers.memory import Fault, MemoryProvider, StoredObject
from tests.providers.building import JOURNAL

TUTOR, PAPERS = Address(Kind.ASSISTANT, "tutor"), Address(Kind.VECTOR_STORE, "papers")
STORES = "tools.file_search.vector_stores"
A = 'files["a \\"b\\".md"]'
FILE = {"sha256": "aa", "attributes": {}, "chunking": {}}


def desired(where, fields, ids=None):
    return Desired(where, fields, Marks("p", where, Baseline.of(fields)), ids or {})


def run(call):
    return asyncio.run(call)


def test_it_is_a_provider():
    provider: Provider = MemoryProvider()
    run(provider.close())


def test_what_is_created_is_read_back_with_marks_and_defaults():
    provider = MemoryProvider()
    wanted = desired(TUTOR, {"model": "m", "metadata.team": "x", "description": None})
    id = run(provider.create(wanted, JOURNAL))
    live = run(provider.fetch(Kind.ASSISTANT, id))
    assert live.fields == {"model": "m", "metadata.team": "x", "temperature": 1, "top_p": 1, "response_format": "auto"}
    assert live.marks == wanted.marks
    assert run(provider.fetch_live(Kind.ASSISTANT)) == (live,)
    assert run(provider.fetch_live(Kind.VECTOR_STORE)) == ()


def test_references_become_ids_and_must_exist():
    provider = MemoryProvider()
    papers = run(provider.create(desired(PAPERS, {}), JOURNAL))
    wanted = {"tools.file_search": "file_search", STORES: [Ref(PAPERS)]}
    tutor = run(provider.create(desired(TUTOR, wanted, {PAPERS: papers}), JOURNAL))
    assert provider.objects[tutor].fields[STORES] == [papers]
    with pytest.raises(TargetRejectedError, match="vs_9"):
        run(provider.create(desired(TUTOR, wanted, {PAPERS: "vs_9"}), JOURNAL))


def test_metadata_is_limited():
    provider = MemoryProvider()
    with pytest.raises(TargetRejectedError, match="16 pairs"):
        run(provider.create(desired(TUTOR, {f"metadata.k{number}": "v" for number in range(15)}), JOURNAL))
    with pytest.raises(TargetRejectedError, match="512"):
        run(provider.create(desired(TUTOR, {"metadata.k": "v" * 513}), JOURNAL))
    assert provider.objects == {}


def test_files_are_counted_in_a_list_and_read_on_demand():
    provider = MemoryProvider()
    id = run(provider.create(desired(PAPERS, {A: FILE}), JOURNAL))
    provider.objects[id].files["theirs.md"] = dict(FILE)
    provider.objects[id].foreign_files.add("theirs.md")
    (live,) = run(provider.fetch_live(Kind.VECTOR_STORE))
    assert (live.file_count, live.files) == (2, None)
    read = run(provider.fetch_files(live))
    assert read.fields == {A: FILE, 'files["theirs.md"]': FILE}
    assert {label: item.ours for label, item in read.files.items()} == {'a "b".md': True, "theirs.md": False}


def test_an_update_touches_changed_fields_only_and_removes_what_is_not_wanted():
    provider = MemoryProvider()
    id = run(provider.create(desired(PAPERS, {A: FILE, "display_name": "a", "expires_after": {"days": 1}}), JOURNAL))
    (live,) = run(provider.fetch_live(Kind.VECTOR_STORE))
    wanted = desired(PAPERS, {"display_name": "b"})
    run(provider.update(live, wanted, frozenset({A, "expires_after"}), JOURNAL))
    assert provider.objects[id].fields == {"display_name": "a"}
    assert provider.objects[id].files == {}
    assert run(provider.fetch(Kind.VECTOR_STORE, id)).marks == wanted.marks


def test_delete_is_done_twice_without_complaint_and_the_rest_misses_it():
    provider = MemoryProvider()
    id = run(provider.create(desired(TUTOR, {}), JOURNAL))
    live = run(provider.fetch(Kind.ASSISTANT, id))
    run(provider.delete(live))
    run(provider.delete(live))
    with pytest.raises(TargetMissingError):
        run(provider.fetch(Kind.ASSISTANT, id))
    with pytest.raises(TargetMissingError):
        run(provider.update(live, desired(TUTOR, {}), frozenset(), JOURNAL))


@pytest.mark.parametrize(("carried_out", "left"), [(False, 1), (True, 2)])
def test_a_fault_strikes_the_request_it_names(carried_out, left):
    error = TargetUnknownError("lost")
    provider = MemoryProvider(faults=[Fault("POST /assistants", error, number=2, carried_out=carried_out)])
    run(provider.create(desired(TUTOR, {}), JOURNAL))
    with pytest.raises(TargetUnknownError):
        run(provider.create(desired(TUTOR, {}), JOURNAL))
    assert len(provider.objects) == left


def test_a_fault_in_the_second_page_gives_nothing():
    provider = MemoryProvider(page_size=1, faults=[Fault("GET /assistants", TargetBusyError("busy"), number=2)])
    for _ in range(2):
        provider.put(StoredObject(Kind.ASSISTANT, {}))
    with pytest.raises(TargetBusyError):
        run(provider.fetch_live(Kind.ASSISTANT))


def test_fields_can_be_dropped_in_silence():
    provider = MemoryProvider(drops=frozenset({"model"}))
    id = run(provider.create(desired(TUTOR, {"model": "m", "description": "d"}), JOURNAL))
    assert provider.objects[id].fields == {"description": "d"}


def test_conversations_are_what_it_was_given():
    with pytest.raises(TargetRejectedError, match="cannot converse"):
        MemoryProvider().open("asst_1")
    talk: Any = object()
    asked: list[tuple[str, str | None]] = []

    def converse(id: str, model: str | None) -> Any:
        asked.append((id, model))
        return talk

    provider = MemoryProvider(conversations=converse)
    assert provider.open("asst_1") is talk
    assert provider.open("asst_1", model="gpt-5") is talk
    assert asked == [("asst_1", None), ("asst_1", "gpt-5")]
