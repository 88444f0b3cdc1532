"""What another project owns is never taken; what is ours is taken only where its spec was lost."""

from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import OrchError, UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.ownership import Marks
from orchestrator.model.project import Project, Resource, Target
from orchestrator.providers.interface import Live
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.picks import pick_all, pick_given
from tests.reconcile.building import PROJECT, address, assistant, project

A, B, C = (address(f"assistant.{name}") for name in "abc")
NOBODYS = Live(Kind.ASSISTANT, "asst_0", {}, None)
THEIRS = Live(Kind.ASSISTANT, "asst_1", {}, Marks("elsewhere", A))
OURS = Live(Kind.ASSISTANT, "asst_2", {}, Marks(PROJECT, A))
LOST = Live(Kind.ASSISTANT, "asst_3", {}, Marks(PROJECT, B))
COPIED = Live(Kind.VECTOR_STORE, "vs_4", {}, Marks(PROJECT, A))
SEEN = Observed({A: OURS, B: LOST}, {}, (NOBODYS, THEIRS, COPIED))


def declaring(resources: dict[Address, Resource]) -> Project:
    return Project(PROJECT, Path("/p"), "local", Target(provider="local"), Position("o"), resources, (), ())


HERE = declaring(project(assistant("a")))


def test_all_takes_what_nobody_owns_and_names_the_rest():
    picks = pick_all(SEEN, HERE.resources)
    assert [(pick.live, pick.address) for pick in picks.taken] == [(NOBODYS, None)]
    assert {item.live.id: (item.owner, item.hint) for item in picks.skipped} == {
        "asst_1": ("elsewhere/assistant.a", None),
        "asst_2": ("tutoring/assistant.a", None),
        "asst_3": (
            "tutoring/assistant.b",
            "no longer declared; `orch import assistant.b=asst_3` writes its spec again",
        ),
        "vs_4": ("tutoring/assistant.a", None),
    }


def test_what_is_given_is_taken_where_it_is_nobody_s_or_lost():
    picks = pick_given({C: "asst_0", B: "asst_3", A: "asst_2"}, SEEN, HERE)
    assert [(pick.live.id, pick.address) for pick in picks.taken] == [("asst_0", C), ("asst_3", B)]
    assert [item.live.id for item in picks.skipped] == ["asst_2"]


@pytest.mark.parametrize(
    ("where", "id", "kind", "message"),
    [
        (C, "asst_9", UsageError, "no assistant on local has the id asst_9"),
        (address("vector_store.c"), "asst_0", UsageError, "no vector_store on local has the id asst_0"),
        (C, "asst_1", OrchError, "asst_1 is owned already: it is elsewhere/assistant.a"),
        (A, "asst_1", OrchError, "asst_1 is owned already: it is elsewhere/assistant.a"),
        (address("vector_store.c"), "vs_4", OrchError, "vs_4 is owned already: it is tutoring/assistant.a"),
        (C, "asst_2", OrchError, "asst_2 is this project's already, as assistant.a"),
        (A, "asst_0", OrchError, "assistant.a is live already, as asst_2"),
    ],
)
def test_what_cannot_be_given_is_refused_with_the_reason(where, id, kind, message):
    with pytest.raises(kind) as caught:
        pick_given({where: id}, SEEN, HERE)
    assert caught.value.message == message
    assert caught.value.hint
