"""Models as they come and go: `orch models`, and `orch test --model`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

SPECS = """
kind: Project
name: shop
targets: {local: {provider: local}, agents: {provider: local, speaks: agents, db: .orch/agents.db}}
prices: {old: {input: 10, output: 10}, new: {input: 1, output: 1}}
---
kind: Assistant
name: support
model: old
---
kind: Scenario
name: hello
assistant: support
turns: [{user: hi, checks: [{contains: hello}]}]
---
kind: Scenario
name: bye
assistant: support
turns: [{user: bye, checks: [{contains: Goodbye}]}]
---
kind: ScriptedModel
name: old
shutdown_date: ENDS
rules: [{user: hi, reply: hello}, {reply: Goodbye}]
---
kind: ScriptedModel
name: new
rules: [{user: hi, reply: hello}, {reply: So long}]
"""


@pytest.fixture
def shop(tmp_path):
    ends = datetime.now(UTC).date() + timedelta(days=52)
    (tmp_path / "orch.yaml").write_text(SPECS.replace("ENDS", ends.isoformat()))
    return ends


def test_what_ends_soon_is_told_first_at_its_place(orch, shop):
    done = orch("models")
    assert done.code == 0
    assert f"orch.yaml:9:1: warning: old is shut down on {shop}, in 5" in done.err
    assert "`orch test --model old --model OTHER`" in done.err
    assert done.out.splitlines()[1].split() == ["old", str(shop), "assistant.support"]
    assert "and 1 more on local: --all lists them" in done.out
    assert "new" in orch("models", "--all").out


def test_the_list_is_one_request_and_has_a_form_for_programs(orch, shop):
    found = json.loads(orch("models", "--format", "json").out)
    assert found["format"] == "orch.model_list/1"
    assert found["used"] == [
        {"model": "old", "ends": str(shop), "listed": True, "users": ["assistant.support"]},
    ]
    assert found["listed"] == [{"model": "new", "ends": None}, {"model": "old", "ends": str(shop)}]


def test_a_model_that_is_not_there_is_told(orch, tmp_path, shop):
    (tmp_path / "orch.yaml").write_text((tmp_path / "orch.yaml").read_text().replace("model: old", "model: gone"))
    assert "target local has no model gone" in orch("models").err


@pytest.mark.parametrize("target", ["local", "agents"])
def test_two_models_are_played_and_compared(orch, shop, tmp_path, target):
    assert orch("apply", "--yes", "--target", target).code == 0
    report = tmp_path / "r.json"
    done = orch("test", "--model", "old", "--model", "new", "--repeat", "8", "--json", str(report), "--target", target)
    assert done.code == 1
    assert "PASSED   hello[model=new]" in done.out
    assert "FAILED   bye[model=new]" in done.out
    assert "old -> new" in done.out
    assert "REGRESSION   bye  8/8 -> 0/8 passed" in " ".join(done.out.split("\n"))
    data = json.loads(report.read_text())
    assert [scenario["name"] for scenario in data["scenarios"]] == [
        "hello[model=old]",
        "hello[model=new]",
        "bye[model=old]",
        "bye[model=new]",
    ]
    old, new = data["models"]
    assert (old["model"], old["passed"], new["model"], new["passed"]) == ("old", 2, "new", 1)
    assert old["cost_usd"] > new["cost_usd"] > 0
    assert (new["compared"]["with"], new["compared"]["regressed"]) == ("old", True)


def test_one_model_answers_all_and_nothing_is_compared(orch, shop, tmp_path):
    assert orch("apply", "--yes").code == 0
    done = orch("test", "--model", "new", "--name", "hello*", "--format", "json")
    assert done.code == 0
    data = json.loads(done.out)
    assert [scenario["name"] for scenario in data["scenarios"]] == ["hello[model=new]"]
    assert "models" not in data
    assert orch("plan", "--detailed-exitcode").code == 0


def test_the_failed_ones_of_a_comparison_are_played_again(orch, shop):
    assert orch("apply", "--yes").code == 0
    assert orch("test", "--model", "old", "--model", "new").code == 1
    again = orch("test", "--model", "old", "--model", "new", "--last-failed", "--format", "json")
    assert [scenario["name"] for scenario in json.loads(again.out)["scenarios"]] == ["bye[model=new]"]


def test_a_plan_on_the_local_target_warns_of_its_scripts_ends_and_asks_for_nothing(orch, shop):
    done = orch("plan")
    assert f"assistant.support: model old is shut down on {shop}" in done.out + done.err
    assert "2 requests" in done.out


@pytest.mark.parametrize(
    ("models", "code", "told"),
    [
        (["old", "nwe"], 2, "target local has no model `nwe`"),
        (["old", "old"], 64, "--model old is given twice"),
        (["old", ""], 64, "--model is empty"),
    ],
)
def test_models_that_cannot_be_compared_are_told_before_anything_is_played(orch, shop, models, code, told):
    assert orch("apply", "--yes").code == 0
    done = orch("test", *(part for model in models for part in ("--model", model)))
    assert (done.code, done.out) == (code, "")
    assert told in done.err
