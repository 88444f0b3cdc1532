import asyncio
from dataclasses import replace

import pytest

from orchestrator.errors import TargetBusyError, TargetRejectedError, TargetUnknownError
from orchestrator.model.address import Kind
from orchestrator.providers.memory import EVERYTHING, Fault, MemoryProvider
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import Action
from orchestrator.reconcile.planner import PlanOptions
from tests.reconcile.building import (
    FILE,
    OTHER_FILE,
    STORES,
    actions,
    address,
    applied,
    assistant,
    carried_out,
    plan_of,
    planned,
    project,
    searcher,
    store,
)

A, B = 'files["a.md"]', 'files["b.md"]'


def became(result):
    return {str(item.address): item.status.value for item in result.outcomes}


def test_a_create_is_one_call_and_its_read_back():
    provider = MemoryProvider()
    result = applied(provider, project(assistant()))
    assert provider.requests.counts == {
        "GET /assistants": 1,
        "GET /vector_stores": 1,
        "POST /assistants": 1,
        "GET /assistants/{id}": 1,
    }
    assert result.requests == 4
    assert result.outcomes == (Outcome(address("assistant.tutor"), Action.CREATE, Status.APPLIED, "asst_1"),)


def test_ids_made_in_this_run_are_known_to_later_changes():
    provider = MemoryProvider()
    result = applied(provider, project(searcher("tutor", "papers"), store()))
    assert became(result) == {"vector_store.papers": "applied", "assistant.tutor": "applied"}
    (tutor,) = [item for item in provider.objects.values() if item.kind is Kind.ASSISTANT]
    assert provider.objects[tutor.fields[STORES][0]].kind is Kind.VECTOR_STORE


def test_a_second_apply_sends_nothing_but_its_two_pages():
    provider = MemoryProvider()
    resources = project(searcher("tutor", "papers"), store(fields={A: FILE}, whole={"files"}))
    applied(provider, resources)
    provider.requests.counts.clear()
    result = applied(provider, resources)
    assert provider.requests.counts == {"GET /assistants": 1, "GET /vector_stores": 1}
    assert (result.outcomes, result.noop, result.requests, result.exit_code) == ((), 2, 2, 0)


def test_an_update_sends_what_changed_and_is_read_back():
    provider = MemoryProvider()
    applied(provider, project(assistant(fields={"temperature": 0.2, "description": "x"})))
    provider.requests.counts.clear()
    result = applied(provider, project(assistant(fields={"temperature": 0.4})))
    assert became(result) == {"assistant.tutor": "applied"}
    (stored,) = provider.objects.values()
    assert stored.fields == {"display_name": "tutor", "model": "gpt-4o", "temperature": 0.4}
    assert provider.requests.counts["POST /assistants/{id}"] == 1
    assert provider.requests.counts["GET /assistants/{id}"] == 2  # once more before, and back after
    assert provider.requests.total == 5


def test_only_files_that_moved_are_sent():
    provider = MemoryProvider()
    applied(provider, project(store(fields={A: FILE, B: FILE}, whole={"files"})))
    provider.requests.counts.clear()
    applied(provider, project(store(fields={A: FILE, B: OTHER_FILE}, whole={"files"})))
    assert provider.requests.counts == {
        "GET /assistants": 1,
        "GET /vector_stores": 1,
        "GET /vector_stores/{id}/files": 3,
        "DELETE /vector_stores/{id}/files/{id}": 1,
        "POST /vector_stores/{id}/files": 1,
        "POST /vector_stores/{id}": 1,
        "GET /vector_stores/{id}": 2,
    }


def test_files_that_did_not_move_are_not_read_back():
    provider = MemoryProvider()
    applied(provider, project(store(fields={A: FILE}, whole={"files"})))
    provider.requests.counts.clear()
    result = applied(provider, project(store(fields={A: FILE, "expires_after": {"days": 2}}, whole={"files"})))
    assert became(result) == {"vector_store.papers": "applied"}
    assert provider.requests.counts == {
        "GET /assistants": 1,
        "GET /vector_stores": 1,
        "POST /vector_stores/{id}": 1,
        "GET /vector_stores/{id}": 2,
    }


