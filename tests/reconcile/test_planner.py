from dataclasses import replace

import pytest

from orchestrator.errors import SpecError, UsageError
from orchestrator.model.fields import Ref
from orchestrator.model.ownership import Baseline, Marks
from orchestrator.providers.interface import Capabilities, Capability
from orchestrator.providers.memory import DEFAULTS, EVERYTHING
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.plan import Action, Leftover, Who
from orchestrator.reconcile.planner import PlanOptions, plan
from tests.reconcile.building import FILE, PROJECT, STORES, actions, address, assistant, live, project, searcher, store

EMPTY = Observed({}, {}, ())


def seen(*objects):
    return Observed({item.marks.address: item for item in objects}, {}, ())


def make(resources, observed=EMPTY, options=None, capabilities=EVERYTHING):
    return plan(resources, observed, capabilities, options or PlanOptions(), PROJECT, "local")


def test_what_is_not_live_is_created_with_every_field_references_first():
    made = make(project(searcher("tutor", "papers"), store()))
    assert [str(change.address) for change in made.changes] == ["vector_store.papers", "assistant.tutor"]
    tutor = made.changes[1]
    assert tutor.action is Action.CREATE
    assert tutor.after[STORES] == [Ref(address("vector_store.papers"))]
    assert tutor.paths == {"display_name", "model", "tools.file_search", STORES}
    assert {change.who for change in tutor.fields} == {Who.SPEC}
    assert tutor.depends_on == {address("vector_store.papers")}


def test_what_is_as_declared_is_a_noop_whatever_the_revision():
    tutor = assistant()
    made = make(project(tutor), seen(live(tutor)), PlanOptions(revision="abc123"))
    assert made.summary == {"create": 0, "update": 0, "replace": 0, "delete": 0, "noop": 1, "blocked": 0}
    assert made.pending == ()


def test_live_ids_are_compared_as_references():
    tutor, papers = searcher("tutor", "papers"), store()
    now = live(tutor, {**tutor.fields, STORES: ["vs_1"]})
    made = make(project(tutor, papers), seen(now, live(papers, id="vs_1")))
    assert set(actions(made).values()) == {"noop"}


def test_an_update_carries_all_that_execution_needs():
    tutor = assistant(fields={"temperature": 0.2})
    now = live(tutor, {**tutor.fields, "temperature": 0.9, "top_p": 0.5, "metadata.team": "x"})
    change = make(project(tutor), seen(now), PlanOptions(revision="abc")).changes[0]
    assert (change.action, change.id, change.live) == (Action.UPDATE, "asst_1", now)
    assert change.after == {**tutor.fields, "top_p": 0.5, "metadata.team": "x"}
    assert change.paths == {"temperature"}
    assert change.marks == Marks(PROJECT, tutor.address, Baseline.of(tutor.fields), revision="abc")


def test_what_is_kept_is_kept_as_it_was_read():
    tutor, papers = assistant(), store()
    now = live(tutor, {**tutor.fields, "model": "x", "tools.file_search": "file_search", STORES: ["vs_1", "vs_9"]})
    made = make(project(tutor, papers), seen(now, live(papers, id="vs_1")))
    assert made.changes[0].after[STORES] == ["vs_1", "vs_9"]


@pytest.mark.parametrize(
    ("declared", "now"),
    [
        pytest.param(assistant(), live(assistant(), baseline={}), id="field right but not recorded"),
        pytest.param(assistant(), live(assistant(), baseline={"model": "gpt-4o", "x": 1}), id="recorded, not declared"),
        pytest.param(assistant(protect=True), live(assistant()), id="protect newly declared"),
        pytest.param(assistant(), live(assistant(protect=True)), id="protect no longer declared"),
        pytest.param(store(whole={"files"}), live(store(), recorded_files="1:aa"), id="files record"),
        pytest.param(assistant(ignore=("model",)), live(assistant()), id="newly ignored fields are given up"),
    ],
)
def test_a_stale_record_is_written_and_nothing_else(declared, now):
    change = make(project(declared), seen(now)).changes[0]
    assert change.record_only
    assert (change.action, change.fields) == (Action.UPDATE, ())


