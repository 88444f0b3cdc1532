"""Agents as the official client writes and reads them, strictly validated."""

from typing import Any

import openai
import pytest

QUIZ = {"type": "function", "name": "quiz", "description": "Ask", "parameters": {"type": "object", "properties": {}}}
FILLED: dict[str, Any] = {
    "object": "agent",
    "name": None,
    "instructions": None,
    "metadata": {},
    "tools": [],
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "service_tier": "auto",
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
}


def made(agent: Any) -> dict[str, Any]:
    kept: dict[str, Any] = agent.to_dict(mode="json", exclude_unset=False, use_api_names=True)
    return {key: value for key, value in kept.items() if key not in ("id", "created_at", "updated_at")}


def test_what_is_left_out_reads_as_the_defaults_of_the_api(api):
    agent = api.beta.agents.create(model="gpt-4o")
    assert made(agent) == {**FILLED, "model": "gpt-4o"}
    assert api.beta.agents.retrieve(agent.id) == agent


def test_the_defaults_of_tools_are_filled_in(api):
    tools: list[Any] = [
        QUIZ,
        {"type": "tool_search"},
        {"type": "programmatic_tool_calling"},
        {"type": "web_search", "location": {"city": "Seoul"}},
        {"type": "computer_use"},
        {"type": "automations"},
        {"type": "mcp", "server_label": "a", "transport": {"type": "http", "server_url": "https://x"}},
        {"type": "mcp", "server_label": "b", "transport": {"type": "stdio", "command": "c", "cwd": "/workspace"}},
    ]
    agent = api.beta.agents.create(model="m", tools=tools)
    kinds = [tool.to_dict(mode="json", exclude_unset=False, use_api_names=True) for tool in agent.tools]
    assert kinds[0]["defer_loading"] is False
    assert kinds[2]["enabled"] is True
    assert (kinds[3]["mode"], kinds[3]["context_size"], kinds[3]["allowed_domains"]) == ("live", "medium", None)
    assert kinds[3]["location"] == {"city": "Seoul", "country": None, "region": None, "timezone": None}
    assert kinds[4]["include_screenshots"] is False
    assert (kinds[6]["connection_origin"], kinds[6]["required"], kinds[6]["request_metadata"]) == ("service", False, {})
    assert (kinds[6]["transport"]["headers"], kinds[6]["allowed_tools"]) == ({}, None)
    assert (kinds[7]["transport"]["args"], kinds[7]["transport"]["env_vars"]) == ([], [])


def test_several_agents_work_six_at_a_time_where_nothing_is_said(api):
    agent = api.beta.agents.create(model="m", multi_agent={"enabled": True})
    assert agent.multi_agent.max_concurrent_subagents == 6
    agent = api.beta.agents.update(agent.id, multi_agent={"enabled": False})
    assert agent.multi_agent.max_concurrent_subagents is None


def test_an_update_keeps_what_it_leaves_out_and_replaces_what_it_names(api):
    agent = api.beta.agents.create(
        model="m",
        name="tutor",
        instructions="Be kind",
        tools=[QUIZ],
        metadata={"a": "1", "b": "2"},
        text={"verbosity": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        reasoning={"effort": "low", "summary": "auto"},
        service_tier="flex",
        compaction={"async_": True},
    )
    same = api.beta.agents.update(agent.id)
    assert made(same) == made(agent)
    changed = api.beta.agents.update(agent.id, metadata={"c": "3"}, model="n", text={"verbosity": "high"})
    assert (changed.metadata, changed.model, changed.name) == ({"c": "3"}, "n", "tutor")
    assert made(changed)["text"] == {"format": {"type": "text"}, "verbosity": "high"}
    assert [tool.name for tool in changed.tools] == ["quiz"]


def test_null_puts_the_default_back(api):
    agent = api.beta.agents.create(
        model="m", name="tutor", instructions="x", tools=[QUIZ], metadata={"a": "1"}, reasoning={"effort": "low"}
    )
    cleared = api.beta.agents.update(
        agent.id,
        name=None,
        instructions=None,
        tools=None,
        metadata=None,
        reasoning=None,
        text=None,
        service_tier=None,
        multi_agent=None,
        compaction=None,
    )
    assert made(cleared) == {**FILLED, "model": "m"}


def test_experimental_settings_are_merged(api):
    agent = api.beta.agents.create(model="m", experimental={"time_awareness": True})
    agent = api.beta.agents.update(agent.id, experimental={})
    assert agent.experimental.time_awareness is True


def test_the_list_is_read_by_its_cursor(api):
    ids = [api.beta.agents.create(model="m", name="same").id for _ in range(5)]
    page = api.beta.agents.list(limit=2)
    assert [agent.id for agent in page.data] == ids[:2:-1]
    assert page.has_more is True
    assert [agent.id for agent in api.beta.agents.list(limit=2, order="asc")] == ids
    assert [agent.id for agent in api.beta.agents.list(after=ids[1])] == ids[:1]


def test_what_is_deleted_is_gone(api):
    agent = api.beta.agents.create(model="m")
    gone = api.beta.agents.delete(agent.id)
    assert (gone.id, gone.object, gone.deleted) == (agent.id, "agent.deleted", True)
    for call in (api.beta.agents.retrieve, api.beta.agents.delete, api.beta.agents.update):
        with pytest.raises(openai.NotFoundError) as caught:
            call(agent.id)
        assert caught.value.code == "not_found_error"


@pytest.mark.parametrize("said", ["agents=v2", "assistants=v2", ""])
def test_another_version_of_the_api_is_refused(api, said):
    with pytest.raises(openai.BadRequestError) as caught:
        api.beta.agents.list(extra_headers={"OpenAI-Beta": said})
    assert caught.value.code == "invalid_beta"
    assert "agents=v1" in caught.value.message


def test_others_may_be_asked_for_beside_it(api):
    assert api.beta.agents.list(extra_headers={"OpenAI-Beta": "assistants=v2, agents=v1"}).data == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": "m", "temperature": 1}, "temperature"),
        ({"model": "m", "tools": [{"type": "file_search"}]}, "tools[0].type"),
        ({"model": "m", "tools": [{"type": "function", "name": "f", "parameters": {}}]}, "tools[0].description"),
        ({"model": "m", "text": {"format": {"type": "json_object"}}}, "text.format.type"),
        ({"model": "m", "reasoning": {"effort": "hard"}}, "reasoning.effort"),
        ({"model": "m", "tools": [{**QUIZ, "description": "x" * 3_145_728}]}, "tools"),
    ],
)
def test_what_agents_do_not_have_is_refused(api, body, param):
    reply = api._client.post(f"{api.base_url}agents", json=body, headers={"OpenAI-Beta": "agents=v1"})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param
    assert reply.json()["error"]["code"] == "invalid_request_error"


def test_what_lies_beside_agents_is_not_built(api):
    with pytest.raises(openai.InternalServerError, match="does not have environments of agents"):
        api.beta.agents.environments.list()