def test_prune_deletes_the_store_after_what_used_it():
    provider = MemoryProvider()
    applied(provider, project(searcher("tutor", "papers"), store()))
    seen = []

    async def note(request):
        seen.append(request)

    watched = MemoryProvider(on_request=note)
    watched.objects.update(provider.objects)
    result = applied(watched, {}, PlanOptions(prune=True))
    assert became(result) == {"assistant.tutor": "applied", "vector_store.papers": "applied"}
    assert watched.objects == {}
    assert [item for item in seen if item.startswith("DELETE")] == [
        "DELETE /assistants/{id}",
        "DELETE /vector_stores/{id}",
    ]


@pytest.mark.parametrize("path", ["temperature", "metadata.team"])
def test_a_field_the_target_drops_is_named(path):
    provider = MemoryProvider(drops=frozenset({path}))
    result = applied(provider, project(assistant(fields={"temperature": 0.2, "metadata.team": "x"})))
    (outcome,) = result.outcomes
    assert outcome.status is Status.FAILED
    assert (outcome.error or "").startswith(f"{path}: asked for ")
    assert outcome.id == "asst_1"
    assert result.exit_code == 1


def test_a_file_the_target_drops_is_named():
    provider = MemoryProvider(drops=frozenset({B}))
    result = applied(provider, project(store(fields={A: FILE, B: FILE}, whole={"files"})))
    assert (result.outcomes[0].error or "").startswith('files["b.md"]: asked for ')


def test_a_dropped_field_is_seen_in_an_update_that_does_not_touch_it():
    class Forgetful(MemoryProvider):
        async def update(self, live, desired, changed, journal):
            await super().update(live, desired, changed, journal)
            del self.objects[live.id].fields["temperature"]

    provider = Forgetful()
    applied(provider, project(assistant(fields={"temperature": 0.2})))
    result = applied(provider, project(assistant(fields={"temperature": 0.2, "top_p": 0.5})))
    assert result.outcomes[0].error == "temperature: asked for 0.2, got 1"


def test_a_record_that_does_not_come_back_is_a_failure():
    class Forgetful(MemoryProvider):
        async def create(self, desired, journal):
            id = await super().create(desired, journal)
            self.objects[id].metadata.pop("orch.baseline")
            return id

    result = applied(Forgetful(), project(assistant()))
    assert result.outcomes[0].error == "metadata: the record of what was applied (orch.*) did not come back as written"


def test_one_failure_skips_what_depends_on_it_and_nothing_else():
    error = TargetRejectedError("no such thing", "mend it")
    provider = MemoryProvider(faults=[Fault("POST /vector_stores", error)])
    result = applied(provider, project(searcher("tutor", "papers"), store(), assistant("other")))
    by_address = {str(item.address): item for item in result.outcomes}
    assert became(result) == {
        "assistant.other": "applied",
        "vector_store.papers": "failed",
        "assistant.tutor": "skipped",
    }
    assert (by_address["vector_store.papers"].error, by_address["vector_store.papers"].hint) == (
        "no such thing",
        "mend it",
    )
    assert by_address["assistant.tutor"].error == "it depends on vector_store.papers, which was not applied"
    assert result.exit_code == 5
    assert result.summary == {"applied": 1, "failed": 1, "blocked": 0, "skipped": 1, "noop": 0}


def test_a_create_that_cannot_be_read_back_is_a_failure_with_its_id():
    provider = MemoryProvider(faults=[Fault("GET /assistants/{id}", TargetBusyError("busy"))])
    (outcome,) = applied(provider, project(assistant())).outcomes
    assert (outcome.status, outcome.id, outcome.error) == (Status.FAILED, "asst_1", "busy")
    assert actions(planned(provider, project(assistant()))) == {"assistant.tutor": "noop"}


LOST = TargetUnknownError("the reply was lost")


def test_a_create_whose_reply_is_lost_is_found_by_its_marks():
    provider = MemoryProvider(faults=[Fault("POST /assistants", LOST, carried_out=True)])
    (outcome,) = applied(provider, project(assistant())).outcomes
    assert (outcome.status, outcome.id) == (Status.APPLIED, "asst_1")
    assert provider.requests.counts["POST /assistants"] == 1
    assert actions(planned(provider, project(assistant()))) == {"assistant.tutor": "noop"}


