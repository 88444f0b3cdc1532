import asyncio
import copy

import pytest

from orchestrator.errors import TargetBusyError
from orchestrator.model.address import Kind
from orchestrator.model.fields import Ref
from orchestrator.providers.interface import Capabilities, Capability
from orchestrator.providers.memory import DEFAULTS, Fault, MemoryProvider, StoredObject
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.plan import Plan
from orchestrator.reconcile.planner import PlanOptions, plan
from tests.reconcile.building import (
    FILE,
    OTHER_FILE,
    PROJECT,
    STORES,
    actions,
    address,
    applied,
    assistant,
    carried_out,
    project,
    searcher,
    store,
)

A = 'files["a.md"]'


def look(provider, resources=None):
    return asyncio.run(observe(provider, resources or {}, PROJECT))


def test_reading_costs_a_request_a_page_and_tells_owned_from_foreign():
    resources = project(*(assistant(f"a{number}") for number in range(3)), store())
    provider = MemoryProvider()
    applied(provider, resources)
    stranger = provider.put(StoredObject(Kind.ASSISTANT, {"model": "x"}, {"orch.owner": "other/assistant.a1"}))
    unowned = provider.put(StoredObject(Kind.VECTOR_STORE, {}, {"team": "x"}))
    copied = provider.put(StoredObject(Kind.VECTOR_STORE, {}, {"orch.owner": f"{PROJECT}/assistant.a1"}))
    provider.requests.counts.clear()
    seen = look(provider, resources)
    assert set(seen.owned) == set(resources)
    assert {item.id for item in seen.foreign} == {stranger, unowned, copied}
    assert provider.requests.counts == {"GET /assistants": 1, "GET /vector_stores": 1}
    assert seen.requests == 2


@pytest.mark.parametrize(("objects", "pages"), [(0, 1), (100, 1), (101, 2), (250, 3)])
def test_pages(objects, pages):
    provider = MemoryProvider()
    for _ in range(objects):
        provider.put(StoredObject(Kind.ASSISTANT, {}))
    look(provider)
    assert provider.requests.counts["GET /assistants"] == pages


def test_a_target_without_stores_is_not_asked_for_them():
    provider = MemoryProvider(Capabilities(frozenset({Capability.FUNCTIONS}), DEFAULTS))
    look(provider)
    assert provider.requests.counts == {"GET /assistants": 1}


@pytest.mark.parametrize("request_name", ["GET /assistants", "GET /vector_stores"])
@pytest.mark.parametrize("page", [1, 2])
def test_a_page_that_fails_is_never_an_absence(request_name, page):
    provider = MemoryProvider(faults=[Fault(request_name, TargetBusyError("busy"), number=page)])
    for _ in range(150):
        provider.put(StoredObject(Kind.ASSISTANT, {}))
        provider.put(StoredObject(Kind.VECTOR_STORE, {}))
    with pytest.raises(TargetBusyError):
        look(provider)


def test_two_live_objects_of_one_address_are_told_apart_from_owned():
    tutor = assistant()
    provider = MemoryProvider()
    applied(provider, project(tutor))
    (first,) = provider.objects
    second = provider.put(StoredObject(Kind.ASSISTANT, {}, dict(provider.objects[first].metadata)))
    seen = look(provider, project(tutor))
    assert seen.owned == {}
    assert {live.id for live in seen.duplicates[tutor.address]} == {first, second}
    assert seen.addresses == {first: tutor.address, second: tutor.address}


def files_read(provider, resources):
    provider.requests.counts.clear()
    seen = look(provider, resources)
    reads = provider.requests.counts.get("GET /vector_stores/{id}/files", 0)
    assert (reads > 0) == (seen.owned[address("vector_store.papers")].files is not None)
    return reads


@pytest.mark.parametrize(
    ("declared", "reads"),
    [
        pytest.param(store(fields={A: FILE}, whole={"files"}), 0, id="as applied"),
        pytest.param(store(fields={A: OTHER_FILE}, whole={"files"}), 1, id="content moved"),
        pytest.param(store(whole={"files"}), 1, id="declared empty"),
        pytest.param(store(), 1, id="no longer declared"),
        pytest.param(store(fields={A: OTHER_FILE}, whole={"files"}, ignore=("files",)), 0, id="ignored"),
    ],
)
def test_files_are_read_only_where_the_declared_ones_moved(declared, reads):
    provider = MemoryProvider()
    applied(provider, project(store(fields={A: FILE}, whole={"files"})))
    assert files_read(provider, project(declared)) == reads


