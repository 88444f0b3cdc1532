"""What only Foundry has, from the specs' words to the API's and back."""

import pytest
from pydantic import ValidationError

from orchestrator.model.assistants import KINDS, AssistantsSettings, assistants_fields, assistants_settings_from, known

QUEUE = {"queue_service_endpoint": "https://q.example", "queue_name": "in"}
SPEC = {"openapi": "3.1.0", "info": {"title": "Weather", "x-none": None}, "paths": {}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = {
    "bing_grounding": (
        {"connection_id": "/c/bing", "market": "de-DE", "count": 5, "freshness": "Week"},
        {"search_configurations": [{"connection_id": "/c/bing", "market": "de-DE", "count": 5, "freshness": "Week"}]},
    ),
    "bing_custom_search": (
        {"connection_id": "/c/bing", "instance_name": "docs"},
        {"search_configurations": [{"connection_id": "/c/bing", "instance_name": "docs"}]},
    ),
    "azure_ai_search": (
        {"index_connection_id": "/c/search", "index_name": "papers", "query_type": "semantic", "top_k": 3},
        {
            "indexes": [
                {"index_connection_id": "/c/search", "index_name": "papers", "query_type": "semantic", "top_k": 3}
            ]
        },
    ),
    "openapi": (
        {"name": "weather", "description": "Weather", "spec": SPEC, "auth": {"connection": {"connection_id": "/c/w"}}},
        {
            "name": "weather",
            "description": "Weather",
            "spec": SPEC,
            "auth": {"type": "connection", "security_scheme": {"connection_id": "/c/w"}},
        },
    ),
    "connected_agent": (
        {"id": "asst_1", "name": "lawyer", "description": "Knows the law"},
        {"id": "asst_1", "name": "lawyer", "description": "Knows the law"},
    ),
    "azure_function": (
        {"name": "measure", "description": "M", "parameters": SCHEMA, "input": QUEUE, "output": QUEUE},
        {
            "function": {"name": "measure", "description": "M", "parameters": SCHEMA},
            "input_binding": {"type": "storage_queue", "storage_queue": QUEUE},
            "output_binding": {"type": "storage_queue", "storage_queue": QUEUE},
        },
    ),
    "fabric_dataagent": ({"connection_id": "/c/f"}, {"connections": [{"connection_id": "/c/f"}]}),
    "sharepoint_grounding": ({"connection_id": "/c/s"}, {"connections": [{"connection_id": "/c/s"}]}),
}
MCP = {"server_label": "docs", "server_url": "https://docs.example/mcp", "allowed_tools": ["search"]}
NAMED = {
    "openapi": "openapi:weather",
    "connected_agent": "connected_agent:lawyer",
    "azure_function": "azure_function:measure",
}


def fields_of(*tools):
    return assistants_fields(AssistantsSettings.model_validate({"tools": list(tools)}))


@pytest.mark.parametrize("kind", TOOLS)
def test_a_tool_is_sent_in_the_apis_words_and_comes_back_in_the_specs(kind):
    written, sent = TOOLS[kind]
    fields = fields_of({kind: written})
    assert fields == {f"tools.assistants:{NAMED.get(kind, kind)}": {"type": kind, kind: sent}}
    assert assistants_settings_from(fields, {}) == {"tools": [{kind: written}]}
    assert known({"type": kind, kind: sent}) == (NAMED.get(kind, kind), {"type": kind, kind: sent})


def test_an_mcp_server_has_no_key_of_its_own():
    fields = fields_of({"mcp": MCP})
    assert fields == {"tools.assistants:mcp:docs": {"type": "mcp", **MCP}}
    assert assistants_settings_from(fields, {}) == {"tools": [{"mcp": MCP}]}


def test_every_tool_is_tried():
    assert {*TOOLS, "mcp"} == set(KINDS)


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ("anonymous", {"type": "anonymous"}),
        ({"managed_identity": {"audience": "a"}}, {"type": "managed_identity", "security_scheme": {"audience": "a"}}),
    ],
)
def test_an_api_is_signed_in_to_as_written(auth, sent):
    fields = fields_of({"openapi": {"name": "w", "spec": {}, "auth": auth}})
    assert fields["tools.assistants:openapi:w"]["openapi"]["auth"] == sent
    [tool] = assistants_settings_from(fields, {})["tools"]
    assert tool["openapi"].get("auth", "anonymous") == auth


def test_what_specs_have_no_words_for_is_left_out_of_a_tool_they_know():
    live = {
        "type": "bing_grounding",
        "bing_grounding": {"search_configurations": [{"connection_id": "c", "x": 1, "market": None}], "y": 2},
    }
    assert known(live) == (
        "bing_grounding",
        {"type": "bing_grounding", "bing_grounding": {"search_configurations": [{"connection_id": "c"}]}},
    )


@pytest.mark.parametrize(
    "live",
    [
        {},
        {"type": "teleport"},
        {"type": "bing_grounding"},
        {"type": "bing_grounding", "bing_grounding": {"connections": [{"connection_id": "c"}]}},
        {"type": "bing_grounding", "bing_grounding": {"search_configurations": []}},
        {"type": "azure_ai_search"},
        {"type": "openapi", "openapi": {"name": "w", "spec": {}, "auth": {"type": "mind_reading"}}},
        {"type": "openapi", "openapi": None},
        {"type": "mcp", "server_label": "a.b", "server_url": "u"},
        {"type": "azure_function", "azure_function": {"function": {"name": "f"}, "input_binding": []}},
    ],
)
def test_a_tool_that_no_spec_could_have_made_is_not_known(live):
    assert known(live) is None


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ("bing_grounding", "not a tool of Foundry: write bing_grounding: {...}"),
        ({"teleport": {}}, "not a tool of Foundry"),
        ({"bing_grounding": {}}, "connection_id"),
        ({"bing_grounding": {"connection_id": "c", "count": 51}}, "50"),
        ({"openapi": {"name": "a b", "spec": {}}}, "pattern"),
    ],
)
def test_what_foundry_does_not_know_is_refused(tool, told):
    with pytest.raises(ValidationError, match=told):
        fields_of(tool)
