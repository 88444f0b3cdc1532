"""Which objects an import takes, under which addresses and with which files; what became of it."""

from typing import Any

import pytest

from orchestrator.errors import OrchError
from orchestrator.model.address import Kind
from orchestrator.model.resources import Function
from orchestrator.providers.interface import Live
from orchestrator.providers.memory import DEFAULTS
from orchestrator.reconcile.adopt import (
    Adoptions,
    Place,
    adopt,
    check_plan,
    check_read,
    claimed,
    files_of,
    settle,
)
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.picks import Pick, pick_all
from orchestrator.reconcile.plan import Action, Change, FieldChange, Plan, Who
from tests.reconcile.building import PROJECT, STORES, address, live, project, resource, searcher, store

NOWHERE = Place(PROJECT, {}, {})


def unowned(id: str, **fields: Any) -> Live:
    kind = Kind.VECTOR_STORE if id.startswith("vs") else Kind.ASSISTANT
    model = {"model": "m"} if kind is Kind.ASSISTANT else {}
    return Live(kind, id, model | {key.replace("__", "."): value for key, value in fields.items()}, None)


def seen(*lives: Live) -> Observed:
    ours = {item.marks.address: item for item in lives if item.marks is not None}
    return Observed(ours, {}, tuple(item for item in lives if item.marks is None))


def taken(observed: Observed, place: Place = NOWHERE, picks: list[Pick] | None = None) -> Adoptions:
    chosen = pick_all(observed, place.resources).taken if picks is None else picks
    return adopt(chosen, observed, place, DEFAULTS)


def quiz(description: str | None = None, name: str = "quiz") -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}}
    path = f"tools__{name}"
    return {
        path: "function",
        f"{path}__description": description,
        f"{path}__parameters": parameters,
        f"{path}__strict": False,
    }


def test_stores_come_first_and_helpers_stand_before_what_names_them():
    observed = seen(
        unowned("asst_1", display_name="A", tools__file_search="file_search", **{STORES.replace(".", "__"): ["vs_1"]}),
        unowned("asst_2", display_name="A", instructions="a\nb", **quiz()),
        unowned("vs_1", display_name="Papers"),
    )
    made = taken(observed)
    assert [str(item.address) for item in made.adopted] == ["vector_store.papers", "assistant.a", "assistant.a-2"]
    assert list(files_of(made.adopted)) == [
        *("functions/quiz.yaml", "prompts/a-2.md", "vector-stores/papers.yaml", "a.yaml", "a-2.yaml"),
    ]
    assert set(claimed(observed, made.adopted).owned) == {item.address for item in made.adopted}
    assert claimed(observed, made.adopted).foreign == ()


def test_equal_functions_are_one_and_others_are_numbered():
    declared = Function(name="other", display_name="quiz", description="d")
    observed = seen(
        unowned("asst_1", **quiz("d")),
        unowned("asst_2", **quiz("e")),
        unowned("asst_3", **quiz("e")),
        unowned("asst_4", **quiz(), **quiz(name="QUIZ")),
    )
    made = taken(observed, Place(PROJECT, {}, {"other": declared}))
    assert {name for name in files_of(made.adopted) if name.startswith("functions/")} == {
        *("functions/quiz.yaml", "functions/quiz-2.yaml", "functions/QUIZ-3.yaml"),
    }
    texts = files_of(made.adopted)
    assert "tools:\n  - function: other\n" in texts["assistant-1.yaml"]
    assert "tools:\n  - function: quiz\n" in texts["assistant-2.yaml"]
    assert "tools:\n  - function: quiz\n" in texts["assistant-3.yaml"]
    assert "tools:\n  - function: quiz-2\n  - function: QUIZ-3\n" in texts["assistant-4.yaml"]
    assert "name: QUIZ-3\ndisplay_name: QUIZ\n" in texts["functions/QUIZ-3.yaml"]


def test_one_that_is_refused_takes_no_name_and_what_needs_it_is_refused_too():
    observed = seen(
        unowned("asst_1", display_name="A", tools__file_search="file_search", **{STORES.replace(".", "__"): ["vs_1"]}),
        unowned("asst_2", display_name="A"),
        unowned("vs_1", display_name="x" * 300),
    )
    made = taken(observed)
    assert [str(item.address) for item in made.adopted] == ["assistant.a"]
    assert [(item.live.id, item.reason.partition(" ")[0]) for item in made.refused] == [
        ("vs_1", "`display_name`"),
        ("asst_1", "it"),
    ]


