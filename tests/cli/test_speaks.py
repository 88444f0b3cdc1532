"""The local target standing in for a target that speaks agents: the same commands, the same specs."""

import json
import shutil
import time

import pytest

from tests.cli.conftest import SPECS as SPECS_FOLDER
from tests.cli.planting import on_local, read

SPECS = """
kind: Project
name: shop
default_target: local
targets:
  local: {provider: local, speaks: agents}
  classic: {provider: local, db: .orch/classic.db}
---
kind: Assistant
name: support
model: gpt-4o
instructions: Be brief.
reasoning_effort: low
response_format:
  json_schema:
    name: answer
    strict: true
    schema: {type: object, properties: {}, required: [], additionalProperties: false}
tools: [{function: look_up}]
metadata: {team: shop}
agents:
  service_tier: flex
  verbosity: low
  tools:
    - tool_search
    - web_search: {allowed_domains: [shop.example]}
    - mcp: {server_label: docs, server_url: "https://docs.example/mcp"}
  defer_loading: [look_up]
---
kind: Function
name: look_up
description: Finds an order
parameters: {type: object, properties: {id: {type: string}}, required: [id]}
---
{kind: VectorStore, name: policies, files: [{path: policy.md}]}
---
kind: Scenario
name: order
assistant: support
turns:
  - user: Where is A-1?
    mocks: {look_up: {returns: shipped}}
    checks:
      - contains: shipped
      - tool_called: {name: look_up, arguments: {id: A-1}}
      - status: completed
  - user: Thanks
    checks: [{contains: Goodbye}]
---
kind: ScriptedModel
name: gpt-4o
rules:
  - {user: A-1, call: [{name: look_up, arguments: {id: A-1}}]}
  - {after: look_up, reply: "It is {{ outputs[0] }}."}
  - {reply: Goodbye}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "orch.yaml").write_text(SPECS)
    (tmp_path / "policy.md").write_text("Within 30 days.")
    return tmp_path


@pytest.mark.parametrize("target", ["local", "classic"])
def test_apply_and_test_pass_on_either_wire_and_leave_nothing_to_do(orch, shop, target):
    assert orch("validate", "--target", target).code == 0
    applied = orch("apply", "--yes", "--target", target)
    assert applied.code == 0, applied.err
    report = shop / "report.json"
    done = orch("test", "--target", target, "--json", str(report))
    assert done.code == 0, done.out + done.err
    assert orch("plan", "--detailed-exitcode", "--target", target).code == 0
    (scenario,) = json.loads(report.read_text())["scenarios"]
    assert scenario["attempts"][0]["turns"][0]["usage"]["input_tokens"] > 0


def test_a_plan_without_changes_reads_one_page_of_each_kind(orch, shop):
    assert orch("apply", "--yes").code == 0
    plan = json.loads(orch("plan", "--format", "json").out)
    assert plan["summary"]["noop"] == 2
    assert plan["requests"] == {"total": 2}


@pytest.mark.parametrize(("agents", "requests"), [(100, 2), (101, 3)])
def test_a_page_holds_a_hundred_agents(orch, tmp_path, agents, requests):
    head = "{kind: Project, name: many, targets: {local: {provider: local, speaks: agents}}}\n"
    specs = [f"{{kind: Assistant, name: a{number}, model: gpt-4o}}\n" for number in range(agents)]
    (tmp_path / "orch.yaml").write_text("---\n".join([head, *specs]))
    assert orch("apply", "--yes").code == 0
    plan = json.loads(orch("plan", "--format", "json").out)
    assert (plan["summary"]["noop"], plan["requests"]) == (agents, {"total": requests})


def test_a_setting_of_agents_that_moves_is_told_in_the_words_of_the_specs(orch, shop):
    assert orch("apply", "--yes").code == 0
    text = (shop / "orch.yaml").read_text()
    (shop / "orch.yaml").write_text(text.replace("verbosity: low", "verbosity: high"))
    plan = json.loads(orch("plan", "--format", "json").out)
    (change,) = [change for change in plan["changes"] if change["fields"]]
    assert change["fields"] == [{"path": "agents.verbosity", "old": "low", "new": "high", "who": "spec"}]
    (shop / "orch.yaml").write_text(text.replace("  verbosity: low\n", ""))
    assert orch("apply", "--yes").code == 0
    assert orch("plan", "--detailed-exitcode").code == 0


LIMITED = """
kind: Project
name: shop
targets: {local: {provider: local, speaks: agents}, classic: {provider: local}}
---
kind: Assistant
name: support
description: Answers
model: gpt-4o
temperature: 0.2
top_p: 0.5
response_format: json_object
tools:
  - code_interpreter
  - file_search: {vector_stores: [policies], max_num_results: 3}
  - function: look_up
