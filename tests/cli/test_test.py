"""`orch test` on the example project: what passes, what fails and what cannot be run."""

import json
import re
import shutil
import xml.etree.ElementTree as ET

import pytest

from tests.cli.conftest import SPECS


@pytest.fixture
def applied(orch, tutor):
    assert orch("apply", "specs/").code == 0
    return tutor


def test_every_scenario_of_the_notebook_passes(orch, applied, sandbox):
    done = orch("test", "specs/", "--json", "out/report.json", "--junit", "out/report.xml")
    assert done.code == 0, done.out
    report = json.loads((applied.parent / "out" / "report.json").read_text())
    assert report["format"] == "orch.test/1"
    expected = {"scenarios": 7, "passed": 7, "failed": 0, "errored": 0, "inconclusive": 0}
    assert report["summary"] | expected == report["summary"]
    assert {scenario["file"] for scenario in report["scenarios"]} >= {"specs/scenarios/quiz.yaml"}
    suite = ET.parse(applied.parent / "out" / "report.xml").getroot()
    assert len(suite.findall(".//testcase")) == 7


def test_the_whole_example_shows_cases_judges_repeats_and_mocks(orch, tmp_path, sandbox):
    shutil.copytree(SPECS, tmp_path / "specs", ignore=shutil.ignore_patterns(".orch"))
    assert orch("apply", "specs/").code == 0
    done = orch("test", "specs/", "--json", "report.json", "--html", "report.html", "--junit", "report.xml")
    assert done.code == 0, done.out
    scenarios = json.loads((tmp_path / "report.json").read_text())["scenarios"]
    assert [each["case"] for each in scenarios if each["base"] == "equations"] == [
        {"ask": ask, "row": row} for ask in ("풀어줘", "풀어 주세요") for row in ("quarter", "half", "whole")
    ]
    by_name = {each["name"]: each for each in scenarios}
    assert len(by_name["manners"]["attempts"]) == 14
    [turn] = by_name["encouragement"]["attempts"][0]["turns"]
    assert [each["verdict"] for each in turn["checks"][1]["criteria"]] == ["met", "met"]


def test_the_page_holds_what_the_json_report_holds(orch, applied):
    assert orch("test", "specs/", "--name", "quiz", "--html", "out/report.html", "--json", "out/report.json").code == 0
    page = (applied.parent / "out" / "report.html").read_text(encoding="utf-8")
    [data] = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data) == json.loads((applied.parent / "out" / "report.json").read_text())
    assert "<title>1 passed: tutoring on local</title>" in page


def test_a_browser_shows_the_page_of_a_run(orch, applied, browser):
    model = applied / "gpt-4o.yaml"
    model.write_text(model.read_text(encoding="utf-8").replace("천만에요", "별말씀을요"), encoding="utf-8")
    assert orch("test", "specs/", "--name", "quiz", "--name", "thanks", "--html", "report.html").code == 1
    shown = browser.open(applied.parent / "report.html", "status=failed&open=thanks")
    assert shown.texts(".count")[0].startswith("1 of 2 scenarios")
    assert "별말씀을요" in shown.texts(".turn")[1]
    shown.press("Escape")
    assert shown.texts(".title") == ["thanks", "quiz"]
    shown.click(".row.s-passed summary")
    assert "display_quiz" in shown.texts(".row.s-passed .turn")[0]
    assert shown.complaints == []
    assert len(shown.loaded) == 1
    shown.close()


def test_the_quiz_is_answered_whole(orch, applied):
    assert orch("test", "specs/", "--name", "quiz", "--json", "report.json").code == 0
    (scenario,) = json.loads((applied.parent / "report.json").read_text())["scenarios"]
    (turn,) = scenario["attempts"][0]["turns"]
    assert [call["name"] for call in turn["tool_calls"]] == ["display_quiz", "display_quiz"]
    assert [json.loads(call["output"]) for call in turn["tool_calls"]] == [["I don't know.", "a"]] * 2
    assert scenario["attempts"][0]["requests"] == 3  # the message, both outputs together, the end


def test_a_failure_shows_the_transcript_and_what_was_expected(orch, applied):
    quiz = applied / "scenarios" / "quiz.yaml"
    quiz.write_text(
        quiz.read_text().replace(
            "parallel: [display_quiz, display_quiz]", "tool_called: {name: display_quiz, times: 3}"
        )
    )
    done = orch("test", "specs/", "--name", "quiz")
    assert done.code == 1
    for part in ("FAILED", "specs/scenarios/quiz.yaml:", "display_quiz", "expected:", "got:", "1 failed"):
        assert part in done.out


