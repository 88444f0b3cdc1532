"""A run in a pull request: what went wrong first, whatever was said stays text, and it never grows too long."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.reporting.lines import Part
from orchestrator.reporting.merged_text import merged_text
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_markdown import run_markdown
from orchestrator.reporting.story import get_headline, ordered, tell
from tests.reporting.counting import counted
from tests.reporting.repeats import played


def test_what_did_not_pass_comes_first_with_its_story_folded(a_run):
    report = run_json(a_run, project="tutoring", target="local")
    text = run_markdown(report)
    assert text.startswith("### orch test: <code>tutoring</code> on <code>local</code>\n\n")
    assert "**2 failed, 1 errored, 1 not run, 1 passed** in " in text
    titles = re.findall(r"<b>(.*?)</b> (?:<code>(.*?)</code>)?", text)
    stand = [("failed", "papers"), ("failed", "lookup"), ("errored", "busy"), ("not run", "later"), ("passed", "")]
    assert titles == stand
    for part in ("specs/papers.yaml:7", "turn 2 of 3", 'expected: a reply that contains "천만에요"'):
        assert part in text
    assert text.endswith("<b>passed</b> 1</summary>\n\n<code>quiz</code>\n\n</details>")


def test_repeats_budgets_and_quarantines_are_told():
    text = run_markdown(run_json(played(mixed=(4, "good bad good good")), project="p", target="t"))
    rate = "3/4 passed, 95 % interval 0.30-0.95, all required"
    assert f"<b>failed</b> <code>mixed</code> {rate}: <code>turn 1: contains: " in text
    assert f"\n  {rate}\n  pass@2 1.00, pass^2 0.50, pass@4 1.00, pass^4 0.00\n  attempt 2 of 4 failed\n" in text
    text = run_markdown(run_json(counted(), project="p", target="t"))
    assert "<b>quarantined</b> <code>held</code>: <code>until 2026-03-01: waits for the vendor</code>" in text
    assert "The budget of $0.0002 is spent." in text
    assert "$0.0003" in text


def test_the_terminal_tells_a_merged_report(a_run):
    lines = merged_text(run_json(a_run, project="tutoring", target="local, server")).plain.splitlines()
    assert lines[0].startswith("FAILED       papers on local, server  turn 2: contains: expected:")
    assert lines[-1].startswith("1 passed, 1 not run, 1 errored, 2 failed (")
    good = replace(a_run, results=a_run.results[:1], not_run=())
    assert merged_text(run_json(good, project="p", target="t")).plain.startswith("1 passed (")


def test_a_scenario_that_passed_has_no_story(a_run):
    report = run_json(a_run, project="p", target="t")
    quiz, papers, lookup, busy = report["scenarios"]
    assert get_headline(quiz) == ("", "")
    assert "turn 1 of 1" not in run_markdown({**report, "scenarios": [quiz]})
    assert get_headline(papers).kind == "contains"
    assert get_headline(papers).text.startswith('turn 2: contains: expected: a reply that contains "천만에요" got:')
    assert get_headline(lookup).text.startswith("turn 1: lookup_order was called and has no mock")
    assert any(line.part is Part.HINT for line in tell(lookup, 1_000))
    assert get_headline(busy) == ("turn 1: too many requests", "target")


@given(st.text(min_size=1), st.integers(1, 3))
def test_no_text_becomes_markup(text, times):
    turn = {
        "user": text * times,
        "status": "completed",
        "reply": text,
        "tool_calls": [{"name": text, "arguments": {text: text}, "output": text}],
        "problem": {"message": text, "hint": text},
        "checks": [{"check": text, "passed": False, "score": 0, "reason": text}],
    }
    attempt = {"status": "failed", "turns": [turn], "checks": [], "problem": None}
    scenario = {
        "name": text,
        "status": "failed",
        "file": text,
        "line": 1,
        "target": text,
        "attempts": [attempt],
        "quarantine": None,
        "statistics": None,
    }
    data = {
        "project": text,
        "target": text,
        "summary": {"failed": 1},
        "duration_ms": 1,
        "usage": {"input_tokens": 0, "output_tokens": 0},
        "scenarios": [scenario],
        "not_run": [{"name": text, "target": text, "reason": text}],
    }
    shown = run_markdown(data)
    outside = re.sub(r"^(`{3,})\n.*?^\1$", "", shown, flags=re.DOTALL | re.MULTILINE)
    plain = re.sub(r"</?(?:code|b|details|summary)>", "", outside)
    assert "<" not in plain
    assert "[" not in plain
    assert "@" not in plain


def test_however_much_failed_it_stays_a_comment(a_run):
    report = run_json(a_run, project="p", target="t")
    papers = report["scenarios"][1]
    many = [{**papers, "name": f"papers-{number}"} for number in range(3_000)]
    text = run_markdown({**report, "scenarios": many})
    assert 50_000 < len(text) < 65_536
    assert "shown without their contents" in text or "more; this report is cut" in text


def test_a_story_tells_searches_code_and_calls_in_the_order_they_came(a_run):
    quiz, papers, _, _ = run_json(a_run, project="p", target="t")["scenarios"]
    lines = tell(papers, 1_000)
    assert [(line.label, line.text) for line in lines[1:4]] == [
        ("user", "논문을 찾아줘"),
        ("search", "=> gpt.pdf (0.82)"),
        ("code", "print(1)\nprint(2)\n=> 1\n2\n=> 1 image"),
    ]
    [turn] = quiz["attempts"][0]["turns"]
    assert [kind for kind, _ in ordered(turn)] == ["function", "message"]
    talked = {**turn, "messages": ["one", "two"], "steps": ["message", "function", "message"]}
    assert [kind for kind, _ in ordered(talked)] == ["message", "function", "message"]
    assert [what for kind, what in ordered(talked) if kind == "message"] == ["one", "two"]