def test_no_more_stores_are_read_at_once_than_allowed():
    now = most = 0

    async def count(request):
        nonlocal now, most
        if request == "GET /vector_stores/{id}/files":
            now += 1
            most = max(most, now)
            for _ in range(10):
                await asyncio.sleep(0)
            now -= 1

    stores = {name: store(name, {A: FILE}, whole={"files"}) for name in "abcdef"}
    provider = MemoryProvider(on_request=count)
    applied(provider, project(*stores.values()))
    now = most = 0
    moved = project(*(store(name, {A: OTHER_FILE}, whole={"files"}) for name in stores))
    asyncio.run(observe(provider, moved, PROJECT, concurrency=2))
    assert most == 2


def test_files_are_read_where_their_number_moved():
    resources = project(store(fields={A: FILE}, whole={"files"}))
    provider = MemoryProvider()
    applied(provider, resources)
    (stored,) = provider.objects.values()
    stored.files["b.md"] = dict(FILE)
    assert files_read(provider, resources) == 1


def test_files_of_a_store_never_declared_are_not_read():
    resources = project(store())
    provider = MemoryProvider()
    applied(provider, resources)
    (stored,) = provider.objects.values()
    stored.files["b.md"] = dict(FILE)
    assert files_read(provider, resources) == 0


def test_a_store_whose_files_cannot_be_read_fails_the_reading():
    provider = MemoryProvider(faults=[Fault("GET /vector_stores/{id}/files", TargetBusyError("busy"), number=2)])
    applied(provider, project(store(fields={A: FILE}, whole={"files"})))
    with pytest.raises(TargetBusyError):
        look(provider, project(store(fields={A: OTHER_FILE}, whole={"files"})))


def moving(provider, resources, moves, carry_out=False, prune=False) -> Plan:
    moved = {address(old): address(new) for old, new in moves.items()}

    async def both() -> Plan:
        observed = await observe(provider, resources, PROJECT, moved=moved)
        made = plan(resources, observed, provider.capabilities, PlanOptions(prune=prune), PROJECT, "local")
        if carry_out:
            assert (await carried_out(made, provider, resources)).exit_code == 0
        return made

    return asyncio.run(both())


def test_what_moved_is_found_under_its_new_address_and_keeps_its_id():
    provider = MemoryProvider()
    applied(provider, project(store("old", {A: FILE}, whole={"files"}), searcher("one", "old")))
    ids = set(provider.objects)
    new = project(store("new", {A: FILE}, whole={"files"}), searcher("two", "new"))
    moves = {"vector_store.old": "vector_store.new", "assistant.one": "assistant.two"}
    made = moving(provider, new, moves, carry_out=True)
    assert {str(change.address): (change.action.value, str(change.moved_from)) for change in made.changes} == {
        "vector_store.new": ("update", "vector_store.old"),
        "assistant.two": ("update", "assistant.one"),
    }
    assert {field.path for change in made.changes for field in change.fields} == {"display_name"}
    assert (made.leftovers, made.renames) == ((), ())
    assert set(provider.objects) == ids
    for moves_still_there in (moves, {}):
        after = moving(provider, new, moves_still_there, prune=True)
        assert set(actions(after).values()) == {"noop"}


def test_an_assistant_goes_on_with_a_store_that_was_renamed():
    provider = MemoryProvider()
    applied(provider, project(store("old", {"display_name": "Docs"}), searcher("tutor", "old")))
    new = project(store("new", {"display_name": "Docs"}), searcher("tutor", "new"))
    made = moving(provider, new, {"vector_store.old": "vector_store.new"}, carry_out=True)
    assert all(change.record_only for change in made.changes)
    assert made.changes[1].after[STORES] == [Ref(address("vector_store.new"))]


def test_nothing_to_move_is_fine_and_a_live_new_address_is_left_alone():
    provider = MemoryProvider()
    moves = {"assistant.a": "assistant.b"}
    assert actions(moving(provider, project(assistant("b")), moves)) == {"assistant.b": "create"}
    applied(provider, project(assistant("a"), assistant("b")))
    made = moving(provider, project(assistant("b")), moves)
    assert actions(made) == {"assistant.b": "noop"}
    assert [str(item.address) for item in made.leftovers] == ["assistant.a"]


def test_copies_of_what_moved_stay_for_people_to_choose_from():
    provider = MemoryProvider()
    applied(provider, project(assistant("a")))
    provider.put(copy.deepcopy(next(iter(provider.objects.values()))))
    (change,) = moving(provider, project(assistant("b")), {"assistant.a": "assistant.b"}, prune=True).changes
    assert change.blocked_by is not None
    assert change.blocked_by.startswith("duplicate: 2 live objects carry assistant.b")
