"""The Assistants protocol grows: fields, tools, resources and events nobody has heard of."""

import pytest

from tests.cli import growing as held
from tests.cli.growing import Gain, Wire

WIRE = Wire(
    provider="assistants",
    path="/assistants",
    portal={
        "model": "gpt-4o",
        "name": "portal",
        "tools": [
            {"type": "function", "function": {"name": "ask", "parameters": {"type": "object", "properties": {}}}},
            {"type": "file_search", "file_search": {"max_num_results": 3}},
        ],
        "tool_resources": {"file_search": {"vector_store_ids": []}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": {"type": "object"}}},
    },
    search=", {file_search: {vector_stores: [papers], max_num_results: 3}}",
    own="assistants: {tools: [{bing_grounding: {connection_id: c}}]}",
    edits=(
        ("[papers], max_num_results: 3", "[notes], max_num_results: 4"),
        ("connection_id: c", "connection_id: d"),
    ),
)
STRANGE = {"type": "telepathy", "range": 5}
BING = {"search_configurations": {0: {"x_depth": 5}}}
GAINS = (
    Gain("a field", {"x_mood": "sunny"}, "assistants.unknown.x_mood"),
    Gain("a nested field", {"x_memory": {"kind": "long", "of": [1, None]}}, "assistants.unknown.x_memory"),
    Gain("a tool", {"tools": {"+": STRANGE}}, "tools.unknown:telepathy"),
    Gain("a key of a tool", {"tools": {0: {"x_async": True}}}, "assistants.unknown.tools.FUNCTION"),
    Gain("a key of a function", {"tools": {0: {"function": {"x_cost": 3}}}}, "assistants.unknown.tools.FUNCTION"),
    Gain(
        "an option of search",
        {"tools": {1: {"file_search": {"x_hybrid": True}}}},
        "assistants.unknown.tools.file_search",
    ),
    Gain(
        "a key of a resource",
        {"tool_resources": {"file_search": {"x_scope": "all"}}},
        "assistants.unknown.tool_resources.file_search",
    ),
    Gain(
        "a key of a reply's format",
        {"response_format": {"json_schema": {"x_lenient": True}}},
        "assistants.unknown.response_format",
    ),
    Gain("a field of a store", {"x_mood": "sunny"}, "unknown.x_mood", store=True),
    Gain(
        "a key of an expiry",
        {"expires_after": {"x_grace": 3}},
        "unknown.expires_after",
        store=True,
    ),
)
OF_BING = Gain(
    "a key of Foundry's own",
    {"tools": {2: {"bing_grounding": BING}}},
    "assistants.unknown.tools.assistants:bing_grounding",
)


@pytest.fixture
def project(tmp_path, orch):
    with held.growing(WIRE, tmp_path, orch) as project:
        yield project


def of(gain, function):
    return Gain(gain.name, gain.body, gain.shown.replace("FUNCTION", function), gain.store)


@pytest.mark.parametrize("gain", [*GAINS, OF_BING], ids=lambda gain: gain.name)
def test_what_an_object_gains_is_shown_and_kept(project, gain):
    held.check_that_it_is_shown_and_kept(project, of(gain, "quiz"))


@pytest.mark.parametrize("gain", GAINS, ids=lambda gain: gain.name)
def test_what_is_imported_keeps_what_no_spec_can_say(project, gain):
    held.check_that_it_is_imported_and_kept(project, of(gain, "ask"))


def test_unknown_events_are_no_matter(project):
    held.check_that_unknown_events_are_no_matter(project)


def test_what_is_looked_away_from_may_be_all_that_only_foundry_knows(project):
    text = project.specs.read_text()
    assert "assistants: {tools" in text
    project.specs.write_text(
        text.replace("assistants: {tools", "lifecycle: {ignore: [assistants]}\nassistants: {tools", 1)
    )
    project.orch("apply", "--yes")
    live = project.live(GAINS[0])
    project.ask("POST", f"/assistants/{live['id']}", {"tools": [*live["tools"][:2], {"type": "sharepoint_grounding"}]})
    project.orch("plan", "--detailed-exitcode")
