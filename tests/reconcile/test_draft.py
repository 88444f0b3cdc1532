"""A draft says what is live and nothing else, or the object is refused with the reason."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.model.address import Kind
from orchestrator.model.ownership import MAX_PAIRS
from orchestrator.providers.interface import Live
from orchestrator.providers.memory import DEFAULTS
from orchestrator.reconcile.draft import Draft, RefusedError, Surroundings, draft
from tests.reconcile.building import PROJECT, STORES, address

PARAMETERS = {"type": "object", "properties": {"n": {"type": "integer"}}}
AROUND = Surroundings(PROJECT, DEFAULTS, {"vs_1": address("vector_store.papers")}, frozenset({"vs_2"}))
SEARCH = {"tools.file_search": "file_search"}


def drafted(fields: dict[str, Any], around: Surroundings = AROUND) -> Draft:
    live = Live(Kind.ASSISTANT, "asst_1", {"model": "m", "display_name": "Tutor"} | fields, None)
    return draft(live, address("assistant.tutor"), around)


def test_defaults_are_left_out_and_keys_stand_as_authors_write_them():
    fields = {"temperature": 1.0, "top_p": 0.5, "response_format": "auto", "instructions": "Teach", "description": ""}
    made = drafted(fields | {"metadata.team": "a", "tools.code_interpreter": "code_interpreter"})
    assert list(made.data.items()) == [
        ("kind", "Assistant"),
        ("name", "tutor"),
        ("display_name", "Tutor"),
        ("model", "m"),
        ("instructions", "Teach"),
        ("tools", ["code_interpreter"]),
        ("top_p", 0.5),
        ("metadata", {"team": "a"}),
    ]
    assert made.comments == ()
    assert set(made.resource.fields) == {
        *("display_name", "model", "instructions", "tools.code_interpreter", "top_p", "metadata.team"),
    }
    assert made.resource.whole == {"tools"}


@pytest.mark.parametrize(
    ("stores", "search", "ignore"),
    [
        (["vs_1"], {"file_search": {"vector_stores": ["papers"]}}, None),
        (None, "file_search", None),
        (["vs_9"], "file_search", [STORES]),
    ],
)
def test_a_search_names_our_stores_and_leaves_those_of_others(stores, search, ignore):
    made = drafted(SEARCH if stores is None else {**SEARCH, STORES: stores})
    assert made.data["tools"] == [search]
    assert made.data.get("lifecycle") == (None if ignore is None else {"ignore": ignore})
    assert any("vs_9" in comment for comment in made.comments) == (ignore is not None)


def test_what_specs_do_not_speak_of_stays_and_is_said():
    made = drafted({"tool_resources.code_interpreter": {"file_ids": ["file_1"]}})
    assert made.comments == ("Specs cannot express its tool_resources.code_interpreter: that stays.",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({**SEARCH, STORES: ["vs_2"]}, "it searches vs_2: import that too (vector_store.NAME=vs_2)"),
        ({**SEARCH, STORES: ["vs_1", "vs_1"]}, "at most 1 item, not 2"),
        ({"tools.browser": {"type": "browser"}}, "it has a tool that specs do not know: browser"),
        ({"tools.x.y": "function"}, "a spec cannot say what it has at `tools.x.y`"),
        ({"tools.file_search": "function"}, "built-in tool's"),
        ({"tools.a b": "function"}, "its function a b: `name` may not be 'a b'"),
        (
            {"tools.f": "function", "tools.f.parameters": {"type": "string"}},
            "its function f: parameters must have type",
        ),
        ({"tools.f": "function", "tools.f.parameters": PARAMETERS, "tools.f.strict": True}, "every object is closed"),
        ({"response_format": {"json_schema": {"name": "x", "schema": {}, "strict": False}}}, "its response_format: "),
        ({"response_format": {"type": "grammar"}}, "a spec cannot say what it has at `response_format`"),
        ({"description": "d" * 600}, "`description` must have at most 512 characters, not 600"),
        ({"metadata.": "x"}, "must not be empty"),
        ({f"metadata.{n}": "x" for n in range(MAX_PAIRS - 1)}, "need 17 pairs; an object holds 16"),
        ({"instructions": "\ud800"}, "`instructions` holds half of a surrogate pair"),
        ({"metadata.\ud800": "x"}, "holds half of a surrogate pair"),
        ({"display_name": "x" * 300}, "at most 256 characters"),
    ],
)
def test_what_a_spec_cannot_say_refuses_the_object(fields, reason):
    with pytest.raises(RefusedError) as caught:
        drafted(fields)
    assert reason in caught.value.message


def test_the_revision_counts_among_the_pairs():
    fields = {f"metadata.{n}": "x" for n in range(MAX_PAIRS - 2)}
    assert drafted(fields)
    with pytest.raises(RefusedError, match="need 17 pairs"):
        drafted(fields, replace(AROUND, revision="abc"))


@pytest.mark.parametrize(("count", "comment"), [(0, "Its files cannot"), (1, "Its 1 file cannot"), (7, "Its 7 files")])
def test_the_files_of_a_store_are_said_to_be_left(count, comment):
    live = Live(Kind.VECTOR_STORE, "vs_1", {"expires_after": {"days": 3}}, None, file_count=count)
    made = draft(live, address("vector_store.papers"), AROUND)
    assert made.comments[0].startswith(comment)
    assert made.data == {
        "kind": "VectorStore",
        "name": "papers",
        "expires_after": {"days": 3},
        "lifecycle": {"ignore": ["display_name"]},
    }
    assert made.resource.whole == frozenset()
