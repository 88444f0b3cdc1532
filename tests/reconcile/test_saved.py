import asyncio
import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from orchestrator.errors import PlanError
from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.plan import Action
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.saved import as_data, from_data, resumed
from tests.reconcile.building import (
    FILE,
    OTHER_FILE,
    PROJECT,
    applied,
    assistant,
    carried_out,
    planned,
    project,
    searcher,
    store,
)
from tests.reconcile.strategies import projects

PRUNE = PlanOptions(prune=True)
A = 'files["a.md"]'


def kept(plan):
    """The plan without what is not saved: what it was made from, remarks for people, and what reading took."""
    changes = tuple(replace(change, live=None) for change in plan.changes)
    return replace(plan, changes=changes, requests=0, renames=(), adoptable=())


def saved(plan):
    return json.loads(json.dumps(as_data(plan)))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(projects(ignoring=True), projects())
def test_a_plan_that_is_saved_and_read_is_the_same_plan(first, second):
    provider = MemoryProvider()
    applied(provider, first)
    for options in (PRUNE, PlanOptions()):
        plan = planned(provider, second, options)
        assert from_data(saved(plan)) == kept(plan)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(projects(), projects())
def test_a_saved_plan_does_what_the_plan_would_have_done(first, second):
    provider = MemoryProvider()
    applied(provider, first)
    other = copy.deepcopy(provider)
    plan = planned(provider, second, PRUNE)
    direct = asyncio.run(carried_out(plan, provider, second, concurrency=1))
    later = asyncio.run(carried_out(from_data(saved(plan)), other, second, concurrency=1))
    assert later.outcomes == direct.outcomes
    assert other.objects == provider.objects


def test_text_that_looks_like_a_reference_stays_text():
    made = planned(MemoryProvider(), project(assistant(fields={"instructions": "${vector_store.papers}"})))
    assert from_data(saved(made)) == kept(made)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data["changes"][0]["fields"][0].update(new="edited"),
        lambda data: data["changes"][0]["after"].update(model="edited"),
        lambda data: data["changes"][0]["marks"].update({"orch.revision": "forged"}),
        lambda data: data["changes"][0].update(moved_from="assistant.other"),
        lambda data: data["ids"].update({"assistant.other": "asst_9"}),
        lambda data: data["leftovers"].append({"address": "assistant.other", "id": "asst_9"}),
        lambda data: data.update(endpoint="elsewhere"),
        lambda data: data["changes"][0]["marks"].update({"orch.owner": "other/assistant.tutor"}),
        lambda data: data["changes"].pop(),
        lambda data: data.update(hash="0" * 64),
        lambda data: data.update(target="production"),
        lambda data: data["changes"][0].update(blocked_by="somebody"),
    ],
)
def test_a_plan_that_was_edited_is_refused(spoil):
    data = saved(planned(MemoryProvider(), project(assistant())))
    spoil(data)
    with pytest.raises(PlanError, match="not as it was saved"):
        from_data(data)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ([], "the whole"),
        ({}, "format"),
        ({"format": "orch.plan/2"}, "format"),
        ({"format": "orch.plan/1", "project": 3}, "project"),
    ],
)
def test_what_is_no_plan_is_refused_and_says_where(data, where):
    with pytest.raises(PlanError, match=where):
        from_data(data)


def resume(plan, resources, provider):
    return resumed(plan, resources, asyncio.run(observe(provider, {}, PROJECT)))


def test_a_create_whose_address_is_live_by_now_is_blocked_and_the_others_are_not():
    provider = MemoryProvider()
    resources = project(assistant("a"), assistant("b"))
    plan = planned(provider, resources)
    applied(provider, project(assistant("a")))
    first, second = resume(plan, resources, provider).changes
    assert first.blocked_by == "moved since planned: it is live by now as asst_1; make a new plan and review it"
    assert second.blocked_by is None


def test_a_file_that_is_not_the_planned_one_blocks_its_store():
    provider = MemoryProvider()
    plan = planned(provider, project(store(fields={A: FILE}, whole={"files"})))
    for now in (project(store(fields={A: OTHER_FILE}, whole={"files"})), project(store()), {}):
        (change,) = resume(plan, now, provider).changes
        assert (
            change.blocked_by
            == "moved since planned: a.md is not the file that was planned; make a new plan and review it"
        )


def test_what_needs_a_create_that_is_blocked_by_now_waits_too():
    provider = MemoryProvider()
    resources = project(searcher("tutor", "papers"), store())
    plan = planned(provider, resources)
    applied(provider, project(store()))
    result = asyncio.run(carried_out(resume(plan, resources, provider), provider, resources))
    assert [(str(item.address), item.status.value) for item in result.outcomes] == [
        ("vector_store.papers", "blocked"),
        ("assistant.tutor", "skipped"),
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda change: change.update(seen=None),
        lambda change: change["seen"].update(fingerprint="another"),
        lambda change: change.update(id=None),
        lambda change: change.update(marks=None),
    ],
)
def test_an_update_without_what_it_takes_is_refused(spoil):
    provider = MemoryProvider()
    applied(provider, project(assistant(fields={"temperature": 0.2})))
    data = saved(planned(provider, project(assistant(fields={"temperature": 0.3}))))
    assert data["changes"][0]["action"] == "update"
    spoil(data["changes"][0])
    with pytest.raises(PlanError, match="not as it was saved"):
        from_data(data)


def test_a_store_that_is_searched_since_it_was_planned_is_not_deleted():
    provider = MemoryProvider()
    applied(provider, project(store()))
    plan = planned(provider, project(), PRUNE)
    assert [change.action for change in plan.pending] == [Action.DELETE]
    loose = project(searcher("theirs", "papers"), store())
    applied(provider, loose)
    looked = asyncio.run(observe(provider, {}, "tutoring"))
    again = resumed(from_data(saved(plan)), project(), looked)
    assert [str(change.blocked_by).partition(":")[0] for change in again.pending] == ["still in use"]
