"""The local target standing in for a target that speaks responses: applying publishes releases."""

import hashlib
import json
import shutil

import pytest

from orchestrator.errors import TargetRejectedError
from orchestrator.releases import find_release, load_release

SPECS = """
kind: Project
name: shop
default_target: local
targets:
  local: {provider: local, speaks: responses}
---
kind: Assistant
name: support
display_name: Support desk
model: gpt-4o
instructions: Be brief.
temperature: 0.2
tools: [{function: look_up}, {file_search: {vector_stores: [policies]}}, code_interpreter]
metadata: {team: shop}
responses:
  verbosity: low
  tools: [web_search]
---
kind: Function
name: look_up
description: Finds an order
strict: true
parameters: {type: object, properties: {id: {type: string}}, required: [id], additionalProperties: false}
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
  - user: May I return it?
    checks: [{cites: {file: policy.md, quote: 30 days}}, {retrieved: policy.md}]
  - user: Thanks
    checks: [{contains: Goodbye}]
---
kind: ScriptedModel
name: gpt-4o
rules:
  - {user: A-1, call: [{name: look_up, arguments: {id: A-1}}]}
  - {after: look_up, reply: "It is {{ outputs[0] }}."}
  - {user: return, search: days}
  - {after: file_search, reply: "{{ results[0].text }}", cite: true}
  - {reply: Goodbye}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "orch.yaml").write_text(SPECS)
    (tmp_path / "policy.md").write_text("Within 30 days.")
    return tmp_path


def released(shop):
    return json.loads((shop / "releases" / "local" / "support.json").read_text(encoding="utf-8"))


def edit(shop, change):
    value = released(shop)
    change(value["request"])
    (shop / "releases" / "local" / "support.json").write_text(json.dumps(value))


def planned(orch, *more):
    return json.loads(orch("plan", "--format", "json", *more).out)


def test_apply_publishes_what_a_request_needs_and_the_next_plan_reads_the_stores_alone(orch, shop):
    applied = orch("apply", "--yes")
    assert applied.code == 0, applied.err
    plan = planned(orch)
    assert plan["summary"] == {"create": 0, "update": 0, "replace": 0, "delete": 0, "noop": 2, "blocked": 0}
    assert plan["requests"] == {"total": 1}
    (store,) = [change["id"] for change in plan["changes"] if change["address"] == "vector_store.policies"]
    assert load_release("support", folder=shop) == {
        "model": "gpt-4o",
        "instructions": "Be brief.",
        "temperature": 0.2,
        "text": {"verbosity": "low"},
        "tools": [
            {
                "type": "function",
                "name": "look_up",
                "description": "Finds an order",
                "parameters": {
                    "type": "object",
                    "properties": {"id": {"type": "string"}},
                    "required": ["id"],
                    "additionalProperties": False,
                },
                "strict": True,
            },
            {"type": "file_search", "vector_store_ids": [store]},
            {"type": "code_interpreter", "container": {"type": "auto"}},
            {"type": "web_search"},
        ],
        "metadata": {"team": "shop"},
    }
    assert released(shop)["hash"] == find_release("support", folder=shop).hash


def test_apply_and_test_pass(orch, shop):
    assert orch("apply", "--yes").code == 0
    report = shop / "report.json"
    done = orch("test", "--json", str(report))
    assert done.code == 0, done.out + done.err
    (scenario,) = json.loads(report.read_text())["scenarios"]
    (attempt,) = scenario["attempts"]
    assert attempt["requests"] == 7  # the conversation, each message, round of outputs, the paths of files, its end
    assert attempt["turns"][0]["usage"]["input_tokens"] > 0


def test_a_prompt_that_changes_is_an_update_of_that_field_and_of_the_hash(orch, shop):
    assert orch("apply", "--yes").code == 0
    before = released(shop)["hash"]
    (shop / "orch.yaml").write_text(SPECS.replace("Be brief.", "Be very brief."))
    (change,) = [change for change in planned(orch)["changes"] if change["fields"]]
    assert change["fields"] == [
        {"path": "instructions", "old": "Be brief.", "new": "Be very brief.", "who": "spec"},
    ]
    assert orch("apply", "--yes").code == 0
    assert released(shop)["hash"] != before
    assert orch("plan", "--detailed-exitcode").code == 0


def test_a_release_that_is_edited_is_drift_and_can_be_taken_into_the_specs(orch, shop):
    assert orch("apply", "--yes").code == 0
    edit(shop, lambda request: request["text"].update(verbosity="high") or request.update(instructions="Be long."))
    drift = orch("drift")
    assert drift.code == 3
    assert "responses.verbosity" in drift.out
    taken = orch("accept", "assistant.support", "responses.verbosity", "instructions")
    assert taken.code == 0, taken.err
    text = (shop / "orch.yaml").read_text()
    assert "verbosity: high" in text
    assert "instructions: Be long." in text


def test_what_orch_does_not_know_of_a_request_stays_in_it(orch, shop):
    assert orch("apply", "--yes").code == 0
    edit(shop, lambda request: request.update(mood="sunny") or request["tools"].append({"type": "shell"}))
    assert "responses.unknown.mood" in orch("plan").out
    (shop / "orch.yaml").write_text(SPECS.replace("temperature: 0.2", "temperature: 0.3"))
    assert orch("apply", "--yes").code == 0
    request = released(shop)["request"]
    assert (request["mood"], request["temperature"]) == ("sunny", 0.3)
    assert {"type": "shell"} in request["tools"]


def test_a_checkout_without_releases_publishes_the_same_again(orch, shop):
    assert orch("apply", "--yes").code == 0
    first = released(shop)
    shutil.rmtree(shop / "releases")
    plan = planned(orch)
    assert (plan["summary"]["create"], plan["summary"]["noop"]) == (1, 1)
    assert orch("apply", "--yes").code == 0
    assert released(shop)["hash"] == first["hash"]


def test_a_broken_release_is_told_and_nothing_is_planned(orch, shop):
    assert orch("apply", "--yes").code == 0
    (shop / "releases" / "local" / "support.json").write_text("<<<<<<< HEAD\n")
    done = orch("plan")
    assert done.code == 1
    assert "support.json is no release" in done.err
    assert "git" in done.err


MOVED = "moved: [{from: assistant.support, to: assistant.desk}]\n---\nkind: Assistant\nname: desk"
RENAMED = SPECS.replace("---\nkind: Assistant\nname: support", MOVED).replace("assistant: support", "assistant: desk")


def releases(shop):
    return {path.stem: json.loads(path.read_text()) for path in sorted((shop / "releases" / "local").iterdir())}


def test_a_renamed_assistant_has_its_release_under_its_new_name_and_the_old_name_is_free(orch, shop):
    assert orch("apply", "--yes").code == 0
    (shop / "orch.yaml").write_text(RENAMED)
    assert orch("apply", "--yes").code == 0
    assert list(releases(shop)) == ["desk"]
    assert "replaces" not in releases(shop)["desk"]
    assert load_release("desk", folder=shop)["instructions"] == "Be brief."
    assert orch("plan", "--detailed-exitcode").code == 0
    again = RENAMED.replace(MOVED.splitlines()[0], "") + "---\n{kind: Assistant, name: support, model: gpt-4o}\n"
    (shop / "orch.yaml").write_text(again)
    done = orch("apply", "--yes")
    assert done.code == 0, done.err
    assert load_release("support", folder=shop) == {"model": "gpt-4o"}
    assert load_release("desk", folder=shop)["instructions"] == "Be brief."
    assert orch("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("old_is_there", [True, False])
@pytest.mark.parametrize("free", [True, False])
def test_a_rename_that_was_killed_is_done_by_the_next_apply(orch, shop, old_is_there, free):
    assert orch("apply", "--yes").code == 0
    folder = shop / "releases" / "local"
    old = (folder / "support.json").read_bytes()
    (shop / "orch.yaml").write_text(RENAMED)
    assert orch("apply", "--yes").code == 0
    replaces = {"name": "support", "sha256": hashlib.sha256(old).hexdigest()}
    (folder / "desk.json").write_text(json.dumps({**releases(shop)["desk"], "replaces": replaces}))
    if old_is_there:
        (folder / "support.json").write_bytes(old)
    text = RENAMED
    if free and not old_is_there:  # the old name is another's by now
        text = RENAMED.replace(MOVED.splitlines()[0], "") + "---\n{kind: Assistant, name: support, model: gpt-4o}\n"
        (shop / "orch.yaml").write_text(text)
    assert orch("plan", "--detailed-exitcode").code == 2
    done = orch("apply", "--yes")
    assert done.code == 0, done.err
    assert list(releases(shop)) == (["desk"] if text == RENAMED else ["desk", "support"])
    assert "replaces" not in releases(shop)["desk"]
    assert orch("plan", "--detailed-exitcode").code == 0


def test_a_release_that_kept_its_old_name_gets_its_new_one(orch, shop):
    assert orch("apply", "--yes").code == 0
    (shop / "orch.yaml").write_text(RENAMED)
    assert orch("apply", "--yes").code == 0
    folder = shop / "releases" / "local"
    (folder / "support.json").write_text(json.dumps({**releases(shop)["desk"], "name": "support"}))
    (folder / "desk.json").unlink()
    assert load_release("desk", folder=shop)["instructions"] == "Be brief."
    assert orch("plan", "--detailed-exitcode").code == 2
    assert orch("apply", "--yes").code == 0
    assert list(releases(shop)) == ["desk"]


def test_a_rename_onto_a_file_of_somebody_else_changes_nothing(orch, shop):
    assert orch("apply", "--yes").code == 0
    theirs = shop / "releases" / "local" / "desk.json"
    theirs.write_text(json.dumps({"format": "orch.release/1", "name": "desk", "request": {"model": "m"}}))
    before = releases(shop)
    (shop / "orch.yaml").write_text(RENAMED)
    done = orch("apply", "--yes")
    assert done.code != 0
    assert "is there already" in done.err + done.out
    assert releases(shop) == before


def test_a_release_that_was_changed_is_not_used_and_is_written_again(orch, shop):
    assert orch("apply", "--yes").code == 0
    edit(shop, lambda request: request.update(mood="sunny"))
    with pytest.raises(TargetRejectedError, match="was changed since it was released") as error:
        load_release("support", folder=shop)
    assert "orch apply" in str(error.value.hint)
    assert "is not what the specs say" in orch("test").err
    assert planned(orch)["summary"]["update"] == 1
    assert orch("apply", "--yes").code == 0
    assert load_release("support", folder=shop)["mood"] == "sunny"
    assert orch("plan", "--detailed-exitcode").code == 0


def test_what_nobody_here_knows_of_a_release_stays_where_it_is(orch, shop):
    assert orch("apply", "--yes").code == 0
    value = released(shop)
    value |= {"approved_by": {"name": "Kim"}, "record": {**value["record"], "note": "mine", "orch.later": "x"}}
    (shop / "releases" / "local" / "support.json").write_text(json.dumps(value))
    assert orch("plan", "--detailed-exitcode").code == 0
    (shop / "orch.yaml").write_text(SPECS.replace("temperature: 0.2", "temperature: 0.3"))
    assert orch("apply", "--yes").code == 0
    after = released(shop)
    assert after["approved_by"] == {"name": "Kim"}
    assert (after["record"]["note"], after["record"]["orch.later"]) == ("mine", "x")
    assert after["request"]["metadata"] == {"team": "shop"}


def test_files_of_a_code_interpreter_that_no_release_here_names_are_listed(orch, shop):
    (shop / "orders.csv").write_text("a,b")
    files = "code_interpreter: {files: [{path: orders.csv}]}]"
    (shop / "orch.yaml").write_text(SPECS.replace("code_interpreter]", f"{{{files[:-1]}}}]"))
    assert orch("apply", "--yes").code == 0
    assert json.loads(orch("gc", "--format", "json").out)["files"] == []
    shutil.rmtree(shop / "releases")
    assert orch("apply", "--yes").code == 0
    (loose,) = json.loads(orch("gc", "--format", "json").out)["files"]
    assert loose["filename"] == "orders.csv"
    assert loose["id"] not in json.dumps(released(shop))


def test_what_is_destroyed_takes_its_release_with_it(orch, shop):
    assert orch("apply", "--yes").code == 0
    assert orch("destroy", "--yes").code == 0
    assert list((shop / "releases" / "local").iterdir()) == []


def test_a_release_somebody_wrote_is_listed_and_becomes_a_spec(orch, tmp_path):
    head = "kind: Project\nname: shop\ntargets: {local: {provider: local, speaks: responses}}\n"
    (tmp_path / "orch.yaml").write_text(head)
    request = {
        "model": "gpt-4o",
        "max_output_tokens": 100,
        "text": {"format": {"type": "json_object"}},
        "tools": [
            {"type": "web_search", "filters": {"allowed_domains": ["a.example"]}},
            {"type": "mcp", "server_label": "d", "server_url": "https://d.example", "require_approval": "never"},
        ],
    }
    folder = tmp_path / "releases" / "local"
    folder.mkdir(parents=True)
    value = {"format": "orch.release/1", "name": "helper", "request": request}
    (folder / "helper.json").write_text(json.dumps(value))
    assert "helper" in orch("list", "--unmanaged").out
    done = orch("import", "assistant.helper=helper", "--into", "specs")
    assert done.code == 0, done.err
    assert orch("plan", "--detailed-exitcode").code == 0
    (file,) = tmp_path.glob("specs/**/helper*.yaml")
    text = file.read_text()
    for line in ("max_output_tokens: 100", "response_format: json_object", "allowed_domains:", "server_label: d"):
        assert line in text
    assert load_release("helper", folder=tmp_path) == request


def test_responses_settings_are_no_matter_to_others(orch, shop):
    text = SPECS.replace("  local: {provider: local, speaks: responses}\n", "  local: {provider: local}\n")
    (shop / "orch.yaml").write_text(text)
    assert orch("apply", "--yes").code == 0
    assert orch("plan", "--detailed-exitcode").code == 0
    assert not (shop / "releases").exists()
