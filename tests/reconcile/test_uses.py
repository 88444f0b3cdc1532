"""A store is not deleted while somebody who stays searches it."""

from orchestrator.model.address import Kind
from orchestrator.providers.memory import MemoryProvider, StoredObject
from orchestrator.reconcile.planner import PlanOptions
from tests.reconcile.building import STORES, actions, applied, assistant, planned, project, searcher, store

PRUNE = PlanOptions(prune=True)


def blocked(made) -> dict[str, str]:
    return {str(change.address): change.blocked_by for change in made.changes if change.blocked_by}


def with_everything() -> MemoryProvider:
    provider = MemoryProvider()
    assert applied(provider, project(store("papers"), searcher("tutor", "papers"))).exit_code == 0
    return provider


def store_id(provider: MemoryProvider) -> str:
    return next(id for id, stored in provider.objects.items() if stored.kind is Kind.VECTOR_STORE)


def test_our_own_that_is_not_part_of_the_plan_holds_the_store():
    provider = with_everything()
    made = planned(provider, {}, PlanOptions(prune=True, only=("vector_store.*",)))
    assert blocked(made)["vector_store.papers"].startswith("still in use: searched by tutoring/assistant.tutor (asst_")


def test_somebody_elses_and_nobodys_hold_it_too_and_the_rest_goes_on():
    provider = with_everything()
    fields = {"model": "m", "tools.file_search": "file_search", STORES: [store_id(provider)]}
    provider.put(StoredObject(Kind.ASSISTANT, dict(fields), {"orch.owner": "elsewhere/assistant.x"}))
    nobodys = provider.put(StoredObject(Kind.ASSISTANT, dict(fields)))
    reason = blocked(planned(provider, {}, PRUNE))["vector_store.papers"]
    assert "elsewhere/assistant.x (asst_" in reason
    assert nobodys in reason
    done = applied(provider, {}, PRUNE)
    assert done.exit_code == 5
    assert [str(o.address) for o in done.outcomes if o.error is None] == ["assistant.tutor"]
    assert store_id(provider)


def test_a_reference_set_outside_that_the_specs_leave_alone_holds_it():
    provider = MemoryProvider()
    resources = project(store("papers"), assistant("tutor"))
    applied(provider, resources)
    (tutor,) = [stored for stored in provider.objects.values() if stored.kind is Kind.ASSISTANT]
    tutor.fields |= {"tools.file_search": "file_search", STORES: [store_id(provider)]}
    for declared in (assistant("tutor"), assistant("tutor", {"model": "gpt-5"})):  # unchanged, and updated
        assert set(blocked(planned(provider, project(declared), PRUNE))) == {"vector_store.papers"}


def test_who_goes_too_or_lets_go_does_not_hold_it():
    assert not blocked(planned(with_everything(), {}, PRUNE))
    made = planned(with_everything(), project(assistant("tutor", whole={"tools"})), PRUNE)
    assert actions(made) == {"assistant.tutor": "update", "vector_store.papers": "delete"}
    assert not blocked(made)
