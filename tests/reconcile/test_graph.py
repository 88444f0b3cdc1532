from graphlib import CycleError

import pytest

from orchestrator.model.fields import Ref
from orchestrator.providers.interface import Live
from orchestrator.reconcile.graph import ordered
from orchestrator.reconcile.plan import Action, Change
from tests.reconcile.building import STORES, address


def change(text, action, refs=(), uses=(), id=None):
    where = address(text)
    after = {STORES: [Ref(address(ref)) for ref in refs]} if refs else {}
    live = Live(where.kind, id or "x", {STORES: list(uses)}, None) if action is not Action.CREATE else None
    return Change(where, action, id=id, after=after, live=live)


def order(*changes):
    return [str(item.address) for item in ordered(changes)]


def test_references_come_first_and_the_rest_by_address():
    made = order(
        change("assistant.a", Action.CREATE, refs=["vector_store.z"]),
        change("assistant.c", Action.CREATE),
        change("vector_store.z", Action.CREATE),
        change("assistant.b", Action.UPDATE),
    )
    assert made == ["assistant.b", "assistant.c", "vector_store.z", "assistant.a"]


def test_a_store_is_deleted_after_those_that_used_it():
    made = ordered(
        [
            change("vector_store.a", Action.DELETE, id="vs_1"),
            change("assistant.z", Action.UPDATE, uses=["vs_1"]),
            change("assistant.y", Action.DELETE, uses=["vs_1"]),
            change("assistant.x", Action.UPDATE, uses=["vs_2"]),
            change("assistant.w", Action.NOOP, uses=["vs_1"]),
        ]
    )
    last = made[-1]
    assert str(last.address) == "vector_store.a"
    assert last.depends_on == {address("assistant.z"), address("assistant.y")}


def test_what_does_not_change_is_not_waited_for():
    made = ordered(
        [
            change("assistant.a", Action.UPDATE, refs=["vector_store.s", "vector_store.gone"]),
            change("vector_store.s", Action.NOOP, id="vs_1"),
        ]
    )
    assert all(item.depends_on == frozenset() for item in made)


def test_a_circle_is_an_error():
    with pytest.raises(CycleError):
        order(
            change("assistant.a", Action.CREATE, refs=["vector_store.b"]),
            change("vector_store.b", Action.CREATE, refs=["assistant.a"]),
        )


def test_kinds_of_one_name_are_two():
    assert order(change("assistant.a", Action.NOOP), change("vector_store.a", Action.NOOP)) == [
        "assistant.a",
        "vector_store.a",
    ]
