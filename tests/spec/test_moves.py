"""Every entry of `moved:` that cannot be followed is said at its place."""

from pathlib import Path

import pytest

from orchestrator.errors import SpecError
from orchestrator.model.address import Address
from orchestrator.spec.loader import Ask, load

HEAD = "kind: Project\nname: shop\ntargets: {local: {provider: local}}\nmoved:\n"
B, C, TUTOR = (f"---\nkind: Assistant\nname: {name}\nmodel: m\n" for name in ("b", "c", "tutor"))


def moving(write, *entries: str, rest: str = B + C) -> Path:
    root: Path = write({"orch.yaml": HEAD + "".join(f"  - {entry}\n" for entry in entries) + rest})
    return root


@pytest.mark.parametrize(
    ("entries", "place", "message", "hint"),
    [
        (
            ["{from: assistant.a, to: assistant.tutr}"],
            "5:29",
            "which is not declared",
            "did you mean `assistant.tutor`?",
        ),
        (["{from: assistant.a, to: assistant.other}"], "5:29", "which is not declared", "declare it"),
        (["{from: assistant.b, to: assistant.c}"], "5:12", "assistant.b moved, and is still declared", "the old name"),
        (["{from: assistant.b, to: assistant.b}"], "5:29", "moves form a circle", "keep the one"),
        (["{from: vector_store.a, to: assistant.b}"], "5:32", "a vector_store stays one", "of the same kind"),
        (["{from: function.a, to: assistant.b}"], "5:12", "may not be 'function.a'", "write an address"),
        (["{from: assistant.a}"], "5:5", "`to` is missing", "The address it has now"),
        (["{from: assistant.a, to: assistant.b, why: x}"], "5:42", "unknown key `why`", "known here: from, to"),
    ],
)
def test_one_entry(write, entries, place, message, hint):
    root = moving(write, *entries, rest=B + C + TUTOR)
    with pytest.raises(SpecError) as caught:
        load(Ask(root, root))
    (found,) = caught.value.diagnostics
    assert str(found).startswith(f"orch.yaml:{place}: ")
    assert message in found.message
    assert hint in (found.hint or "")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("x -> y", "y -> x", ["5:29: moves form a circle: assistant.x -> assistant.y", "6:29: moves form a circle"]),
        ("x -> y", "y -> b", ["5:29: moves form a chain: assistant.x -> assistant.y -> assistant.b"]),
        ("a -> b", "a -> c", ["6:12: assistant.a moves twice"]),
        ("x -> b", "y -> b", ["6:29: two addresses move to assistant.b"]),
    ],
)
def test_two_entries(write, first, second, told):
    written = (f"{{from: assistant.{pair[0]}, to: assistant.{pair[-1]}}}" for pair in (first, second))
    root = moving(write, *written)
    with pytest.raises(SpecError) as caught:
        load(Ask(root, root))
    assert len(caught.value.diagnostics) == len(told)
    for found, start in zip(caught.value.diagnostics, told, strict=True):
        assert str(found).startswith(f"orch.yaml:{start}")
        assert found.hint


def test_nobody_is_told_that_a_broken_spec_does_not_exist(write):
    root = moving(write, "{from: assistant.a, to: assistant.b}", rest="---\nkind: Assistant\nname: b\nmodle: m\n")
    with pytest.raises(SpecError) as caught:
        load(Ask(root, root))
    assert [found.message for found in caught.value.diagnostics] == ["unknown key `modle`"]


def test_what_can_be_followed(write):
    root = moving(write, "{from: assistant.x, to: assistant.b}", "{from: assistant.y, to: assistant.c}")
    moved = {str(old): str(new) for old, new in load(Ask(root, root)).moved.items()}
    assert moved == {"assistant.x": "assistant.b", "assistant.y": "assistant.c"}
    assert all(isinstance(address, Address) for address in load(Ask(root, root)).moved)
