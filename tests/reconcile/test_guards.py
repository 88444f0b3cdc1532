import pytest

from orchestrator.model.fields import Ref
from orchestrator.reconcile.guards import Facts, guard
from orchestrator.reconcile.plan import Action, Change
from tests.reconcile.building import STORES, address


def deletes(count):
    return [Change(address(f"assistant.a{number}"), Action.DELETE, id=f"asst_{number}") for number in range(count)]


def blocked(changes, facts):
    return {str(item.address): item.blocked_by for item in guard(changes, facts) if item.blocked_by is not None}


@pytest.mark.parametrize(
    ("count", "owned", "held"),
    [
        pytest.param(5, 5, True, id="all of few"),
        pytest.param(4, 4, False, id="below the floor"),
        pytest.param(5, 16, True, id="31 percent"),
        pytest.param(6, 20, False, id="30 percent is not more than 30"),
        pytest.param(7, 20, True, id="35 percent"),
    ],
)
def test_too_many_deletes_are_all_held_back(count, owned, held):
    others = [Change(address("assistant.z"), Action.UPDATE, id="asst_z")]
    found = blocked(deletes(count) + others, Facts(owned))
    assert len(found) == (count if held else 0)
    assert "assistant.z" not in found


def test_too_many_deletes_says_the_numbers_and_the_way_out():
    reason = blocked(deletes(6), Facts(12))["assistant.a0"]
    assert reason == (
        "too many deletes: 6 of 12 live objects (50%) would go, more than 30%; "
        "delete fewer at a time with --only ADDRESS"
    )


def test_protected_objects_stay_and_do_not_count_as_deletes():
    found = blocked(deletes(5), Facts(5, protected=frozenset({address("assistant.a0")})))
    assert list(found) == ["assistant.a0"]
    assert found["assistant.a0"].startswith("protected: set `lifecycle: {protect: false}`")


@pytest.mark.parametrize(
    ("action", "held"), [(Action.CREATE, False), (Action.UPDATE, False), (Action.NOOP, False), (Action.REPLACE, True)]
)
def test_protection_is_against_loss_only(action, held):
    tutor = address("assistant.tutor")
    assert bool(blocked([Change(tutor, action)], Facts(1, protected=frozenset({tutor})))) is held


def test_a_duplicate_names_both_ids_and_holds_back_what_needs_it():
    papers, tutor, other = address("vector_store.papers"), address("assistant.tutor"), address("assistant.other")
    changes = [
        Change(papers, Action.UPDATE),
        Change(tutor, Action.CREATE, after={STORES: [Ref(papers)]}, depends_on=frozenset({papers})),
        Change(other, Action.CREATE),
    ]
    found = blocked(changes, Facts(2, duplicates={papers: ("vs_2", "vs_1")}))
    assert found["vector_store.papers"] == (
        "duplicate: 2 live objects carry vector_store.papers: vs_1, vs_2; delete all but the one to keep on the target"
    )
    assert found["assistant.tutor"] == "needs vector_store.papers, which is blocked; see there"
    assert set(found) == {"vector_store.papers", "assistant.tutor"}


def test_a_duplicate_outside_the_selection_still_holds_back_what_needs_it():
    papers = address("vector_store.papers")
    change = Change(address("assistant.tutor"), Action.UPDATE, id="asst_1", after={STORES: [Ref(papers)]})
    found = blocked([change], Facts(2, duplicates={papers: ("vs_1", "vs_2")}))
    assert "vs_1, vs_2" in found["assistant.tutor"]


def test_a_store_still_used_by_what_stays_is_not_deleted():
    tutor, papers = address("assistant.tutor"), address("vector_store.papers")
    changes = [
        Change(tutor, Action.DELETE, id="asst_1"),
        Change(papers, Action.DELETE, id="vs_1", depends_on=frozenset({tutor})),
    ]
    found = blocked(changes, Facts(2, protected=frozenset({tutor})))
    assert found["vector_store.papers"] == "still in use: assistant.tutor uses it and is blocked itself; see there"


def test_what_depends_on_a_blocked_change_of_something_live_goes_on():
    papers, tutor = address("vector_store.papers"), address("assistant.tutor")
    changes = [
        Change(papers, Action.REPLACE, id="vs_1"),
        Change(tutor, Action.UPDATE, id="asst_1", after={STORES: [Ref(papers)]}, depends_on=frozenset({papers})),
    ]
    assert list(blocked(changes, Facts(2, protected=frozenset({papers})))) == ["vector_store.papers"]
