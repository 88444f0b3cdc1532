import json
from dataclasses import replace
from typing import Any

import pytest
from openai.types.responses import FileSearchToolParam, FunctionToolParam, WebSearchToolParam
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from openai.types.responses.tool_param import CodeInterpreter, ImageGeneration, Mcp

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref, equal
from orchestrator.model.ownership import Marks
from orchestrator.model.release import Release
from orchestrator.model.responses import ResponsesSettings, responses_fields
from orchestrator.providers.interface import Desired
from orchestrator.providers.responses_wire import DEFAULTS, from_release, to_release

TUTOR, PAPERS = Address(Kind.ASSISTANT, "tutor"), Address(Kind.VECTOR_STORE, "papers")
MARKS = Marks("p", TUTOR, revision="abc")
SETTINGS = ResponsesSettings.model_validate(
    {
        "verbosity": "low",
        "reasoning_summary": "concise",
        "max_output_tokens": 500,
        "max_tool_calls": 3,
        "parallel_tool_calls": False,
        "truncation": "auto",
        "service_tier": "flex",
        "tools": [
            {"web_search": {"allowed_domains": ["a.example"], "user_location": {"city": "Seoul"}}},
            "image_generation",
            {"mcp": {"server_label": "docs", "server_url": "https://docs.example/mcp", "allowed_tools": ["search"]}},
        ],
    }
)
EVERYTHING = {
    "display_name": "Tutor",
    "description": "For people",
    "model": "gpt-6-luna",
    "instructions": "Be kind\n한국어로",
    "temperature": 0.5,
    "top_p": 0.25,
    "reasoning_effort": "low",
    "response_format": {
        "json_schema": {"name": "reply", "description": "d", "strict": True, "schema": {"type": "object"}}
    },
    "metadata.team": "교육",
    "metadata.team.lead": "b",
    "tools.code_interpreter": "code_interpreter",
    "tools.file_search": "file_search",
    "tools.file_search.vector_stores": ["vs_1"],
    "tools.file_search.max_num_results": 8,
    "tools.file_search.ranking_options": {"ranker": "auto", "score_threshold": 0.5},
    "tools.quiz": "function",
    "tools.quiz.description": "Ask",
    "tools.quiz.parameters": {"type": "object", "properties": {}},
    "tools.quiz.strict": True,
    **responses_fields(SETTINGS),
}


def wanted(fields, ids=None):
    return Desired(TUTOR, fields, MARKS, ids or {})


def published(fields):
    """The release as it lies on disk."""
    return Release.from_json(json.loads(json.dumps(to_release(wanted(fields)).to_json())))


def test_everything_that_can_be_said_comes_back_as_it_was_said():
    live = from_release(published(EVERYTHING))
    assert (live.id, live.marks) == ("tutor", MARKS)
    assert live.fields == EVERYTHING


@pytest.mark.parametrize("path", [path for path in EVERYTHING if path != "model" and path.count(".") < 2])
def test_what_is_taken_back_leaves_the_rest_as_it_was(path):
    left = {key: value for key, value in EVERYTHING.items() if key != path and not key.startswith(f"{path}.")}
    fields = from_release(published(left)).fields
    assert equal(fields.get(path), DEFAULTS[Kind.ASSISTANT].get(path))
    assert {key: value for key, value in fields.items() if key != path} == left


def test_a_request_says_what_was_declared_and_nothing_else():
    release = to_release(wanted({"display_name": "Tutor", "model": "m", "response_format": "auto"}))
    assert release.request == {"model": "m"}
    assert from_release(release).fields == {"display_name": "Tutor", "model": "m", "response_format": "auto"}


def test_the_request_is_what_the_official_client_is_typed_to_take():
    request = to_release(wanted(EVERYTHING)).request
    assert request.keys() <= ResponseCreateParamsNonStreaming.__annotations__.keys()
    typed: dict[str, Any] = {
        "function": FunctionToolParam,
        "file_search": FileSearchToolParam,
        "web_search": WebSearchToolParam,
        "code_interpreter": CodeInterpreter,
        "image_generation": ImageGeneration,
        "mcp": Mcp,
    }
    assert {tool["type"] for tool in request["tools"]} == typed.keys()
    for tool in request["tools"]:
        assert tool.keys() <= typed[tool["type"]].__annotations__.keys()
        assert typed[tool["type"]].__required_keys__ <= tool.keys()


def test_references_become_ids_and_strict_is_always_said():
    fields = {
        "model": "m",
        "tools.file_search": "file_search",
        "tools.file_search.vector_stores": [Ref(PAPERS)],
        "tools.quiz": "function",
    }
    assert to_release(wanted(fields, {PAPERS: "vs_9"})).request["tools"] == [
        {"type": "file_search", "vector_store_ids": ["vs_9"]},
        {"type": "function", "name": "quiz", "parameters": {"type": "object", "properties": {}}, "strict": False},
    ]


def test_what_is_not_known_is_shown_and_written_again():
    release = published(EVERYTHING)
    request = json.loads(json.dumps(release.request))
    request["mood"] = "sunny"
    request["reasoning"]["depth"] = 3
    request["text"]["accent"] = "soft"
    request["tools"].append({"type": "telepathy", "range": 5})
    for tool in request["tools"]:
        if tool["type"] == "function":
            tool["colour"] = "red"
        if tool["type"] == "file_search":
            tool["filters"] = {"type": "eq", "key": "topic", "value": "lm"}
        if tool["type"] == "code_interpreter":
            tool["container"] = {"type": "auto", "memory_limit": "4g"}
    live = from_release(replace(release, request=request))
    shown = {path: value for path, value in live.fields.items() if path not in EVERYTHING}
    assert shown == {
        "responses.unknown.mood": "sunny",
        "responses.unknown.reasoning": {"depth": 3},
        "responses.unknown.text": {"accent": "soft"},
        "responses.unknown.tools.quiz": {"colour": "red"},
        "responses.unknown.tools.file_search": {"filters": {"type": "eq", "key": "topic", "value": "lm"}},
        "responses.unknown.tools.code_interpreter": {"container": {"memory_limit": "4g"}},
        "tools.unknown:telepathy": {"type": "telepathy", "range": 5},
    }
    again = to_release(wanted({**live.fields, "model": "n"})).request
    assert again == {**request, "model": "n"}


def test_the_hash_tells_what_the_model_is_told_and_not_who_told_it():
    one = to_release(wanted(EVERYTHING))
    other = to_release(Desired(TUTOR, {**EVERYTHING, "description": "other"}, Marks("q", TUTOR), {}))
    assert one.hash == other.hash != to_release(wanted({**EVERYTHING, "instructions": "x"})).hash
    assert one.hash.startswith("sha256:")


@pytest.mark.parametrize("tool", ["telepathy", 7, None, {"type": "function"}, {"type": ["x"]}])
def test_a_tool_of_another_shape_is_kept_as_it_is(tool):
    release = Release("tutor", {"model": "m", "tools": [{"type": "web_search"}, tool]}, {})
    live = from_release(release)
    again = to_release(Desired(TUTOR, live.fields, MARKS, {}))
    assert again.request["tools"] == release.request["tools"]


@pytest.mark.parametrize("value", ["x", 7, ["x"]], ids=str)
@pytest.mark.parametrize("key", ["reasoning", "text", "tools", "metadata"])
def test_a_release_of_another_shape_is_no_crash(key, value):
    assert from_release(Release("tutor", {"model": "m", key: value}, {})).fields["model"] == "m"