def test_a_create_in_doubt_that_is_not_found_is_left_to_the_next_apply():
    provider = MemoryProvider(faults=[Fault("POST /assistants", LOST)])
    (outcome,) = applied(provider, project(assistant())).outcomes
    assert (outcome.status, outcome.id, outcome.error) == (Status.FAILED, None, LOST.message)
    assert provider.requests.counts["POST /assistants"] == 1


def test_a_create_in_doubt_is_left_to_the_next_plan_where_the_target_cannot_be_read():
    faults = [Fault("POST /assistants", LOST, carried_out=True), Fault("GET /assistants", TargetBusyError("busy"), 2)]
    provider = MemoryProvider(faults=faults)
    (outcome,) = applied(provider, project(assistant())).outcomes
    assert outcome.status is Status.FAILED
    assert actions(planned(provider, project(assistant()))) == {"assistant.tutor": "noop"}


def test_a_store_whose_reply_was_lost_before_its_files_says_so():
    provider = MemoryProvider(faults=[Fault("POST /vector_stores", LOST, carried_out=True)])
    resources = project(store(fields={A: FILE}, whole={"files"}))
    (outcome,) = applied(provider, resources).outcomes
    assert (outcome.status, outcome.id, outcome.error) == (Status.FAILED, "vs_1", LOST.message)
    assert became(applied(provider, resources)) == {"vector_store.papers": "applied"}
    assert len(provider.objects) == 1


def test_a_store_left_without_a_file_is_seen_and_mended():
    provider = MemoryProvider(faults=[Fault("POST /vector_stores/{id}/files", TargetBusyError("busy"), number=2)])
    resources = project(store(fields={A: FILE, B: FILE}, whole={"files"}))
    assert became(applied(provider, resources)) == {"vector_store.papers": "failed"}
    made = planned(provider, resources)
    assert [change.path for change in made.changes[0].fields] == [B]
    assert became(applied(provider, resources)) == {"vector_store.papers": "applied"}


def after_meddling(provider, resources, meddle, options=None):
    """Plan, let somebody change the target, then carry the plan out."""
    made = planned(provider, resources, options)
    meddle(provider.objects)
    return asyncio.run(carried_out(made, provider, resources))


def test_what_moved_since_planned_is_blocked_and_named_and_the_rest_is_applied():
    provider = MemoryProvider()
    applied(provider, project(assistant("a"), assistant("b")))
    resources = project(assistant("a", {"model": "x"}), assistant("b", {"model": "x"}))
    result = after_meddling(provider, resources, lambda objects: objects["asst_1"].fields.update(model="theirs"))
    moved, other = result.outcomes
    assert (moved.status, moved.id) == (Status.BLOCKED, "asst_1")
    assert moved.error == "moved since planned: asst_1 was changed meanwhile (model)"
    assert (other.status, result.exit_code) == (Status.APPLIED, 5)
    assert provider.objects["asst_1"].fields["model"] == "theirs"


def test_what_was_deleted_meanwhile_is_blocked_alone():
    provider = MemoryProvider()
    applied(provider, project(assistant()))
    result = after_meddling(provider, project(assistant(fields={"model": "x"})), lambda objects: objects.clear())
    assert result.outcomes[0].error == "moved since planned: asst_1 is gone"
    assert result.exit_code == 4


def test_a_delete_of_what_is_gone_already_is_done():
    provider = MemoryProvider()
    applied(provider, project(assistant()))
    result = after_meddling(provider, {}, lambda objects: objects.clear(), PlanOptions(prune=True))
    assert became(result) == {"assistant.tutor": "applied"}


def test_what_moved_is_not_deleted_and_neither_is_what_it_uses():
    provider = MemoryProvider()
    applied(provider, project(searcher("tutor", "papers"), store()))
    tutor = next(id for id, stored in provider.objects.items() if stored.kind is Kind.ASSISTANT)

    def rename(objects):
        objects[tutor].fields["display_name"] = "in use"

    result = after_meddling(provider, {}, rename, PlanOptions(prune=True))
    assert became(result) == {"assistant.tutor": "blocked", "vector_store.papers": "skipped"}
    assert len(provider.objects) == 2


def test_a_file_put_in_meanwhile_blocks_a_change_of_files():
    provider = MemoryProvider()
    applied(provider, project(store(fields={A: FILE}, whole={"files"})))
    changed = project(store(fields={A: OTHER_FILE}, whole={"files"}))
    result = after_meddling(provider, changed, lambda objects: objects["vs_1"].files.update({"b.md": dict(FILE)}))
    assert became(result) == {"vector_store.papers": "blocked"}