---
kind: Function
name: look_up
strict: true
parameters: {type: object, properties: {}, required: [], additionalProperties: false}
---
{kind: VectorStore, name: policies}
"""


def test_what_agents_cannot_do_is_said_per_field_with_its_place_by_validate_and_plan(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text(LIMITED.lstrip())
    assert orch("validate", "--target", "classic").code == 0
    found = json.loads(orch("validate", "--format", "json").out)["diagnostics"]
    told = [(each["line"], each["column"], each["message"].split("which")[0].strip(" ,")) for each in found]
    assert told == [
        (7, 1, "target local cannot take `description`"),
        (9, 1, "target local has no temperature and top_p"),
        (10, 1, "target local has no temperature and top_p"),
        (11, 1, "target local cannot take `response_format: json_object`"),
        (13, 5, "target local has no code interpreter"),
        (14, 5, "target local has no file search"),
        (19, 1, "target local cannot take `tools.look_up.strict: true`"),
    ]
    assert all(each["hint"] for each in found)
    planned = orch("plan")
    assert planned.code == 1
    for line, column, message in told:
        assert f"orch.yaml:{line}:{column}" in planned.err
        assert message in planned.err


def test_what_is_for_agents_alone_is_no_matter_to_others(orch, shop):
    assert orch("apply", "--yes", "--target", "classic").code == 0
    plan = json.loads(orch("plan", "--target", "classic", "--format", "json").out)
    assert plan["summary"]["noop"] == 2


def test_a_function_that_is_deferred_has_to_be_among_the_tools(orch, shop):
    text = (shop / "orch.yaml").read_text().replace("[look_up]\n---", "[other]\n---")
    (shop / "orch.yaml").write_text(text)
    done = orch("validate")
    assert done.code == 1
    assert "the function `other` is deferred and not among the tools" in done.err


def test_an_async_function_has_to_be_among_the_tools_and_is_kept(orch, shop):
    text = (shop / "orch.yaml").read_text()
    (shop / "orch.yaml").write_text(text.replace("  defer_loading: [look_up]\n", "  async: [other]\n"))
    assert "the function `other` is async and not among the tools" in orch("validate").err
    (shop / "orch.yaml").write_text(text.replace("  defer_loading: [look_up]\n", "  async: [look_up]\n"))
    assert orch("apply", "--yes").code == 0
    agent = read(shop, ["/agents"])[0]["data"][0]
    assert [tool.get("async") for tool in agent["tools"] if tool["type"] == "function"] == [True]
    assert orch("plan", "--detailed-exitcode").code == 0
    (shop / "orch.yaml").write_text(text.replace("  defer_loading: [look_up]\n", ""))
    assert orch("apply", "--yes").code == 0
    agent = read(shop, ["/agents"])[0]["data"][0]
    assert not any(tool.get("async") for tool in agent["tools"])


@pytest.mark.parametrize("bridge", ["code_interpreter", "file_search"])
def test_a_bridge_is_of_a_tool_that_is_listed(orch, shop, bridge):
    text = (shop / "orch.yaml").read_text().replace("  verbosity: low\n", f"  bridges: [{bridge}]\n")
    (shop / "orch.yaml").write_text(text)
    done = orch("validate")
    assert (done.code, f"`{bridge}` is bridged and not among the tools" in done.err) == (1, True)


def test_a_schema_that_is_not_promised_to_be_kept_is_told_at_its_place_and_is_no_error(orch, shop):
    done = orch("validate")
    assert (done.code, orch("validate", "--target", "classic").err.count("strict")) == (0, 0)
    assert "orch.yaml:14:1" in done.err
    assert "target local has no `strict` for the schema of replies" in done.err


@pytest.mark.parametrize(("pairs", "code"), [(13, 0), (15, 1)])
def test_more_metadata_than_there_is_room_for_is_found_without_the_target(orch, shop, pairs, code):
    written = "{" + ", ".join(f"k{number}: v" for number in range(pairs)) + "}"
    text = (shop / "orch.yaml").read_text().replace("metadata: {team: shop}", f"metadata: {written}")
    (shop / "orch.yaml").write_text(text)
    done = orch("validate")
    assert (done.code, "metadata pairs and a live object holds 16" in done.err) == (code, bool(code))
    assert orch("plan").code == code


def test_a_tool_of_agents_is_listed_once(orch, shop):
    text = (shop / "orch.yaml").read_text().replace("    - tool_search\n", "    - tool_search\n    - tool_search\n")
    (shop / "orch.yaml").write_text(text)
    assert "the tool `tool_search` is listed twice" in orch("validate").err


def test_only_the_local_target_stands_in_for_another(orch, tmp_path):
    target = "{provider: agents, speaks: assistants}"
    (tmp_path / "orch.yaml").write_text(f"kind: Project\nname: shop\ntargets:\n  local: {target}\n")
    done = orch("validate")
    assert done.code == 1
    assert "`speaks` is for `provider: local`; this one speaks agents" in done.err


def change_outside(shop, **body):
    async def change(client):
        (agent,) = (await client.get("/agents"))["data"]
        await client.post(f"/agents/{agent['id']}", body, once=False)

    on_local(shop, change)


def test_what_moved_outside_is_drift_and_can_be_taken_into_the_specs(orch, shop):
    assert orch("apply", "--yes").code == 0
    change_outside(shop, text={"format": {"type": "text"}, "verbosity": "high"}, instructions="Be long.")
    drift = orch("drift")
    assert drift.code == 3
    assert "agents.verbosity" in drift.out
    taken = orch("accept", "assistant.support", "agents.verbosity", "instructions")
    assert taken.code == 0, taken.err
    text = (shop / "orch.yaml").read_text()
    assert "verbosity: high" in text
    assert "instructions: Be long." in text


def test_a_live_agent_becomes_a_spec_with_what_only_agents_know(orch, tmp_path):
    head = "kind: Project\nname: shop\ntargets: {local: {provider: local, speaks: agents}}\n"
    (tmp_path / "orch.yaml").write_text(head)
    body = {
        "model": "gpt-4o",
        "name": "support",
        "service_tier": "flex",
        "multi_agent": {"enabled": True},
        "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}, "verbosity": "high"},
        "tools": [
            {"type": "function", "name": "f", "description": "F", "parameters": {}, "defer_loading": True},
            {"type": "tool_search"},
            {"type": "web_search", "mode": "cached"},
            {"type": "mcp", "server_label": "d", "transport": {"type": "http", "server_url": "https://d.example"}},
        ],
    }

    async def plant(client):
        return (await client.post("/agents", body, once=True))["id"]

    id = on_local(tmp_path, plant)
    done = orch("import", f"assistant.support={id}", "--into", "specs")
    assert done.code == 0, done.err
    assert orch("plan", "--detailed-exitcode").code == 0
    (file,) = tmp_path.glob("specs/**/support*.yaml")
    text = file.read_text()
    for line in (
        "service_tier: flex",
        "verbosity: high",
        "mode: cached",
        "server_url: https://d.example",
        "tool_search",
    ):
        assert line in text


@pytest.mark.parametrize("target", ["agents", "responses"])
def test_the_example_runs_whole_on_every_wire(orch, tmp_path, sandbox, target):
    shutil.copytree(SPECS_FOLDER, tmp_path / "specs", ignore=shutil.ignore_patterns(".orch", "releases"))
    applied = orch("apply", "specs/", "--target", target, "--yes")
    assert applied.code == 0, applied.err
    done = orch("test", "specs/", "--target", target)
    assert done.code == 0, done.out + done.err
    assert "18 passed" in done.out
    assert orch("plan", "specs/", "--target", target, "--detailed-exitcode").code == 0


BRIDGED = """
kind: Project
name: shop
targets: {local: {provider: local, speaks: agents}, classic: {provider: local, db: .orch/classic.db}}
---
kind: Assistant
name: support
model: gpt-4o
tools: [{file_search: {vector_stores: [policies], max_num_results: 3}}, code_interpreter]
agents: {bridges: [file_search, code_interpreter]}
---
{kind: VectorStore, name: policies, files: [{path: policy.md}]}
---
kind: Scenario
name: returns
assistant: support
turns:
  - user: May I return it?
    checks:
      - retrieved: {file: policy.md, within: 1}
      - cites: {file: policy.md, quote: 30 days}
      - steps: [file_search, message]
