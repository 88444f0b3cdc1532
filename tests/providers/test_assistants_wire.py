import copy
from typing import Any

import pytest
from hypothesis import given, settings

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref, as_json, equal, is_unknown
from orchestrator.model.ownership import Baseline, Marks
from orchestrator.providers.assistants_wire import CAPABILITIES, DEFAULTS, from_wire, to_wire
from orchestrator.providers.interface import Capability, Desired
from orchestrator.reconcile.diff import value_at
from tests.reconcile.strategies import projects

TUTOR, PAPERS = Address(Kind.ASSISTANT, "tutor"), Address(Kind.VECTOR_STORE, "papers")
SEARCH = "tools.file_search"
QUIZ = {
    "tools.quiz": "function",
    "tools.quiz.description": "Ask",
    "tools.quiz.parameters": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "tools.quiz.strict": True,
}
QUIZ_WIRE: dict[str, Any] = {
    "type": "function",
    "function": {"name": "quiz", "description": "Ask", "parameters": QUIZ["tools.quiz.parameters"], "strict": True},
}


def desired(fields, where=TUTOR, ids=None):
    return Desired(where, fields, Marks("p", where, Baseline.of(fields)), ids or {PAPERS: "vs_1"})


def created(fields, where=TUTOR):
    return to_wire(desired(fields, where), None)


def updated(fields, *changed, where=TUTOR):
    return to_wire(desired(fields, where), frozenset(changed))


def fields_of(item, kind=Kind.ASSISTANT):
    return from_wire(kind, {"id": "x", **item}).fields


def test_a_create_sends_every_declared_field_with_the_marks():
    fields = {
        "display_name": "Tutor",
        "model": "gpt-4o",
        "instructions": "Be kind",
        "description": "d",
        "temperature": 0.5,
        "top_p": 0.5,
        "reasoning_effort": "low",
        "response_format": "json_object",
        "metadata.team": "x",
        SEARCH: "file_search",
        f"{SEARCH}.vector_stores": [Ref(PAPERS)],
        f"{SEARCH}.max_num_results": 8,
        f"{SEARCH}.ranking_options": {"ranker": "auto", "score_threshold": 0.5},
        "tools.code_interpreter": "code_interpreter",
        **QUIZ,
    }
    marks = desired(fields).marks.to_metadata()
    assert created(fields) == {
        "name": "Tutor",
        "model": "gpt-4o",
        "instructions": "Be kind",
        "description": "d",
        "temperature": 0.5,
        "top_p": 0.5,
        "reasoning_effort": "low",
        "response_format": {"type": "json_object"},
        "metadata": {"team": "x", **marks},
        "tools": [
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 8,
                    "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
                },
            },
            {"type": "code_interpreter"},
            QUIZ_WIRE,
        ],
        "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
    }


def test_an_update_sends_what_changed_and_the_metadata_whole():
    body = updated({"model": "m", "temperature": 1, "metadata.team": "x"}, "model")
    assert set(body) == {"model", "metadata"}
    assert body["metadata"]["team"] == "x"
    assert body["metadata"]["orch.owner"] == "p/assistant.tutor"


def test_a_removed_field_is_reset_by_name():
    paths = ("display_name", "description", "instructions", "temperature", "top_p", "reasoning_effort")
    body = updated({"model": "m"}, *paths, "response_format", "metadata.team")
    del body["metadata"]
    assert body == {
        "name": None, "description": None, "instructions": None, "temperature": None, "top_p": None,
        "reasoning_effort": None, "response_format": "auto",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["tools.quiz", "tools.quiz.strict", "tools.code_interpreter", f"{SEARCH}.max_num_results"]
)
def test_any_change_of_a_tool_sends_all_tools(path):
    assert updated({"tools.code_interpreter": "code_interpreter", **QUIZ}, path)["tools"] == [
        {"type": "code_interpreter"},
        QUIZ_WIRE,
    ]