def test_a_call_without_a_mock_names_itself(orch, applied):
    quiz = applied / "scenarios" / "quiz.yaml"
    lines = [line for line in quiz.read_text().splitlines() if "mocks:" not in line and "returns:" not in line]
    quiz.write_text("\n".join(lines))
    done = orch("test", "specs/", "--name", "quiz")
    assert done.code == 1
    assert "display_quiz" in done.out
    assert "returns:" in done.out


def test_what_is_not_applied_is_not_tested(orch, tutor):
    done = orch("test", "specs/")
    assert (done.code, done.out) == (2, "")
    assert "assistant.math-tutor is not there on target local" in done.err
    assert "orch apply" in done.err
    orch("apply", "specs/")
    prompt = tutor / "prompts" / "math-tutor.md"
    prompt.write_text("다른 지시")
    done = orch("test", "specs/")
    assert done.code == 2
    assert "is not what the specs say" in done.err


def test_verbose_tells_the_story_of_what_passed(orch, applied):
    assert "assistant: 천만에요!" not in orch("test", "specs/", "--name", "thanks").out
    assert "assistant: 천만에요!" in orch("test", "specs/", "--name", "thanks", "-v").out


def test_nothing_to_run_is_wrong_usage(orch, applied):
    done = orch("test", "specs/", "--name", "nobody")
    assert done.code == 64
    assert "quiz" in done.err


def test_one_file_and_tags_choose(orch, applied):
    assert "1 passed" in orch("test", "specs/scenarios/quiz.yaml").out
    assert orch("test", "specs/", "--tag", "nope").code == 64


