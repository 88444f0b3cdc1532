from orchestrator.providers.memory import MemoryProvider, StoredObject
from orchestrator.reconcile.drift import Drift, drift
from tests.reconcile.building import FILE, address, applied, assistant, planned, project, store


def drifted(provider: MemoryProvider, *resources) -> Drift:
    return drift(planned(provider, project(*resources)))


def paths(found: Drift) -> dict[str, list[tuple[str, str]]]:
    return {str(item.address): [(field.path, field.who.value) for field in item.fields] for item in found.resources}


def tutor(provider: MemoryProvider) -> StoredObject:
    return next(iter(provider.objects.values()))


def test_only_what_moved_outside_is_drift():
    provider = MemoryProvider()
    applied(provider, project(assistant(fields={"temperature": 0.2, "description": "a", "top_p": 0.5})))
    tutor(provider).fields |= {"temperature": 0.9, "description": "theirs", "reasoning_effort": "low"}
    del tutor(provider).fields["top_p"]
    wanted = assistant(fields={"temperature": 0.2, "description": "ours", "top_p": 0.5, "instructions": "new"})
    found = drifted(provider, wanted)
    assert paths(found) == {
        "assistant.tutor": [("temperature", "outside"), ("description", "both"), ("top_p", "default")]
    }
    first = found.resources[0].fields[0]
    assert (first.desired, first.live) == (0.2, 0.9)
    assert (found.resources[0].id, found.requests, found.clean) == ("asst_1", 2, 0)


def test_what_the_spec_changed_alone_is_none():
    provider = MemoryProvider()
    applied(provider, project(assistant(fields={"temperature": 0.2})))
    found = drifted(provider, assistant(fields={"temperature": 0.3}))
    assert (found.resources, found.clean) == ((), 1)


def test_ignored_fields_are_not_looked_at():
    provider = MemoryProvider()
    spec = assistant(fields={"metadata.team": "a", "temperature": 0.2}, ignore=("metadata",))
    applied(provider, project(spec))
    tutor(provider).metadata["team"] = "b"
    assert drifted(provider, spec).resources == ()
    tutor(provider).fields["temperature"] = 1.5
    assert paths(drifted(provider, spec)) == {"assistant.tutor": [("temperature", "outside")]}


def test_what_is_not_live_is_missing_and_no_drift():
    provider = MemoryProvider()
    applied(provider, project(assistant(), assistant("other")))
    provider.objects.clear()
    found = drifted(provider, assistant(), assistant("other"))
    assert found.resources == ()
    assert found.missing == (address("assistant.other"), address("assistant.tutor"))


def test_a_copied_object_is_told_and_not_called_clean():
    provider = MemoryProvider()
    applied(provider, project(assistant()))
    original = tutor(provider)
    provider.put(StoredObject(original.kind, dict(original.fields), dict(original.metadata)))
    (found,) = drifted(provider, assistant()).resources
    assert found.fields == ()
    assert found.problem is not None
    assert found.problem.startswith("duplicate: 2 live objects")


def test_a_file_that_was_removed_outside():
    provider = MemoryProvider()
    spec = store(fields={'files["a.md"]': FILE, 'files["b.md"]': FILE}, whole={"files"})
    applied(provider, project(spec))
    del tutor(provider).files["a.md"]
    assert paths(drifted(provider, spec)) == {"vector_store.papers": [('files["a.md"]', "outside")]}


def test_reading_is_all_it_does():
    provider = MemoryProvider()
    applied(provider, project(assistant(), store()))
    before = dict(provider.requests.counts)
    drifted(provider, assistant(fields={"temperature": 0.3}), store())
    sent = {name for name, count in provider.requests.counts.items() if count != before.get(name)}
    assert sent == {"GET /assistants", "GET /vector_stores"}
