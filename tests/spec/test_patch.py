"""Overrides: merged as RFC 7396 has it, and whatever they break is told where they stand."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.diagnostics import Position
from orchestrator.spec.patch import Overrides
from orchestrator.spec.reader import Document, read_documents

HEAD = """\
kind: Project
name: p
targets:
  local:
    provider: local
    overrides:
      assistant.tutor:
        model: gpt-5
        description: null
        tools: [file_search]
        metadata: {team: ops, tier: null}
        lifecycle: {ignore: [model], protect: null}
  other:
    provider: local
    overrides:
      assistant.tutro: {model: gpt-5}
"""
TUTOR = """\
kind: Assistant
name: tutor
model: gpt-4o
description: it helps
tools:
  - code_interpreter
  - function: quiz
metadata: {team: dev, tier: gold, owner: me}
"""


def read(folder: Path, name: str, text: str) -> Document:
    (folder / name).write_text(text)
    reading = read_documents(folder / name, name)
    assert not reading.problems
    return reading.documents[0]


def overrides_of(head: Document, target: str = "local") -> Overrides:
    patches = {name: each.get("overrides", {}) for name, each in head.data["targets"].items()}
    return Overrides(head, target, patches)


@pytest.fixture
def patched(tmp_path) -> Document:
    head = read(tmp_path, "orch.yaml", HEAD)
    return overrides_of(head).apply(read(tmp_path, "tutor.yaml", TUTOR), "Assistant")


def test_values_are_replaced_mappings_merged_and_null_removes(patched):
    assert patched.data == {
        "kind": "Assistant",
        "name": "tutor",
        "model": "gpt-5",
        "tools": ["file_search"],
        "metadata": {"team": "ops", "owner": "me"},
        "lifecycle": {"ignore": ["model"]},
    }


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("model",), Position("orch.yaml", 8, 16)),
        (("tools", 0), Position("orch.yaml", 10, 17)),
        (("metadata", "team"), Position("orch.yaml", 11, 26)),
        (("lifecycle", "ignore", 0), Position("orch.yaml", 12, 30)),
        (("description",), Position("orch.yaml", 9, 22)),
        (("metadata", "tier"), Position("orch.yaml", 11, 37)),
        (("metadata", "owner"), Position("tutor.yaml", 8, 42)),
        (("metadata",), Position("tutor.yaml", 8, 11)),
        (("name",), Position("tutor.yaml", 2, 7)),
    ],
)
def test_a_place_is_where_the_value_came_from(patched, path, place):
    assert patched.position(path) == place


def test_the_excerpt_is_of_the_file_the_place_is_in(patched):
    assert patched.diagnostic("wrong", ("model",), key=True).excerpt == "        model: gpt-5"
    assert patched.diagnostic("wrong", ("name",)).excerpt == "name: tutor"


def test_an_address_without_an_override_is_left_alone(tmp_path):
    head = read(tmp_path, "orch.yaml", HEAD)
    document = read(tmp_path, "tutor.yaml", TUTOR)
    assert overrides_of(head, "other").apply(document, "Assistant") is document
    assert overrides_of(head).apply(document, "Scenario") is document


def test_an_override_of_instructions_takes_the_place_of_the_markdown(tmp_path):
    head = read(
        tmp_path,
        "orch.yaml",
        "targets: {local: {overrides: {assistant.a: {instructions: short}, assistant.b: {model: x}}}}\n",
    )
    overrides = overrides_of(head)
    one = read(tmp_path, "a.assistant.md", "---\nname: a\n---\nLong\n")
    other = read(tmp_path, "b.assistant.md", "---\nname: b\n---\nLong\n")
    assert overrides.apply(one, "Assistant").body is None
    assert overrides.apply(other, "Assistant").body == "Long"


def test_overrides_of_every_target_are_checked(tmp_path):
    head = read(tmp_path, "orch.yaml", HEAD)
    overrides = overrides_of(head)
    overrides.apply(read(tmp_path, "tutor.yaml", TUTOR), "Assistant")
    found = [(str(problem), problem.hint) for problem in overrides.problems()]
    assert found == [
        (
            "orch.yaml:16:7: an override for `assistant.tutro`, which no spec declares",
            "did you mean `assistant.tutor`?",
        )
    ]


def test_an_override_cannot_make_another_resource(tmp_path):
    head = read(tmp_path, "orch.yaml", "targets: {local: {overrides: {assistant.tutor: {name: x, kind: Function}}}}\n")
    overrides = overrides_of(head)
    patched = overrides.apply(read(tmp_path, "tutor.yaml", TUTOR), "Assistant")
    assert (patched.data["name"], patched.data["kind"]) == ("tutor", "Assistant")
    assert [str(problem) for problem in overrides.problems()] == [
        "orch.yaml:1:58: an override cannot change the `kind` of a spec",
        "orch.yaml:1:49: an override cannot change the `name` of a spec",
    ]


def merged(data: Any, patch: Any) -> Any:
    """RFC 7396, section 2, as it is written there."""
    if not isinstance(patch, dict):
        return patch
    result = dict(data) if isinstance(data, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.lists(st.none() | st.integers(0, 3), max_size=2),
    lambda item: st.dictionaries(KEYS, item, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_merging_is_rfc_7396(data, patch):
    file = Path("x.yaml")
    head = Document(file, "orch.yaml", {}, {}, ())
    overrides = Overrides(head, "local", {"local": {"assistant.t": patch}})
    document = Document(file, "x.yaml", {"name": "t", **data}, {}, ())
    assert overrides.apply(document, "Assistant").data == {"name": "t", **merged(data, patch)}