def test_json_on_stdout_is_json_and_nothing_else(orch, applied):
    done = orch("test", "specs/", "--name", "quiz", "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["summary"]["passed"] == 1
    assert orch("test", "specs/", "--json", "-").code == 64


def test_every_scenario_is_repeated_as_the_command_line_says(orch, applied):
    done = orch("test", "specs/", "--name", "quiz", "--name", "thanks", "--repeat", "3", "--json", "report.json")
    assert done.code == 0
    assert done.out.count("3/3 passed, 95 % interval 0.44-1.00, all required") == 2
    report = json.loads((applied.parent / "report.json").read_text())
    assert [len(scenario["attempts"]) for scenario in report["scenarios"]] == [3, 3]
    assert orch("test", "specs/", "--repeat", "0").code == 64


def test_one_failed_attempt_of_a_fixed_number_fails(orch, applied):
    quiz = applied / "scenarios" / "quiz.yaml"
    quiz.write_text(
        quiz.read_text().replace(
            "parallel: [display_quiz, display_quiz]", "tool_called: {name: display_quiz, times: 3}"
        )
        + "repeat: {max: 20, require: 0.8}\n"
    )
    assert "0/3 passed" in orch("test", "specs/", "--name", "quiz").out
    done = orch("test", "specs/", "--name", "quiz", "--repeat", "2")
    assert done.code == 1
    assert "0/2 passed, 95 % interval 0.00-0.66, all required" in done.out
    assert "attempt 1 of 2 failed" in done.out


def test_undecided_is_exit_4_and_counted_apart(orch, applied):
    thanks = applied / "scenarios" / "quiz.yaml"
    thanks.write_text(thanks.read_text() + "repeat: {min: 3, max: 12, require: 0.8, confidence: 0.95}\n")
    done = orch("test", "specs/", "--name", "quiz", "--junit", "report.xml", "--json", "report.json")
    assert done.code == 4
    assert "12 attempts cannot show a pass rate of 0.8 with confidence 0.95" in done.out
    assert "1 inconclusive in" in done.out
    warning = "specs/scenarios/quiz.yaml:2:1: warning: 12 attempts cannot show a pass rate of 0.8 with confidence 0.95"
    assert warning in done.err
    checked = orch("validate", "specs/")
    assert (checked.code, warning in checked.err, "max: 14" in checked.err) == (0, True, True)
    listed = json.loads(orch("validate", "specs/", "--format", "json").out)
    assert (listed["diagnostics"], len(listed["warnings"])) == ([], 1)
    place = {"file": "specs/scenarios/quiz.yaml", "line": 2, "column": 1}
    assert listed["warnings"][0] | place == listed["warnings"][0]
    summary = json.loads((applied.parent / "report.json").read_text())["summary"]
    assert (summary["inconclusive"], summary["failed"], summary["errored"]) == (1, 0, 0)
    thanks.write_text(thanks.read_text().replace("max: 12", "max: 14"))
    done = orch("test", "specs/", "--name", "quiz")
    assert (done.code, "14/14 passed" in done.out, "warning" in done.err) == (0, True, False)


def test_broken_specs_are_exit_2(orch, tutor):
    (tutor / "broken.yaml").write_text("kind: Nothing\n")
    assert orch("test", "specs/").code == 2


CASES = """\
kind: ScriptedModel
name: gpt-5
rules: [{reply: "five: {{ user }}"}]
---
kind: Scenario
name: tones
assistant: math-tutor
tags: [matrix]
matrix: {model: [gpt-4o, gpt-5], variables: {tone: [formal, plain talk]}}
data: rows.csv
turns: [{user: "{{ vars.q }} ({{ vars.tone }})", checks: [contains: "{{ vars.a }}"]}]
"""


@pytest.fixture
def cases(applied):
    (applied / "tones.yaml").write_text(CASES)
    (applied / "rows.csv").write_text("id,q,a\nA-1,고마워,천만에요\nA-2,고마워!,천만에요\n")
    return applied


def test_each_combination_is_played_with_its_own_model_and_values(orch, cases):
    done = orch("test", "specs/", "--name", "tones", "--json", "report.json")
    assert done.code == 1
    told = json.loads((cases.parent / "report.json").read_text())["scenarios"]
    assert [(each["name"], each["status"]) for each in told[2:6]] == [
        ("tones[model=gpt-4o,tone=plain-talk,A-1]", "passed"),
        ("tones[model=gpt-4o,tone=plain-talk,A-2]", "passed"),
        ("tones[model=gpt-5,tone=formal,A-1]", "failed"),
        ("tones[model=gpt-5,tone=formal,A-2]", "failed"),
    ]
    assert told[3]["case"] == {"model": "gpt-4o", "tone": "plain talk", "row": "A-2"}
    assert (told[3]["base"], told[3]["target"]) == ("tones", "local")
    assert told[4]["attempts"][0]["turns"][0]["reply"] == "five: 고마워 (formal)"
    assert "4 failed, 4 passed" in done.out


def test_cases_are_chosen_by_name_and_the_rest_of_the_project_stays(orch, cases):
    assert "1 passed" in orch("test", "specs/", "--name", "tones[model=gpt-4o,tone=formal,A-2]").out
    assert "2 passed" in orch("test", "specs/", "--name", "tones[model=gpt-4o,*A-2]").out
    assert "4 failed, 4 passed" in orch("test", "specs/", "--tag", "matrix").out
    done = orch("test", "specs/", "--name", "tones[x]")
    assert (done.code, "tones" in done.err, "A-2" in done.err) == (64, True, False)


def test_a_missing_price_is_that_of_the_case(orch, cases):
    (cases / "tones.yaml").write_text(CASES.replace('contains: "{{ vars.a }}"', "cost_usd: {max: 1}"))
    orch_yaml = cases / "orch.yaml"
    orch_yaml.write_text(orch_yaml.read_text() + "prices: {gpt-4o: {input: 2.5, output: 10}}\n")
    done = orch("validate", "specs/")
    assert done.code == 1
    assert "there is no price for the model `gpt-5`" in done.err
    assert "in [model=gpt-5,tone=formal,A-1] (specs/rows.csv:2) and 3 others" in done.err


def test_parts_of_all_scenarios_are_all_of_them(orch, cases):
    names: list[str] = []
    for number in ("1", "2", "3"):
        done = orch("test", "specs/", "--tag", "matrix", "--shard", f"{number}/3", "--json", "report.json")
        assert done.code in (0, 1)
        names += [each["name"] for each in json.loads((cases.parent / "report.json").read_text())["scenarios"]]
    assert len(names) == len(set(names)) == 8


def test_an_empty_part_passes_and_bad_ones_are_wrong_usage(orch, cases):
    done = orch("test", "specs/", "--tag", "matrix", "--shard", "9/9", "--json", "report.json", "--junit", "r.xml")
    assert (done.code, done.err.splitlines()[0]) == (0, "part 9/9 has no scenarios: there are 8")
    assert json.loads((cases.parent / "report.json").read_text())["summary"]["scenarios"] == 0
    for bad in ("0/2", "3/2", "2", "a/b"):
        assert orch("test", "specs/", "--shard", bad).code == 64
