"""The Agents API grows: fields, tools and events nobody has heard of."""

import pytest

from tests.cli import growing as held
from tests.cli.growing import Gain, Wire

WIRE = Wire(
    provider="agents",
    path="/agents",
    portal={
        "model": "gpt-4o",
        "name": "portal",
        "tools": [
            {"type": "function", "name": "ask", "description": "A", "parameters": {"type": "object", "properties": {}}},
            {"type": "web_search", "location": {"country": "KR"}},
            {"type": "mcp", "server_label": "docs", "transport": {"type": "http", "server_url": "https://d.example"}},
        ],
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}, "verbosity": "low"},
        "multi_agent": {"enabled": True},
        "compaction": {"async": True},
        "experimental": {"time_awareness": True},
    },
    own="""reasoning_effort: low
agents:
  verbosity: low
  multi_agent: {enabled: true}
  compaction: {async: true}
  time_awareness: true
  tools:
    - web_search: {location: {country: KR}}
    - mcp: {server_label: docs, server_url: "https://d.example"}
""",
    edits=(
        ("reasoning_effort: low", "reasoning_effort: high"),
        ("verbosity: low", "verbosity: high"),
        ("{enabled: true}", "{enabled: true, max_concurrent_subagents: 2}"),
        ("country: KR", "country: DE"),
        ("https://d.example", "https://e.example"),
    ),
)
STRANGE = {"type": "telepathy", "range": 5}
GAINS = (
    Gain("a field", {"x_mood": "sunny"}, "agents.unknown.x_mood"),
    Gain("a nested field", {"x_memory": {"kind": "long", "of": [1, None]}}, "agents.unknown.x_memory"),
    Gain("a tool", {"tools": {"+": STRANGE}}, "tools.unknown:telepathy"),
    Gain("a key of a function", {"tools": {0: {"x_cost": 3}}}, "agents.unknown.tools.FUNCTION"),
    Gain("a key of a search", {"tools": {1: {"x_depth": 3}}}, "agents.unknown.tools.agents:web_search"),
    Gain("a key of a place", {"tools": {1: {"location": {"x_street": "s"}}}}, "agents.unknown.tools.agents:web_search"),
    Gain(
        "a key of a transport", {"tools": {2: {"transport": {"x_proxy": "p"}}}}, "agents.unknown.tools.agents:mcp:docs"
    ),
    Gain("a key of the reasoning", {"reasoning": {"x_depth": 3}}, "agents.unknown.reasoning"),
    Gain("a key of the text", {"text": {"x_accent": "soft"}}, "agents.unknown.text"),
    Gain("a key of a reply's format", {"text": {"format": {"x_lenient": True}}}, "agents.unknown.text"),
    Gain("a key of the subagents", {"multi_agent": {"x_rank": 1}}, "agents.unknown.multi_agent"),
    Gain("a key of the compaction", {"compaction": {"x_at": 9}}, "agents.unknown.compaction"),
    Gain("an experiment", {"experimental": {"x_dreams": True}}, "agents.unknown.experimental"),
    Gain("a field of a store", {"x_mood": "sunny"}, "unknown.x_mood", store=True),
)


@pytest.fixture
def project(tmp_path, orch):
    with held.growing(WIRE, tmp_path, orch) as project:
        yield project


def of(gain, function):
    return Gain(gain.name, gain.body, gain.shown.replace("FUNCTION", function), gain.store)


@pytest.mark.parametrize("gain", GAINS, ids=lambda gain: gain.name)
def test_what_an_object_gains_is_shown_and_kept(project, gain):
    held.check_that_it_is_shown_and_kept(project, of(gain, "quiz"))


@pytest.mark.parametrize("gain", GAINS, ids=lambda gain: gain.name)
def test_what_is_imported_keeps_what_no_spec_can_say(project, gain):
    held.check_that_it_is_imported_and_kept(project, of(gain, "ask"))


def test_unknown_events_are_no_matter(project):
    held.check_that_unknown_events_are_no_matter(project)
