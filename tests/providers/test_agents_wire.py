from typing import Any

import pytest

from orchestrator.model.address import Address, Kind
from orchestrator.model.agents import AgentsSettings, agents_fields
from orchestrator.model.fields import Ref, equal, is_unknown
from orchestrator.model.ownership import Marks
from orchestrator.providers.agents_wire import DEFAULTS, LIMITS, bridged, from_wire, kept, pairs, to_wire
from orchestrator.providers.interface import Desired
from orchestrator.server.agents.bodies import CREATE_AGENT, UPDATE_AGENT
from orchestrator.server.agents.objects import new_agent, updated

TUTOR = Address(Kind.ASSISTANT, "tutor")
MARKS = Marks("p", TUTOR)
SETTINGS = AgentsSettings.model_validate(
    {
        "service_tier": "flex",
        "verbosity": "low",
        "reasoning_summary": "concise",
        "multi_agent": {"enabled": True},
        "compaction": {"async": True},
        "time_awareness": True,
        "defer_loading": ["quiz"],
        "async": ["quiz"],
        "tools": [
            "tool_search",
            "automations",
            {"programmatic_tool_calling": {"enabled": False}},
            {"web_search": {"allowed_domains": ["a.example"], "location": {"city": "Seoul"}}},
            {"computer_use": {}},
            {"mcp": {"server_label": "docs", "server_url": "https://docs.example", "headers": {"X-Team": "a"}}},
            {"mcp": {"server_label": "files", "command": "serve", "cwd": "/workspace", "allowed_tools": ["read"]}},
        ],
    }
)
EVERYTHING = {
    "display_name": "Tutor",
    "model": "gpt-6-luna",
    "instructions": "Be kind\n한국어로",
    "reasoning_effort": "low",
    "response_format": {"json_schema": {"name": "reply", "strict": False, "schema": {"type": "object"}}},
    "metadata.team": "교육",
    "tools.quiz": "function",
    "tools.quiz.description": "Ask",
    "tools.quiz.parameters": {"type": "object", "properties": {}},
    "tools.quiz.strict": False,
    **agents_fields(SETTINGS),
}
NEEDED = ("model", "tools.quiz.description", "tools.quiz.parameters", "tools.quiz.strict")
"""What cannot be taken back by itself."""


def wanted(fields):
    return Desired(TUTOR, fields, MARKS, {})


def stored(fields, agent=None, changed=None):
    """What the server holds after a create, or an update of these paths."""
    body = to_wire(wanted(fields), changed)
    if agent is None:
        return new_agent(CREATE_AGENT.check({key: value for key, value in body.items() if value is not None}, ""))
    return updated(agent, UPDATE_AGENT.check(body, ""))


def read(agent):
    return from_wire(Kind.ASSISTANT, agent)


def test_everything_that_can_be_said_comes_back_as_it_was_said():
    live = read(stored(EVERYTHING))
    assert live.marks == MARKS
    assert live.fields == EVERYTHING


@pytest.mark.parametrize(
    "path", [path for path in EVERYTHING if path != "model" and not path.startswith("tools.quiz.")]
)
def test_what_is_taken_back_leaves_the_rest_as_it_was(path):
    left = {key: value for key, value in EVERYTHING.items() if key != path and not key.startswith(f"{path}.")}
    live = read(stored(left, stored(EVERYTHING), frozenset({path})))
    default = DEFAULTS[Kind.ASSISTANT].get(path)
    assert equal(live.fields.get(path), default)
    assert {key: value for key, value in live.fields.items() if key != path} == left


def test_what_nobody_says_reads_as_the_declared_defaults():
    assert read(stored({"model": "m"})).fields == {"model": "m", **DEFAULTS[Kind.ASSISTANT]}


def test_what_is_not_known_is_shown_and_sent_again():
    agent = stored(EVERYTHING)
    agent["reasoning"]["depth"] = 3
    agent["text"]["accent"] = "soft"
    agent["mood"] = "sunny"
    agent["tools"][0]["colour"] = "red"
    agent["tools"].append({"type": "telepathy", "range": 5})
    live = read(agent)
    shown = {path: value for path, value in live.fields.items() if path not in EVERYTHING}
    assert shown == {
        "agents.unknown.reasoning": {"depth": 3},
        "agents.unknown.text": {"accent": "soft"},
        "agents.unknown.mood": "sunny",
        "agents.unknown.tools.quiz": {"colour": "red"},
        "tools.unknown:telepathy": {"type": "telepathy", "range": 5},
    }
    moved = {**live.fields, "reasoning_effort": "high", "agents.verbosity": "high", "tools.quiz.description": "Other"}
    body = to_wire(wanted(moved), frozenset({"reasoning_effort", "agents.verbosity", "tools.quiz.description"}))
    assert body["reasoning"] == {"effort": "high", "summary": "concise", "depth": 3}
    assert (body["text"]["accent"], body["text"]["verbosity"]) == ("soft", "high")
    assert (body["tools"][0]["description"], body["tools"][0]["colour"]) == ("Other", "red")
    assert body["tools"][-1] == {"type": "telepathy", "range": 5}
    assert "mood" not in body


def test_an_update_sends_what_moved_and_the_metadata():
    body = to_wire(wanted(EVERYTHING), frozenset({"instructions"}))
    assert body == {"metadata": {"team": "교육", **MARKS.to_metadata()}, "instructions": EVERYTHING["instructions"]}


def test_reasoning_that_is_taken_back_is_reset_by_null():
    body = to_wire(wanted({"model": "m"}), frozenset({"reasoning_effort", "agents.reasoning_summary"}))
    assert body["reasoning"] is None


