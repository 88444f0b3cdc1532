from dataclasses import replace

import pytest

from orchestrator.model.address import Address, Kind
from orchestrator.providers.interface import NOWHERE, Elsewhere
from orchestrator.reconcile.elsewhere import Holders
from orchestrator.reconcile.plan import Action, Change, Plan
from tests.reconcile.building import FILE, assistant, store

A, B = 'files["a.md"]', 'files["b.md"]'
ONE, TWO = Address(Kind.VECTOR_STORE, "one"), Address(Kind.VECTOR_STORE, "two")
ALL = Elsewhere({}, ("vs_2",))
UPDATE = Change(ONE, Action.UPDATE, id="vs_1", after={A: FILE, B: FILE})


def found(other: Change | None, declared=None) -> Elsewhere:
    changes = (UPDATE, other) if other is not None else (UPDATE,)
    plan = Plan("shop", "local", changes, ids={ONE: "vs_1", TWO: "vs_2"})
    resources = {} if declared is None else {TWO: declared}
    return Holders.of(plan, resources).elsewhere(UPDATE)


def two(**more):
    return replace(store(fields={A: FILE}, **more), address=TWO)


@pytest.mark.parametrize(
    ("other", "declared", "expected"),
    [
        pytest.param(Change(TWO, Action.NOOP, id="vs_2"), two(), Elsewhere({"a.md": ("vs_2",)}), id="as declared"),
        pytest.param(
            Change(TWO, Action.UPDATE, id="vs_2", after={B: FILE}), two(), Elsewhere({"b.md": ("vs_2",)}), id="changed"
        ),
        pytest.param(Change(TWO, Action.DELETE, id="vs_2"), None, NOWHERE, id="goes"),
        pytest.param(
            Change(TWO, Action.DELETE, id="vs_2", blocked_by="protected"),
            None,
            ALL,
            id="held back",
        ),
        pytest.param(None, None, ALL, id="declared no more"),
        pytest.param(None, two(), ALL, id="not chosen"),
        pytest.param(Change(TWO, Action.NOOP, id="vs_2"), two(ignore=("files",)), ALL, id="looked away from"),
    ],
)
def test_who_may_have_the_same_file(other, declared, expected):
    assert found(other, declared) == expected


def test_a_store_that_goes_asks_for_everything_it_may_have():
    gone = Change(ONE, Action.DELETE, id="vs_1")
    plan = Plan("shop", "local", (gone, Change(TWO, Action.NOOP, id="vs_2")), ids={ONE: "vs_1", TWO: "vs_2"})
    assert Holders.of(plan, {TWO: two()}).elsewhere(gone) == Elsewhere({"a.md": ("vs_2",)})


def test_an_assistant_has_no_such_files():
    change = Change(assistant().address, Action.UPDATE, id="asst_1")
    assert Holders.of(Plan("shop", "local", (change,)), {}).elsewhere(change) is NOWHERE
