"""The reconciler's promises over generated projects."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import TargetBusyError, TargetError, TargetUnknownError
from orchestrator.model.address import Kind
from orchestrator.model.ownership import Marks
from orchestrator.providers.memory import Fault, MemoryProvider, StoredObject
from orchestrator.reconcile.plan import Action
from orchestrator.reconcile.planner import PlanOptions
from tests.reconcile.building import PROJECT, STORES, actions, applied, planned
from tests.reconcile.strategies import projects

PRUNE = PlanOptions(prune=True)
STEADY = settings(max_examples=60, deadline=None, derandomize=True)
FOREIGN = (
    StoredObject(Kind.ASSISTANT, {"model": "x", "tools.quiz": "function"}, {"team": "other"}),
    StoredObject(Kind.ASSISTANT, {"model": "x"}, {"orch.owner": "elsewhere/assistant.tutor"}),
    StoredObject(Kind.VECTOR_STORE, {}, {"orch.owner": "elsewhere/vector_store.papers"}, {"a.md": {"sha256": "x"}}),
)


def state(provider):
    """What is live of the project, without ids."""
    owners = {id: stored.metadata.get("orch.owner") for id, stored in provider.objects.items()}
    found = {}
    for stored in provider.objects.values():
        marks = Marks.from_metadata(stored.metadata)
        if marks is None or marks.project != PROJECT:
            continue
        fields = dict(stored.fields)
        if STORES in fields:
            fields[STORES] = [owners[id] for id in fields[STORES]]
        assert str(marks.address) not in found, "a duplicate"
        found[str(marks.address)] = (fields, stored.metadata, stored.files)
    return json.dumps(found, sort_keys=True)


def nothing_to_do(provider, resources):
    made = planned(provider, resources, PRUNE)
    return {change.action for change in made.changes} <= {Action.NOOP}


@STEADY
@given(projects(ignoring=True))
def test_apply_then_plan_is_empty(resources):
    provider = MemoryProvider()
    assert applied(provider, resources).exit_code == 0
    assert nothing_to_do(provider, resources)


@STEADY
@given(projects(), projects(ignoring=True))
def test_a_then_b_then_a_is_a(first, second):
    second = {where: item for where, item in second.items() if not item.protect}
    provider = MemoryProvider()
    applied(provider, first)
    before = state(provider)
    assert applied(provider, second, PRUNE).exit_code == 0
    assert nothing_to_do(provider, second)
    assert applied(provider, first, PRUNE).exit_code == 0
    assert state(provider) == before


@STEADY
@given(projects(), projects())
def test_foreign_objects_stay_as_they_are_to_the_byte(first, second):
    provider = MemoryProvider()
    ids = [provider.put(copy.deepcopy(stored)) for stored in FOREIGN]
    applied(provider, first)
    applied(provider, second, PRUNE)
    applied(provider, {}, PRUNE)
    assert [provider.objects[id] for id in ids] == list(FOREIGN)
    assert set(provider.objects) == set(ids)


@STEADY
@given(projects(), st.data())
def test_what_is_changed_outside_is_set_right(resources, data):
    provider = MemoryProvider()
    applied(provider, resources)
    before = state(provider)
    for stored in sorted(provider.objects.values(), key=lambda item: item.metadata["orch.owner"]):
        declared = [path for path in sorted(stored.fields) if not path.startswith("tools")]
        for path in data.draw(st.lists(st.sampled_from(declared), unique=True)):
            stored.fields[path] = "moved outside"
        if stored.files and data.draw(st.booleans()):
            stored.files.pop(sorted(stored.files)[0])
    made = planned(provider, resources)
    assert all(item.who.value in ("outside", "default") for change in made.changes for item in change.fields)
    assert applied(provider, resources).exit_code == 0
    assert state(provider) == before


@STEADY
@given(projects(), projects(), st.data())
def test_after_a_fault_at_any_request_the_next_apply_converges(first, second, data):
    provider = MemoryProvider()
    applied(provider, first)
    clean = copy.deepcopy(provider.objects)
    applied(provider, second, PRUNE)
    expected = state(provider)
    counts = provider.requests.counts
    request = data.draw(st.sampled_from(sorted(counts)))
    number = data.draw(st.integers(1, counts[request]))
    carried_out = data.draw(st.booleans())
    error = TargetUnknownError("lost") if carried_out else TargetBusyError("busy")
    faulty = MemoryProvider(faults=[Fault(request, error, number, carried_out)])
    faulty.objects.update(clean)
    for _ in range(3):  # the fault strikes once; a change skipped for it waits for the next apply
        try:
            applied(faulty, second, PRUNE)
        except TargetError:
            assert request.startswith("GET")
    assert state(faulty) == expected
    assert nothing_to_do(faulty, second)


@STEADY
@given(projects(), projects(), st.randoms())
def test_order_of_discovery_changes_nothing(first, second, random):
    provider, shuffled = MemoryProvider(), MemoryProvider()
    applied(provider, first)
    ids = list(provider.objects)
    random.shuffle(ids)
    shuffled.objects.update({id: provider.objects[id] for id in ids})
    places = list(second)
    random.shuffle(places)
    one = planned(provider, second, PRUNE)
    other = planned(shuffled, {place: second[place] for place in places}, PRUNE)
    assert one.hash == other.hash
    assert list(actions(one).items()) == list(actions(other).items())