def test_what_needs_a_store_that_moved_goes_on_with_the_store_as_it_is():
    provider = MemoryProvider()
    applied(provider, project(store()))
    resources = project(searcher("tutor", "papers"), store(fields={"expires_after": {"days": 2}}))

    def expire(objects):
        objects["vs_1"].fields["expires_after"] = {"days": 9}

    result = after_meddling(provider, resources, expire)
    assert became(result) == {"vector_store.papers": "blocked", "assistant.tutor": "applied"}


def test_a_blocked_change_is_reported_and_the_rest_is_applied():
    provider = MemoryProvider()
    applied(provider, project(assistant("old", protect=True)))
    result = applied(provider, project(assistant()), PlanOptions(prune=True))
    assert became(result) == {"assistant.old": "blocked", "assistant.tutor": "applied"}
    assert result.exit_code == 5
    assert applied(provider, project(assistant()), PlanOptions(prune=True)).exit_code == 4


def test_a_replacement_is_made_and_seen_before_the_old_one_goes():
    provider = MemoryProvider()
    applied(provider, project(assistant()))

    async def run():
        made = await plan_of(provider, project(assistant(fields={"model": "x"})))
        changes = tuple(replace(change, action=Action.REPLACE) for change in made.changes)
        return await carried_out(replace(made, changes=changes), provider, {})

    assert asyncio.run(run()).outcomes[0].id == "asst_2"
    assert list(provider.objects) == ["asst_2"]
    counts = list(provider.requests.counts)
    assert counts.index("DELETE /assistants/{id}") > counts.index("GET /assistants/{id}")


def test_a_replacement_that_is_not_right_leaves_the_old_one():
    provider = MemoryProvider()
    applied(provider, project(assistant()))

    async def run():
        made = await plan_of(provider, project(assistant(fields={"model": "x"})))
        provider.drops = frozenset({"model"})
        changes = tuple(replace(change, action=Action.REPLACE) for change in made.changes)
        return await carried_out(replace(made, changes=changes), provider, {})

    assert became(asyncio.run(run())) == {"assistant.tutor": "failed"}
    assert "asst_1" in provider.objects


def test_what_depends_on_a_skipped_change_is_skipped_too():
    provider = MemoryProvider(faults=[Fault("POST /assistants", TargetBusyError("busy"))])
    chain = [assistant(name) for name in "abc"]

    async def run():
        made = await plan_of(provider, project(*chain))
        first, second, third = made.changes
        changes = (
            first,
            replace(second, depends_on=frozenset({first.address})),
            replace(third, depends_on=frozenset({second.address})),
        )
        return await carried_out(replace(made, changes=changes), provider, {})

    assert became(asyncio.run(run())) == {"assistant.a": "failed", "assistant.b": "skipped", "assistant.c": "skipped"}


class Crowd:
    """Counts requests under way; the first wait until as many as are allowed are there."""

    def __init__(self, limit):
        self.now = self.most = 0
        self._limit = limit
        self._full = asyncio.Event()

    async def __call__(self, request):
        if not request.startswith("POST"):
            return
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now >= self._limit:
            self._full.set()
        async with asyncio.timeout(10):
            await self._full.wait()
        await asyncio.sleep(0)
        self.now -= 1


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_no_more_changes_at_once_than_allowed(limit):
    crowd = Crowd(limit)
    provider = MemoryProvider(on_request=crowd)
    resources = project(*(assistant(f"a{number}") for number in range(20)))

    async def run():
        return await carried_out(await plan_of(provider, resources), provider, resources, concurrency=limit)

    assert asyncio.run(run()).summary["applied"] == 20
    assert crowd.most == limit


class Log:
    def __init__(self):
        self.events = []

    def started(self, change):
        self.events.append(("started", str(change.address)))

    def reached(self, change, step, done, total):
        self.events.append((step, str(change.address), done, total))

    def finished(self, outcome):
        self.events.append((outcome.status.value, str(outcome.address)))

    def stopping(self, under_way):
        self.events.append(("stopping", under_way))


