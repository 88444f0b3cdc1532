import asyncio

import pytest

from orchestrator.errors import TargetBusyError
from orchestrator.model.address import Kind
from orchestrator.providers.interface import Capabilities, Capability
from orchestrator.providers.memory import DEFAULTS, Fault, MemoryProvider, StoredObject
from orchestrator.reconcile.observe import observe
from tests.reconcile.building import FILE, OTHER_FILE, PROJECT, address, applied, assistant, project, store

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