def test_the_stores_are_sent_only_where_they_moved():
    fields = {SEARCH: "file_search", f"{SEARCH}.vector_stores": ["vs_theirs", Ref(PAPERS)], **QUIZ}
    assert "tool_resources" not in updated(fields, "tools.quiz")
    sent = updated(fields, f"{SEARCH}.vector_stores")["tool_resources"]
    assert sent == {"file_search": {"vector_store_ids": ["vs_theirs", "vs_1"]}}
    assert updated(QUIZ, SEARCH)["tool_resources"] == {"file_search": {"vector_store_ids": []}}


@pytest.mark.parametrize(
    ("field", "wire"),
    [
        ("auto", "auto"),
        ("json_object", {"type": "json_object"}),
        (
            {"json_schema": {"name": "n", "schema": {"type": "object"}, "strict": False}},
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": False}},
        ),
        ({"type": "grammar", "of": "us"}, {"type": "grammar", "of": "us"}),
    ],
)
def test_a_response_format_goes_and_comes_back(field, wire):
    assert created({"response_format": field})["response_format"] == wire
    assert fields_of({"response_format": wire})["response_format"] == field


@pytest.mark.parametrize("wire", [None, "auto", {"type": "text"}])
def test_text_and_auto_are_one(wire):
    assert fields_of({"response_format": wire})["response_format"] == "auto"


def test_nulls_the_server_adds_to_a_schema_are_not_the_authors():
    wire = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "description": None, "strict": None}}
    assert fields_of({"response_format": wire})["response_format"] == {
        "json_schema": {"name": "n", "schema": {}, "strict": False}
    }


def test_what_the_server_fills_in_is_read_as_it_is_and_known_as_its_default():
    live = fields_of(
        {
            "model": "m", "name": None, "description": None, "instructions": None, "temperature": 1.0, "top_p": 1.0,
            "response_format": "auto", "metadata": {}, "tool_resources": {"file_search": {"vector_store_ids": []}},
            "tools": [
                {
                    "type": "file_search",
                    "file_search": {
                        "max_num_results": 20,
                        "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0},
                    },
                }
            ],
        }
    )  # fmt: skip
    assert live.pop("model") == "m"
    assert live.pop(SEARCH) == "file_search"
    assert live.keys() == DEFAULTS[Kind.ASSISTANT].keys()
    assert all(equal(value, DEFAULTS[Kind.ASSISTANT][path]) for path, value in live.items())


def test_a_function_without_parameters_or_strictness_reads_as_declared_without():
    assert fields_of({"tools": [{"type": "function", "function": {"name": "ping"}}]}) == {
        "response_format": "auto",
        "tools.ping": "function",
        "tools.ping.description": None,
        "tools.ping.parameters": {"type": "object", "properties": {}},
        "tools.ping.strict": False,
    }


def test_unknown_tools_come_back_as_they_were():
    tools = [
        {"type": "bing_grounding", "bing_grounding": {"connections": [{"id": "c"}]}},
        {"type": "quiz", "quiz": {"name": "a"}},
        QUIZ_WIRE,
        {"type": "quiz", "quiz": {"name": "b"}},
        {"type": "a.b"},
    ]
    fields = fields_of({"tools": tools})
    assert [path for path in fields if path.count(".") == 1] == [
        *("tools.unknown:bing_grounding", "tools.unknown:quiz", "tools.quiz", "tools.unknown:quiz-3"),
        "tools.unknown:a_b",
    ]
    assert updated(fields, "tools.quiz")["tools"] == tools


def test_resources_of_other_tools_are_kept_and_not_a_part_of_the_tools():
    resources = {"code_interpreter": {"file_ids": ["file-1"]}, "azure_ai_search": {"indexes": [1]}, "bare": {"ids": []}}
    tools = [{"type": "code_interpreter"}, {"type": "azure_ai_search"}, {"type": "bare"}]
    fields = fields_of({"tools": tools, "tool_resources": resources})
    assert {path for path in fields if not path.startswith("tools.")} == {
        "response_format", "tool_resources.code_interpreter", "tool_resources.azure_ai_search",
    }  # fmt: skip
    added = {**fields, SEARCH: "file_search", f"{SEARCH}.vector_stores": [Ref(PAPERS)]}
    sent = updated(added, SEARCH, f"{SEARCH}.vector_stores")["tool_resources"]
    assert sent == {
        "code_interpreter": {"file_ids": ["file-1"]},
        "azure_ai_search": {"indexes": [1]},
        "file_search": {"vector_store_ids": ["vs_1"]},
    }
    without = {path: value for path, value in added.items() if path != "tools.code_interpreter"}
    assert "code_interpreter" not in updated(without, SEARCH, "tools.code_interpreter")["tool_resources"]