def test_what_is_declared_exactly_so_and_not_live_is_taken_for_its_spec():
    papers = store("papers", {"display_name": "Docs"})
    tutor = searcher("tutor", "papers")
    fields = {**tutor.fields, STORES: ["vs_1"]}
    observed = seen(
        unowned("vs_1", display_name="Docs"),
        unowned("vs_2", display_name="Docs"),
        Live(Kind.ASSISTANT, "asst_1", fields, None),
        Live(Kind.ASSISTANT, "asst_2", {**fields, "description": "more"}, None),
    )
    made = taken(observed, Place(PROJECT, project(papers, tutor), {}))
    assert [(item.live.id, str(item.address), item.file) for item in made.adopted] == [
        ("vs_1", "vector_store.papers", None),
        ("vs_2", "vector_store.docs", "vector-stores/docs.yaml"),
        ("asst_1", "assistant.tutor", None),
        ("asst_2", "assistant.tutor-2", "tutor-2.yaml"),
    ]
    tutors = taken(seen(live(tutor, fields, id="asst_9"), *observed.all), Place(PROJECT, project(papers, tutor), {}))
    assert "assistant.tutor" not in {str(item.address) for item in tutors.adopted}  # another one is live as it


def test_twins_go_on_in_the_order_they_were_named():
    declared = [resource(f"assistant.a{end}", {"display_name": "A", "model": "m"}) for end in ("-10", "", "-2")]
    observed = seen(*(unowned(f"asst_{number}", display_name="A") for number in range(3)))
    made = taken(observed, Place(PROJECT, project(*declared), {}))
    assert [item.address.name for item in made.adopted] == ["a", "a-2", "a-10"]


def test_specs_have_to_read_as_they_are_meant():
    made = taken(seen(unowned("asst_1", display_name="A"))).adopted
    as_meant = {item.address: item.resource for item in made}
    check_read(made, as_meant)
    with pytest.raises(OrchError, match=r"the spec of assistant\.a is not part of the project"):
        check_read(made, {})
    with pytest.raises(OrchError, match="does not read back as it is live"):
        check_read(made, project(resource("assistant.a", {"display_name": "A", "model": "other"})))


def test_a_plan_may_write_records_and_nothing_else():
    where = address("assistant.a")
    check_plan(Plan(PROJECT, "local", (Change(where, Action.UPDATE), Change(where, Action.NOOP))))
    moving = Change(where, Action.UPDATE, fields=(FieldChange("model", "a", "b", Who.SPEC),))
    with pytest.raises(OrchError, match=r"assistant\.a would change when adopted: model; nothing was imported"):
        check_plan(Plan(PROJECT, "local", (moving,)))
    with pytest.raises(OrchError, match=r"assistant\.a would change when adopted: create"):
        check_plan(Plan(PROJECT, "local", (Change(where, Action.CREATE),)))
    with pytest.raises(OrchError, match=r"assistant\.a cannot be adopted: why"):
        check_plan(Plan(PROJECT, "local", (Change(where, Action.UPDATE, blocked_by="why"),)))


@pytest.mark.parametrize(
    ("answered", "ours", "kept", "reason"),
    [
        (True, False, 1, "lost"),
        (True, True, 2, "lost; adopted all the same, see `orch plan`"),
        (False, False, 2, "lost; run the same command again"),
    ],
)
def test_a_spec_stays_where_its_object_is_ours_or_may_be(answered, ours, kept, reason):
    made = taken(seen(unowned("asst_1", display_name="A"), unowned("asst_2", display_name="B")))
    outcomes = (
        Outcome(address("assistant.a"), Action.UPDATE, Status.APPLIED, "asst_1"),
        Outcome(address("assistant.b"), Action.UPDATE, Status.FAILED, "asst_2", "lost"),
    )
    b = live(resource("assistant.b", {}), id="asst_2")
    after = seen(b) if ours else seen(unowned("asst_2"))
    settled = settle(made, Applied(PROJECT, "local", outcomes), after if answered else None)
    assert [item.live.id for item in settled.imported] == ["asst_1"]
    assert len(settled.kept) == kept
    assert [(item.live.id, item.reason) for item in settled.refused] == [("asst_2", reason)]
