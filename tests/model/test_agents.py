import pytest
from pydantic import ValidationError

from orchestrator.model.agents import AgentsSettings, agents_fields, settings_from


def settings(**given):
    return AgentsSettings.model_validate(given)


def test_a_tool_by_its_name_alone_has_the_defaults_of_the_api():
    bare = agents_fields(settings(tools=["web_search", "computer_use"]))
    assert bare == agents_fields(settings(tools=[{"web_search": {}}, {"computer_use": {}}]))
    assert bare["tools.agents:web_search"] == {"type": "web_search", "mode": "live", "context_size": "medium"}


def test_subagents_are_counted_where_they_are_enabled():
    fields = agents_fields(settings(multi_agent={"enabled": True}))
    assert fields["agents.multi_agent"] == {"enabled": True, "max_concurrent_subagents": 6}
    fields = agents_fields(settings(multi_agent={"enabled": False}))
    assert fields["agents.multi_agent"] == {"enabled": False}


def test_what_nobody_says_is_no_field():
    assert agents_fields(settings()) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tools": ["file_search"]}, "web_search"),
        ({"tools": [{"shell": {}}]}, "not a tool of agents"),
        ({"tools": [{"mcp": {"server_label": "a"}}]}, "server_url"),
        ({"tools": [{"mcp": {"server_label": "a", "server_url": "https://x", "command": "c"}}]}, "not both"),
        ({"tools": [{"mcp": {"server_label": "a", "command": "c"}}]}, "needs a `cwd`"),
        ({"tools": [{"web_search": {"location": {"country": "Korea"}}}]}, "country"),
        ({"multi_agent": {"enabled": False, "max_concurrent_subagents": 3}}, "leave out `max_concurrent_subagents`"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_what_agents_do_not_know_is_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        settings(**given)


def test_functions_that_are_marked_are_written_as_they_were_read():
    marked = {"defer_loading": ["a"], "async": ["a", "b"]}
    fields = agents_fields(settings(**marked))
    assert fields == {"tools.a.defer_loading": True, "tools.a.async": True, "tools.b.async": True}
    assert settings_from({"tools.a": "function", **fields}, {}) == marked