def test_what_is_not_known_within_what_is_known_is_shown_and_sent_again():
    index = {"index_connection_id": "c", "index_name": "i"}
    schema = {"name": "s", "schema": {"type": "object"}, "strict": False}
    item: dict[str, Any] = {
        "mood": "sunny",
        "nothing": None,
        "response_format": {"type": "json_schema", "json_schema": {**schema, "x": 1}},
        "tools": [
            {**QUIZ_WIRE, "function": {**QUIZ_WIRE["function"], "colour": "red"}, "async": True},
            {
                "type": "file_search",
                "file_search": {"max_num_results": 3, "ranking_options": {"ranker": "auto", "h": 1}},
            },
            {"type": "azure_ai_search", "x": 2},
            {"type": "code_interpreter", "x": 3},
        ],
        "tool_resources": {
            "file_search": {"vector_store_ids": ["vs_1"], "x": 4},
            "azure_ai_search": {"indexes": [{**index, "x": 5}]},
        },
    }
    fields = fields_of(item)
    assert {path: value for path, value in fields.items() if is_unknown(path)} == {
        "assistants.unknown.mood": "sunny",
        "assistants.unknown.response_format": {"json_schema": {"x": 1}},
        "assistants.unknown.tools.quiz": {"function": {"colour": "red"}, "async": True},
        f"assistants.unknown.{SEARCH}": {"file_search": {"ranking_options": {"h": 1}}},
        "assistants.unknown.tools.assistants:azure_ai_search": {"x": 2, "azure_ai_search": {"indexes": [{"x": 5}]}},
        "assistants.unknown.tools.code_interpreter": {"x": 3},
        "assistants.unknown.tool_resources.file_search": {"x": 4},
    }
    assert fields["tools.assistants:azure_ai_search"]["azure_ai_search"] == {"indexes": [index]}
    body = updated(fields, "tools.quiz.description", f"{SEARCH}.vector_stores", "response_format")
    item["tools"][1]["file_search"]["ranking_options"]["score_threshold"] = 0
    assert body["tools"] == item["tools"]
    assert body["tool_resources"] == item["tool_resources"]
    assert body["response_format"] == item["response_format"]
    assert "mood" not in body


def test_an_index_travels_as_a_resource_and_goes_with_its_tool():
    value = {"type": "azure_ai_search", "azure_ai_search": {"indexes": [{"index_asset_id": "a"}]}}
    fields = {"model": "m", "tools.assistants:azure_ai_search": value}
    body = created(fields)
    assert body["tools"] == [{"type": "azure_ai_search"}]
    assert body["tool_resources"] == {"azure_ai_search": {"indexes": [{"index_asset_id": "a"}]}}
    assert fields_of(body)["tools.assistants:azure_ai_search"] == value
    assert updated({"model": "m"}, "tools.assistants:azure_ai_search")["tool_resources"] == {}


def test_what_foundry_fills_in_is_no_difference():
    written = {"name": "w", "spec": {}, "auth": {"type": "anonymous"}}
    fields = fields_of({"tools": [{"type": "openapi", "openapi": {**written, "functions": [{"name": "w_get"}]}}]})
    assert fields["tools.assistants:openapi:w"] == {"type": "openapi", "openapi": written}
    assert not any(map(is_unknown, fields))