def test_a_listener_hears_of_every_change():
    provider = MemoryProvider(faults=[Fault("POST /vector_stores", TargetBusyError("busy"))])
    resources = project(searcher("tutor", "papers"), store())
    log = Log()

    async def run():
        await carried_out(await plan_of(provider, resources), provider, resources, listener=log)

    asyncio.run(run())
    assert log.events == [
        ("started", "vector_store.papers"),
        ("failed", "vector_store.papers"),
        ("skipped", "assistant.tutor"),
    ]


def test_on_interrupt_what_is_in_flight_is_finished_and_nothing_begins():
    started, go_on = asyncio.Event(), asyncio.Event()

    async def hold(request):
        if request.startswith("POST"):
            started.set()
            await go_on.wait()

    provider = MemoryProvider(on_request=hold)
    resources = project(*(assistant(f"a{number}") for number in range(5)))

    async def run():
        made = await plan_of(provider, resources)
        running = asyncio.create_task(carried_out(made, provider, resources, concurrency=2))
        await started.wait()
        running.cancel()
        await asyncio.sleep(0)
        go_on.set()
        return await running

    result = asyncio.run(run())
    assert result.interrupted
    assert result.summary == {"applied": 2, "failed": 0, "blocked": 0, "skipped": 3, "noop": 0}
    assert result.exit_code == 5
    assert len(provider.objects) == 2
    assert provider.requests.counts["GET /assistants/{id}"] == 2
    assert {item.error for item in result.outcomes if item.status is Status.SKIPPED} == {"interrupted before it began"}


def test_an_error_that_is_not_the_targets_is_not_swallowed():
    async def broken(request):
        if request.startswith("POST"):
            raise ZeroDivisionError

    provider = MemoryProvider(on_request=broken)
    with pytest.raises(ZeroDivisionError):
        applied(provider, project(searcher("tutor", "papers"), store()))
    assert provider.requests.counts.get("POST /assistants") is None


def outcome(status):
    return Outcome(address("assistant.a"), Action.UPDATE, status)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], 0),
        ([Status.APPLIED], 0),
        ([Status.FAILED], 1),
        ([Status.SKIPPED], 1),
        ([Status.BLOCKED], 4),
        ([Status.BLOCKED, Status.FAILED], 1),
        ([Status.APPLIED, Status.FAILED], 5),
        ([Status.APPLIED, Status.BLOCKED], 5),
        ([Status.APPLIED, Status.SKIPPED], 5),
    ],
)
def test_exit_codes(statuses, code):
    assert Applied("p", "t", tuple(outcome(status) for status in statuses)).exit_code == code


class Stubborn(MemoryProvider):
    """Keeps what is taken back, as an API that merges what it is sent."""

    merges = True

    async def update(self, live, desired, changed, journal):
        before = dict(self.objects[live.id].fields)
        await super().update(live, desired, changed, journal)
        stored = self.objects[live.id]
        kept = {path: value for path, value in before.items() if path in changed and path not in desired.fields}
        stored.fields |= kept if self.merges else {}


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("reasoning_effort", "low", "asked for nothing, got 'low'; declare it, if the target itself chose that"),
        ("temperature", 0.2, "asked for 1, got 0.2"),
    ],
)
def test_what_a_target_does_not_take_back_is_told_and_tried_again_until_it_does(path, value, told):
    provider = Stubborn(replace(EVERYTHING, chosen=frozenset({"reasoning_effort"})))
    applied(provider, project(assistant(fields={path: value})))
    for _ in range(2):
        (outcome,) = applied(provider, project(assistant())).outcomes
        assert (outcome.status, outcome.error) == (Status.FAILED, f"{path}: {told}")
    provider.merges = False
    assert became(applied(provider, project(assistant()))) == {"assistant.tutor": "applied"}
    assert path not in next(iter(provider.objects.values())).fields
    assert applied(provider, project(assistant())).outcomes == ()


def test_an_update_writes_what_is_declared_in_its_own_order_and_what_else_there_is_after_it():
    provider = MemoryProvider()
    applied(provider, project(assistant(fields={"tools.a": "function", "tools.b": "function"})))
    (stored,) = provider.objects.values()
    stored.fields = {"tools.outside": "function", **stored.fields}
    declared = {"tools.b": "function", "tools.a": "function", "temperature": 0.2}

    async def run():
        return (await plan_of(provider, project(assistant(fields=declared)))).changes[0].after

    assert [path for path in asyncio.run(run()) if path.startswith("tools.")] == ["tools.b", "tools.a", "tools.outside"]