def test_what_is_declared_no_more_is_left_over_or_pruned():
    old, tutor = assistant("old"), assistant()
    observed = seen(live(old, id="asst_9"), live(tutor))
    kept = make(project(tutor), observed)
    assert kept.leftovers == (Leftover(address("assistant.old"), "asst_9"),)
    assert actions(kept) == {"assistant.tutor": "noop"}
    pruned = make(project(tutor), observed, PlanOptions(prune=True))
    assert pruned.leftovers == ()
    assert actions(pruned) == {"assistant.old": "delete", "assistant.tutor": "noop"}
    assert pruned.changes[0].id == "asst_9"


def test_protection_outlives_the_spec():
    observed = seen(live(assistant("old", protect=True)))
    change = make({}, observed, PlanOptions(prune=True)).changes[0]
    assert change.blocked_by.startswith("protected")
    assert make({}, observed, PlanOptions(prune=True)).summary["delete"] == 0


def test_two_live_objects_of_one_address_block_it_and_what_needs_it():
    papers, tutor, other = store(), searcher("tutor", "papers"), assistant("other")
    twice = {papers.address: (live(papers, id="vs_1"), live(papers, id="vs_2"))}
    made = make(project(papers, tutor, other), Observed({}, twice, ()))
    assert {str(change.address) for change in made.changes if change.blocked_by} == {
        "vector_store.papers",
        "assistant.tutor",
    }
    unused = make({}, Observed({}, twice, ()), PlanOptions(prune=True))
    assert [change.blocked_by is not None for change in unused.changes] == [True]
    assert [item.id for item in make({}, Observed({}, twice, ())).leftovers] == ["vs_1", "vs_2"]


def test_a_noop_may_name_either_of_two_objects_of_one_address():
    papers, tutor = store(), searcher("tutor", "papers")
    twice = {papers.address: (live(papers, id="vs_1"), live(papers, id="vs_2"))}
    now = live(tutor, {**tutor.fields, STORES: ["vs_2"]})
    made = make(project(papers, tutor), Observed({tutor.address: now}, twice, ()))
    assert actions(made)["assistant.tutor"] == "noop"


ABILITIES = [
    ({"temperature": 0.1}, Capability.SAMPLING, "temperature"),
    ({"top_p": 0.1}, Capability.SAMPLING, "top_p"),
    ({"reasoning_effort": "low"}, Capability.REASONING_EFFORT, "reasoning_effort"),
    ({"response_format": "auto"}, Capability.RESPONSE_FORMAT, "response_format"),
    ({"tools.code_interpreter": "code_interpreter"}, Capability.CODE_INTERPRETER, "tools.code_interpreter"),
    ({"tools.file_search": "x", "tools.file_search.max_num_results": 3}, Capability.FILE_SEARCH, "tools.file_search"),
    ({"tools.quiz": "function", "tools.quiz.strict": False}, Capability.FUNCTIONS, "tools.quiz"),
]


@pytest.mark.parametrize(("fields", "capability", "path"), ABILITIES)
def test_what_the_target_cannot_do_is_refused_with_its_place(fields, capability, path):
    less = Capabilities(frozenset(Capability) - {capability}, DEFAULTS)
    with pytest.raises(SpecError) as caught:
        make(project(assistant(fields=fields)), capabilities=less)
    (found,) = caught.value.diagnostics
    assert str(found) == (
        f"specs/a.yaml:3:1: target local has no {capability}, which assistant.tutor asks for with `{path}`"
    )
    assert make(project(assistant(fields=fields)), capabilities=EVERYTHING).summary["create"] == 1


def test_everything_refused_is_told_at_once_but_only_of_what_is_selected():
    less = Capabilities(frozenset({Capability.FUNCTIONS}), DEFAULTS)
    resources = project(assistant("a", {"temperature": 1}), assistant("b", {"top_p": 1}), store(), assistant("c"))
    with pytest.raises(SpecError) as caught:
        make(resources, capabilities=less)
    assert len(caught.value.diagnostics) == 3
    assert make(resources, capabilities=less, options=PlanOptions(only=("assistant.c",))).summary["create"] == 1


