"""The page: its data cannot leave its element, and in a real browser it shows what it should and asks nobody."""

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.reporting.run_html import run_html
from orchestrator.reporting.run_json import run_json
from tests.reporting.browser import CHROMIUM, look
from tests.reporting.repeats import played

browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)> & \u2028 ' \" `"


def page(report) -> str:
    return "".join(run_html(report))


def data_of(text: str):
    [found] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


@pytest.fixture
def report(a_run):
    return run_json(a_run, project="tutoring", target="local")


def test_the_page_holds_the_whole_report(report):
    assert data_of(page(report)) == report
    assert data_of(page({**report, "scenarios": []})) == {**report, "scenarios": []}


def test_the_title_tells_the_verdict(report):
    assert "<title>2 failed, 1 errored: tutoring on local</title>" in page(report)
    good = {**report, "summary": {**report["summary"], "failed": 0, "errored": 0}}
    assert "<title>1 passed: tutoring on local</title>" in page(good)


@given(st.text())
def test_no_text_gets_out_of_the_data(text):
    report = {"project": text, "target": text, "summary": {"passed": 1}, "scenarios": [{"name": text}], "not_run": []}
    made = page(report)
    assert data_of(made) == report
    assert len(re.findall(r"<script", made)) == 2
    assert f"<h1>{html.escape(text)} on" in made


def test_pieces_are_as_many_as_scenarios_so_that_no_second_copy_is_made(report):
    pieces = list(run_html(report))
    assert max(map(len, pieces)) < 40_000
    assert len(pieces) > 2 * len(report["scenarios"])


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(report):
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page(report))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.fixture
def seen(tmp_path):
    def shown(report, fragment=""):
        file = tmp_path / "report.html"
        file.write_text(page(report), encoding="utf-8")
        return look(file, fragment)

    return shown


def titles(dom: str) -> list[str]:
    return [html.unescape(title) for title in re.findall(r'<span class="title">(.*?)</span>', dom, re.DOTALL)]


@browser
def test_a_browser_shows_every_scenario_worst_first_and_complains_of_nothing(seen, report):
    found = seen(report)
    assert found.complaints == []
    assert titles(found.dom) == ["papers", "lookup", "busy", "later", "quiz"]
    assert "5 scenarios" in found.dom
    assert 'class="turn"' not in found.dom, "transcripts are drawn when they are opened"


@browser
def test_an_address_chooses_and_opens(seen, report):
    found = seen(report, "status=failed,errored&q=specs/papers&open=papers")
    assert titles(found.dom) == ["papers"]
    assert "1 of 5 scenarios" in found.dom
    inside = found.dom.partition('class="inside"')[2]
    for part in ("Turn 1 of 3", "논문을 찾아줘", "여기 있어요 [1]", "cites gpt.pdf", "gpt.pdf (0.82)", "print(2)"):
        assert part in inside, part
    assert found.dom.partition("<body>")[2].count('aria-pressed="true"') == 2


@browser
def test_nothing_that_was_said_becomes_markup(seen, report):
    quiz = report["scenarios"][0]
    [attempt] = quiz["attempts"]
    [turn] = attempt["turns"]
    call = {**turn["tool_calls"][0], "name": HOSTILE, "output": HOSTILE}
    check = {"check": HOSTILE, "passed": False, "score": 0.0, "reason": HOSTILE}
    turn = {**turn, "user": HOSTILE, "reply": HOSTILE, "tool_calls": [call], "checks": [check]}
    problem = {"message": HOSTILE, "hint": HOSTILE}
    attempt = {**attempt, "turns": [turn], "problem": problem, "status": "failed"}
    quiz = {**quiz, "name": HOSTILE, "file": HOSTILE, "status": "failed", "attempts": [attempt]}
    found = seen({**report, "project": HOSTILE, "scenarios": [quiz]}, "status=failed")
    assert found.complaints == []
    assert titles(found.dom) == [HOSTILE]
    assert "<title>taken" not in found.dom
    assert "<img" not in found.dom.partition("</head>")[2].replace("\\u003cimg", "")


@browser
def test_repeated_scenarios_have_a_plot_and_a_button_for_each_attempt(seen):
    ran = played(mixed=(4, "good bad good good"), good=(3, "good good good"))
    found = seen(run_json(ran, project="p", target="t"), "open=mixed")
    assert found.complaints == []
    assert "Pass rates" in found.dom
    assert "Time of a turn" in found.dom
    assert len(re.findall(r'<button type="button" class="s-(?:passed|failed)" aria-pressed', found.dom)) == 4
    assert "3/4 passed, 95 % interval" in found.dom


@browser
def test_several_targets_and_models_are_a_matrix(seen, report):
    quiz = report["scenarios"][0]
    cells = [
        {**quiz, "name": f"quiz[model={model}]", "base": "quiz", "case": {"model": model}, "target": target}
        for model in ("gpt-4o", "gpt-5")
        for target in ("local", "server")
    ]
    found = seen({**report, "target": "local, server", "scenarios": cells, "not_run": []})
    assert found.complaints == []
    heads = re.findall(r'<th scope="col">(.*?)</th>', found.dom)
    assert heads == ["Scenario", "local · gpt-4o", "server · gpt-4o", "local · gpt-5", "server · gpt-5"]
    assert '<th scope="row">quiz</th>' in found.dom


@browser
@pytest.mark.parametrize("worn", ["dark", "light", None])
def test_light_and_dark(seen, report, worn):
    shown = seen(report, f"theme={worn}" if worn else "").dom
    assert ('<html lang="en">' if worn is None else f'<html lang="en" data-theme="{worn}">') in shown


@browser
def test_ten_thousand_scenarios_are_drawn_as_far_as_they_are_looked_at(seen, report):
    quiz = report["scenarios"][0]
    many = [{**quiz, "name": f"quiz-{number}"} for number in range(10_000)]
    found = seen({**report, "scenarios": many})
    assert found.complaints == []
    assert "10,001 scenarios" in found.dom
    assert len(titles(found.dom)) < 2_000