def test_marks_and_the_users_pairs_are_told_apart():
    wanted = desired({"metadata.team": "x", "metadata.team.lead": "y", "model": "m"})
    live = from_wire(Kind.ASSISTANT, {"id": "a", "metadata": to_wire(wanted, None)["metadata"]})
    assert live.marks == wanted.marks
    assert {path for path in live.fields if path.startswith("metadata")} == {"metadata.team", "metadata.team.lead"}
    assert from_wire(Kind.ASSISTANT, {"id": "a", "metadata": None}).marks is None


def test_a_store_has_a_name_an_expiry_and_a_count_of_usable_files():
    body = created({"display_name": "P", "expires_after": {"days": 3}, 'files["a.md"]': {}}, PAPERS)
    assert body.pop("metadata")
    assert body == {"name": "P", "expires_after": {"anchor": "last_active_at", "days": 3}}
    item = {"id": "vs_1", **body, "file_counts": {"completed": 2, "failed": 1, "in_progress": 1, "total": 4}}
    live = from_wire(Kind.VECTOR_STORE, item)
    assert (live.fields, live.file_count) == ({"display_name": "P", "expires_after": {"days": 3}}, 2)
    assert updated({}, "expires_after", where=PAPERS)["expires_after"] is None


def test_every_capability_is_there():
    assert CAPABILITIES.can == frozenset(Capability)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(projects())
def test_what_is_declared_is_what_is_read_back(resources):
    """Over the whole language: the body of a create, taken as the object, reads as the fields it was made from."""
    for where, resource in resources.items():
        ids = {ref: f"id of {ref}" for ref in resource.references}
        wanted = desired(resource.fields, where, ids)
        before = copy.deepcopy(as_json(resource.fields))
        live = from_wire(where.kind, {"id": "x", **to_wire(wanted, None)})
        assert as_json(resource.fields) == before
        assert live.marks == wanted.marks
        for path, value in resource.fields.items():
            if path.startswith("files["):
                continue
            got = value_at(live.fields, path, DEFAULTS[where.kind])
            if isinstance(value, list):
                value = [ids[item.address] for item in value]
            assert equal(got, value), path


@pytest.mark.parametrize("value", ["x", 7, ["x"], True], ids=str)
@pytest.mark.parametrize("key", ["tools", "tool_resources", "metadata", "response_format"])
def test_an_assistant_of_another_shape_is_no_crash(key, value):
    assert from_wire(Kind.ASSISTANT, {"id": "asst_1", "model": "m", key: value}).fields["model"] == "m"


@pytest.mark.parametrize(
    "tool", ["telepathy", 7, {"type": "function"}, {"type": "function", "function": "x"}, {"type": ["x"]}, None]
)
def test_a_tool_of_another_shape_is_kept_as_it_is(tool):
    item = {"id": "asst_1", "model": "m", "tools": [{"type": "code_interpreter"}, tool]}
    live = from_wire(Kind.ASSISTANT, item)
    assert list(live.fields)[-1].startswith("tools.unknown:")
    body = to_wire(Desired(TUTOR, live.fields, Marks("p", TUTOR), {}), frozenset({"tools.code_interpreter"}))
    assert body["tools"] == item["tools"]


@pytest.mark.parametrize("value", ["x", 7, ["x"]], ids=str)
def test_settings_of_tools_of_another_shape_are_no_crash(value):
    tools = [
        {"type": "file_search", "file_search": value},
        {"type": "file_search", "file_search": {"ranking_options": value}},
    ]
    for tool in tools:
        for resource in (value, {"vector_store_ids": value}):
            resources = {"file_search": resource, "code_interpreter": value}
            live = from_wire(Kind.ASSISTANT, {"id": "a", "model": "m", "tools": [tool], "tool_resources": resources})
            assert live.fields["tools.file_search"] == "file_search"


@pytest.mark.parametrize("value", ["x", 7, ["x"]], ids=str)
@pytest.mark.parametrize("key", ["expires_after", "file_counts", "metadata"])
def test_a_store_of_another_shape_is_no_crash(key, value):
    live = from_wire(Kind.VECTOR_STORE, {"id": "vs_1", "name": "papers", key: value})
    assert (live.fields["display_name"], live.file_count) == ("papers", 0)
