"""Parts of a run joined are the run, and what are no parts of one whole is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import ReportError
from orchestrator.scenario.merging import merge
from orchestrator.scenario.report_format import get_exit_code, summarize

TOKENS = {"input_tokens": 3, "output_tokens": 1}


def scenario(name="a", status="passed", target="local", **more):
    return {"name": name, "status": status, "target": target, "quarantine": None, "taken_over": False, **more}


def report(*scenarios, target="local", not_run=(), **more):
    return {
        "format": "orch.test/1",
        "project": "p",
        "target": target,
        "summary": summarize(scenarios, len(not_run)),
        "interrupted": False,
        "duration_ms": 10 * len(scenarios),
        "requests": len(scenarios),
        "usage": TOKENS,
        "judge_usage": TOKENS,
        "recorded_usage": TOKENS,
        "cost_usd": 0.5,
        "recorded_cost_usd": 0.0,
        "budget": None,
        "scenarios": list(scenarios),
        "not_run": list(not_run),
        **more,
    }


STATUS = st.sampled_from(["passed", "failed", "errored", "inconclusive"])
HELD = st.sampled_from([None, {"reason": "r", "until": "2026-01-01", "over": True}, {"reason": "r", "over": False}])


@given(st.lists(st.tuples(STATUS, HELD), min_size=1, max_size=12), st.integers(1, 4))
def test_the_parts_of_a_run_are_the_run(found, parts):
    scenarios = [scenario(f"s{n}", status, quarantine=held) for n, (status, held) in enumerate(found)]
    whole = report(*scenarios)
    joined = merge([(f"{n}.json", report(*scenarios[n::parts])) for n in range(parts)])
    assert joined["summary"] == whole["summary"]
    assert get_exit_code(joined) == get_exit_code(whole)
    assert sorted(each["name"] for each in joined["scenarios"]) == sorted(each["name"] for each in scenarios)
    assert joined["requests"] == whole["requests"]
    assert joined["duration_ms"] == max(10 * len(scenarios[n::parts]) for n in range(parts))
    assert joined["usage"] == {"input_tokens": 3 * parts, "output_tokens": parts}
    assert joined["cost_usd"] == 0.5 * parts


def test_several_targets_are_one_report_with_each_scenario_on_each():
    joined = merge([("1", report(scenario())), ("2", report(scenario(target="server"), target="server"))])
    assert (joined["target"], joined["summary"]["passed"]) == ("local, server", 2)


def test_what_one_part_has_not_run_and_another_has_was_run():
    left = [scenario("b"), scenario("c")]
    joined = merge([("1", report(scenario(), not_run=left)), ("2", report(scenario("b"), not_run=[scenario("c")]))])
    assert [each["name"] for each in joined["not_run"]] == ["c"]
    assert joined["summary"]["not_run"] == 1


def test_a_cost_that_one_part_does_not_know_is_not_known():
    assert merge([("1", report()), ("2", report(cost_usd=None))])["cost_usd"] is None


def test_budgets_are_added_up():
    budget = {"limit_usd": 1.0, "spent_usd": 0.25, "reached": False}
    joined = merge([("1", report(budget=budget)), ("2", report()), ("3", report(budget={**budget, "reached": True}))])
    assert joined["budget"] == {"limit_usd": 2.0, "spent_usd": 0.5, "reached": True}


@pytest.mark.parametrize(
    ("statuses", "more", "code"),
    [
        (["passed"], {}, 0),
        (["passed", "inconclusive"], {}, 4),
        (["inconclusive"], {"budget": {"limit_usd": 1, "spent_usd": 1, "reached": True}}, 5),
        (["failed"], {"budget": {"limit_usd": 1, "spent_usd": 1, "reached": True}}, 1),
        (["failed", "errored"], {}, 2),
        (["passed"], {"interrupted": True}, 2),
    ],
)
def test_it_exits_as_the_run_would_have(statuses, more, code):
    parts = [report(scenario(f"s{n}", status), **more) for n, status in enumerate(statuses)]
    assert get_exit_code(merge([(str(n), part) for n, part in enumerate(parts)])) == code


def test_what_is_no_part_of_one_whole_is_refused_with_the_files():
    with pytest.raises(ReportError, match=r"^2\.json is of the project q, and 1\.json of p$"):
        merge([("1.json", report()), ("2.json", report(project="q"))])
    with pytest.raises(ReportError, match=r"^a on local is in 1\.json and in 3\.json$"):
        merge([("1.json", report(scenario())), ("2.json", report()), ("3.json", report(scenario()))])