---
kind: ScriptedModel
name: gpt-4o
rules:
  - {user: return, search: days}
  - {after: file_search, reply: "{{ results[0].text }}", cite: true}
"""


@pytest.fixture
def bridged(tmp_path):
    (tmp_path / "orch.yaml").write_text(BRIDGED)
    (tmp_path / "policy.md").write_text("Within 30 days.")
    return tmp_path


def test_a_bridge_carries_a_search_and_its_citations_over(orch, bridged):
    assert orch("apply", "--yes").code == 0
    report = bridged / "report.json"
    done = orch("test", "--json", str(report))
    assert done.code == 0, done.out + done.err
    (attempt,) = json.loads(report.read_text())["scenarios"][0]["attempts"]
    assert attempt["requests"] == 5  # the session, the search, its result, the paths of files, the end
    assert attempt["turns"][0]["tool_calls"] == []
    assert orch("plan", "--detailed-exitcode").code == 0
    assert orch("apply", "--yes", "--target", "classic").code == 0
    assert orch("test", "--target", "classic").code == 0


def test_a_bridge_that_is_broken_outside_is_drift_and_mended(orch, bridged):
    assert orch("apply", "--yes").code == 0
    change_outside(bridged, tools=[{"type": "function", "name": "file_search", "description": "x", "parameters": {}}])
    assert orch("drift").code == 3
    assert orch("apply", "--yes").code == 0
    assert orch("plan", "--detailed-exitcode").code == 0
    assert orch("test").code == 0


def test_an_agent_with_bridges_becomes_a_spec_again(orch, bridged):
    assert orch("apply", "--yes").code == 0

    async def forget(client):
        (agent,) = (await client.get("/agents"))["data"]
        metadata = {key: value for key, value in agent["metadata"].items() if key == "orch.bridges"}
        await client.post(f"/agents/{agent['id']}", {"metadata": metadata}, once=False)
        return agent["id"]

    id = on_local(bridged, forget)
    documents = (bridged / "orch.yaml").read_text().split("---\n")
    (bridged / "orch.yaml").write_text("---\n".join([documents[0], documents[2]]))
    done = orch("import", f"assistant.helper={id}", "--into", "specs")
    assert done.code == 0, done.err
    (file,) = bridged.glob("specs/**/helper*.yaml")
    assert "bridges:" in file.read_text()
    assert orch("plan", "--detailed-exitcode").code == 0


def test_without_a_bridge_it_is_said_how_to_build_one(orch, bridged):
    (bridged / "orch.yaml").write_text(BRIDGED.replace("agents: {bridges: [file_search, code_interpreter]}\n", ""))
    told = orch("validate")
    assert told.code == 1
    assert "agents: {bridges: [file_search]}" in told.err
    assert "agents: {bridges: [code_interpreter]}" in told.err


def test_a_scenario_that_stops_in_a_turn_leaves_no_session_and_takes_no_time(orch, shop):
    """Its function waits for a result that no mock gives."""
    text = (shop / "orch.yaml").read_text().replace("    mocks: {look_up: {returns: shipped}}\n", "")
    (shop / "orch.yaml").write_text(text)
    assert orch("apply", "--yes").code == 0
    report = shop / "report.json"
    began = time.monotonic()
    failed = orch("test", "--json", str(report))
    took = time.monotonic() - began
    assert "has no mock" in failed.out + failed.err
    assert "not closed" not in failed.out + failed.err
    ((attempt,),) = (each["attempts"] for each in json.loads(report.read_text())["scenarios"])
    assert attempt["requests"] == 3, "the message, which opens the session; the cancel; the delete"
    assert took < 5
    assert read(shop, ["/agents/sessions"])[0]["data"] == []