def merged(old, new):
    """What a server makes of a body that merges where the embedded one replaces."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


@pytest.mark.parametrize(
    "path", ["reasoning_effort", "agents.reasoning_summary", "agents.verbosity", "response_format"]
)
def test_what_is_taken_back_goes_on_a_server_that_merges_too(path):
    left = {key: value for key, value in EVERYTHING.items() if key != path}
    body = to_wire(wanted(left), frozenset({path}))
    live = read(merged(stored(EVERYTHING), body))
    assert {key: value for key, value in live.fields.items() if key != path} == left
    assert equal(live.fields.get(path), DEFAULTS[Kind.ASSISTANT].get(path))


STRANGE = ["deep", 7, ["x"], True]


@pytest.mark.parametrize("value", STRANGE, ids=str)
@pytest.mark.parametrize("key", ["reasoning", "text", "experimental", "multi_agent", "compaction", "metadata", "tools"])
def test_what_has_another_shape_is_shown_and_never_a_crash(key, value):
    agent = {**stored({"model": "m"}), key: value}
    live = read(agent)
    if key not in ("metadata", "tools"):
        assert value in live.fields.values()
    body = to_wire(wanted({**live.fields, "instructions": "x"}), frozenset({"instructions"}))
    assert body.keys() == {"metadata", "instructions"}


@pytest.mark.parametrize("tool", ["telepathy", 7, {"type": "function"}, {"type": ["x"]}, {"name": "a"}, None])
def test_a_tool_of_another_shape_is_kept_as_it_is(tool):
    agent = stored(EVERYTHING)
    agent["tools"].append(tool)
    live = read(agent)
    (path,) = set(live.fields) - set(EVERYTHING)
    assert is_unknown(path)
    body = to_wire(wanted({**live.fields, "tools.quiz.description": "Other"}), frozenset({"tools.quiz.description"}))
    assert body["tools"][-1] == tool


def test_of_a_replys_schema_only_the_schema_is_kept():
    said = {"json_schema": {"name": "quiz", "description": "d", "strict": True, "schema": {"type": "object"}}}
    fields = kept(Kind.ASSISTANT, {"model": "m", "response_format": said})
    assert read(stored(fields)).fields["response_format"] == fields["response_format"]
    assert kept(Kind.ASSISTANT, {"response_format": "auto"}) == {"response_format": "auto"}


def test_a_server_label_with_a_dot_is_one_tool_all_the_same():
    tool = {"type": "mcp", "server_label": "a.b", "transport": {"type": "http", "server_url": "https://x"}}
    live = read(new_agent(CREATE_AGENT.check({"model": "m", "tools": [tool]}, "")))
    (sent,) = to_wire(wanted(live.fields), frozenset({"tools.x"}))["tools"]
    assert sent["server_label"] == "a.b"


def test_every_limit_says_what_to_write_instead():
    assert all(limit.instead for limit in LIMITS)


PAPERS = Address(Kind.VECTOR_STORE, "papers")
BRIDGED: dict[str, Any] = {
    "model": "m",
    "tools.file_search": "file_search",
    "tools.file_search.vector_stores": [Ref(PAPERS)],
    "tools.file_search.max_num_results": 8,
    "tools.file_search.ranking_options": {"ranker": "auto", "score_threshold": 0.5},
    "tools.code_interpreter": "code_interpreter",
    "agents.bridges": ["file_search", "code_interpreter"],
    "metadata.team": "a",
}


def bridged_agent(fields=BRIDGED):
    body = to_wire(Desired(TUTOR, fields, MARKS, {PAPERS: "vs_1"}), None)
    return new_agent(CREATE_AGENT.check(body, ""))


def test_bridges_are_a_function_and_a_pair_and_read_as_the_tools_they_are():
    agent = bridged_agent()
    assert [(tool["type"], tool["name"]) for tool in agent["tools"]] == [("function", "file_search")]
    assert agent["metadata"].keys() == {"team", "orch.bridges", *MARKS.to_metadata()}
    live = read(agent)
    declared = {**BRIDGED, "tools.file_search.vector_stores": ["vs_1"]}
    assert {path: live.fields.get(path) for path in declared} == declared
    assert live.fields.keys() - declared.keys() == DEFAULTS[Kind.ASSISTANT].keys()
    assert live.marks == MARKS


@pytest.mark.parametrize("gone", ["tools.file_search", "tools.code_interpreter"])
def test_a_bridge_that_is_taken_down_leaves_the_other(gone):
    left = {path: value for path, value in BRIDGED.items() if not path.startswith(gone)}
    left["agents.bridges"] = [name for name in BRIDGED["agents.bridges"] if f"tools.{name}" != gone]
    live = read(bridged_agent(left))
    assert live.fields["agents.bridges"] == left["agents.bridges"]
    assert gone not in live.fields


def test_a_function_that_was_changed_outside_is_no_bridge_any_more():
    agent = bridged_agent()
    agent["tools"][0]["description"] = "something else"
    fields = read(agent).fields
    assert fields["tools.file_search"] == "function"
    del agent["tools"][0]
    assert "tools.file_search" not in read(agent).fields
    assert read(agent).fields["tools.code_interpreter"] == "code_interpreter"


def test_tools_are_bridged_where_that_is_declared_and_one_pair_is_needed_for_it():
    assert bridged(BRIDGED) == {"tools.file_search", "tools.code_interpreter"}
    assert (bridged({"model": "m"}), pairs(BRIDGED), pairs({"model": "m"})) == (frozenset(), 1, 0)