def test_a_reference_to_what_is_not_declared_is_refused():
    with pytest.raises(SpecError, match=r"assistant.tutor refers to vector_store.papers, which is not declared"):
        make(project(searcher("tutor", "papers")))


def test_metadata_that_leaves_no_room_for_the_record_is_refused():
    fits = assistant(fields={f"metadata.k{number}": "v" for number in range(14)})
    assert make(project(fits)).summary["create"] == 1
    full = assistant(fields={f"metadata.k{number}": "v" for number in range(15)})
    with pytest.raises(SpecError) as caught:
        make(project(full))
    assert caught.value.diagnostics[0].message == (
        "assistant.tutor needs 17 metadata pairs and a live object holds 16: "
        "15 of its own, 2 for the record orch keeps under `orch.*`"
    )
    assert caught.value.diagnostics[0].hint == "take out 1 of its `metadata` pairs"


def test_a_long_record_and_pairs_set_outside_count_too():
    many = {f"tools.f{number}": "function" for number in range(90)}  # 92 fields of 12 characters need three pairs
    now_crowded = {f"metadata.k{number}": "v" for number in range(13)}
    tutor = assistant(fields=many)
    with pytest.raises(SpecError, match=r"needs 17 .* 13 of its own, 13 of them set outside \(k0, k1"):
        make(project(tutor), seen(live(tutor, {**tutor.fields, **now_crowded, "model": "x"})))


def test_only_takes_what_matches_and_what_that_needs_and_is_not_live():
    resources = project(searcher("tutor", "papers"), store(), assistant("other"), store("unused"))
    made = make(resources, options=PlanOptions(only=("assistant.t*",)))
    assert actions(made) == {"vector_store.papers": "create", "assistant.tutor": "create"}
    papers = store(fields={"expires_after": {"days": 2}})
    made = make(resources | project(papers), seen(live(store(), id="vs_1")), PlanOptions(only=("assistant.tutor",)))
    assert actions(made) == {"assistant.tutor": "create"}
    assert made.ids == {address("vector_store.papers"): "vs_1"}


def test_only_narrows_deletes_and_leftovers():
    observed = seen(live(assistant("a")), live(assistant("b")))
    made = make({}, observed, PlanOptions(only=("assistant.a",)))
    assert [str(item.address) for item in made.leftovers] == ["assistant.a"]
    made = make({}, observed, PlanOptions(prune=True, only=("assistant.b",)))
    assert actions(made) == {"assistant.b": "delete"}


def test_only_that_matches_nothing_is_an_error_with_a_guess():
    with pytest.raises(UsageError, match=r"--only assistant\.totor matches nothing") as caught:
        make(project(assistant()), options=PlanOptions(only=("assistant.totor",)))
    assert caught.value.hint == "did you mean `assistant.tutor`?"


def test_the_hash_is_of_what_would_be_done():
    tutor, papers = searcher("tutor", "papers"), store(fields={'files["a.md"]': FILE}, whole={"files"})
    first = make(project(tutor, papers))
    assert len(first.hash) == 64
    assert make(project(papers, tutor), replace(EMPTY, requests=7)).hash == first.hash
    assert make(project(papers, tutor), options=PlanOptions(revision="abc")).hash == first.hash
    noops = make(project(papers, tutor, assistant("x")), seen(live(assistant("x"))))
    assert noops.hash == first.hash
    others = [
        make(project(searcher("tutor", "papers"), store())),
        make(project(papers, replace(tutor, protect=True))),
        replace(first, target="prod"),
        replace(first, changes=tuple(replace(item, after={**item.after, "x": 1}) for item in first.changes)),
        replace(first, project="other"),
        replace(first, changes=tuple(replace(change, id="x") for change in first.changes)),
        replace(first, changes=tuple(replace(change, blocked_by="x") for change in first.changes)),
    ]
    assert len({first.hash} | {other.hash for other in others}) == 8
