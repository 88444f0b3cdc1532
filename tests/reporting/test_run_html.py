"""The page: its data cannot leave its element, and in a real browser it shows what it should and asks nobody."""

import html
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.reporting.run_html import run_html
from orchestrator.reporting.run_json import run_json
from tests.browser import Browser, Page
from tests.reporting.repeats import played

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


def opened(browser: Browser, tmp_path: Path, report, fragment: str = "", **window) -> Page:
    file = tmp_path / "report.html"
    file.write_text(page(report), encoding="utf-8")
    return browser.open(file, fragment, **window)


def check_quiet(page: Page) -> None:
    """Check that a page told nothing on its console, which has what its policy refused, and loaded nothing."""
    assert page.complaints == []
    assert {url.partition("#")[0].rpartition("/")[2] for url in page.loaded} == {"report.html"}
    page.close()


@pytest.fixture
def look(browser, tmp_path):
    """Open a report's page; at the end of the test it must have kept quiet."""
    shown: list[Page] = []

    def show(report, fragment="", **window) -> Page:
        shown.append(opened(browser, tmp_path, report, fragment, **window))
        return shown[-1]

    yield show
    for each in shown:
        check_quiet(each)


def test_every_scenario_is_listed_worst_first_and_drawn_when_it_is_opened(look, report):
    shown = look(report)
    assert shown.texts(".title") == ["papers", "lookup", "busy", "later", "quiz"]
    assert shown.texts("dt") == ["Scenarios", "Failed", "Errored", "Not run", "Passed", "Time", "Tokens"]
    assert shown.texts(".why")[0].startswith("turn 2: contains: expected: a reply that contains")
    assert shown.texts(".turn") == []
    shown.click(".row summary")
    [first, second, third] = shown.texts(".turn")
    for part in (
        "Turn 1 of 3",
        "논문을 찾아줘",
        "여기 있어요 [1]",
        "cites gpt.pdf",
        "gpt.pdf 0.82",
        "print(2)",
        "made 1 image",
    ):
        assert part in first, part
    assert first.index("file_search") < first.index("print(2)") < first.index("여기 있어요")
    assert "not run" in third
    assert "expected: a reply that contains" in second


def test_what_came_is_shown_in_the_order_it_came(look, report):
    quiz = report["scenarios"][0]
    [turn] = quiz["attempts"][0]["turns"]
    turn |= {"messages": ["one moment", "done"], "steps": ["message", "function", "message"]}
    [said] = look(report, "open=quiz").texts(".turn")
    assert said.index("one moment") < said.index("display_quiz") < said.index("done")
    del turn["messages"]
    turn["steps"] = []  # as an older report has it
    [said] = look(report, "open=quiz").texts(".turn")
    assert said.index("display_quiz") < said.index("피드백: 좋아요")


def test_keys_and_buttons_choose_and_the_address_keeps_it(look, report):
    shown = look(report)
    shown.press("/", "/")
    shown.write("천만에요")  # which stands in a transcript only
    assert shown.texts(".title") == ["papers"]
    assert shown.texts(".count") == ["1 of 5 scenarios\nopen all"]
    assert shown.evaluate("decodeURIComponent(location.hash)") == "#q=천만에요"
    shown.press("Escape")
    assert len(shown.texts(".title")) == 5
    shown.click("[data-status=errored]")
    shown.click("[data-status=passed]")
    assert shown.texts(".title") == ["busy", "quiz"]
    assert shown.texts("[aria-pressed=true]") == ["! 1 errored", "✓ 1 passed"]
    assert shown.evaluate("location.hash") == "#status=errored%2Cpassed"
    shown.press("/", "/")
    shown.write("nothing like this")
    assert shown.texts(".none") == ["Nothing fits. Esc clears the filter."]


def test_an_address_chooses_and_opens(look, report):
    shown = look(report, "status=failed,errored&q=specs/papers&open=papers")
    assert shown.texts(".title") == ["papers"]
    assert len(shown.texts(".inside")) == 1
    shown.go("status=passed")
    assert shown.texts(".title") == ["quiz"]


def test_all_that_is_listed_can_be_opened_at_once(look, report):
    shown = look(report, "status=failed")
    shown.click(".count button")
    assert len(shown.texts(".inside")) == 2
    shown.click(".count button")
    assert shown.evaluate("document.querySelectorAll('details[open]').length") == 0


def test_nothing_that_was_said_becomes_markup(look, report):
    quiz = report["scenarios"][0]
    [attempt] = quiz["attempts"]
    [turn] = attempt["turns"]
    call = {**turn["tool_calls"][0], "name": HOSTILE, "output": HOSTILE}
    check = {"check": HOSTILE, "passed": False, "score": 0.0, "reason": HOSTILE}
    criteria = [{"criterion": HOSTILE, "verdict": HOSTILE, "quote": HOSTILE, "reason": HOSTILE, "votes": []}]
    found = {
        "searches": [{"passages": [{"file": HOSTILE, "score": 1, "excerpt": HOSTILE}]}],
        "code_runs": [{"code": HOSTILE, "logs": HOSTILE, "images": 1}],
        "citations": [{"file": HOSTILE, "file_id": "", "text": ""}],
        "files": [{"name": HOSTILE, "file_id": ""}],
        "steps": [HOSTILE, "constructor"],
    }
    checks = [check, {**check, "criteria": criteria}]
    turn = {**turn, **found, "user": HOSTILE, "reply": HOSTILE, "tool_calls": [call], "checks": checks}
    problem = {"message": HOSTILE, "hint": HOSTILE}
    attempt = {**attempt, "turns": [turn], "problem": problem, "leftover": problem, "status": "failed"}
    held = {"reason": HOSTILE, "until": HOSTILE, "over": True}
    quiz = {**quiz, "name": HOSTILE, "file": HOSTILE, "case": {HOSTILE: HOSTILE}, "quarantine": held}
    quiz |= {"status": "failed", "attempts": [attempt]}
    shown = look({**report, "project": HOSTILE, "scenarios": [quiz]}, "status=failed")
    shown.click(".row summary")
    assert shown.evaluate("document.querySelector('.title').textContent") == HOSTILE
    assert shown.evaluate("[...document.querySelectorAll('.said')].map(n => n.lastChild.textContent)") == [HOSTILE] * 2
    assert shown.evaluate("document.title") == f"2 failed, 1 errored: {HOSTILE} on local"
    assert shown.evaluate("document.querySelectorAll('img, script').length") == 2


def test_the_policy_refuses_whatever_the_page_does_not_have(browser, tmp_path, report):
    shown = opened(browser, tmp_path, report)
    shown.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'taken = 1'}))")
    shown.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))")
    shown.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
    assert shown.evaluate("typeof taken") == "undefined"
    assert len([told for told in shown.complaints if "Content Security Policy" in told]) >= 3


def test_a_comparison_has_colours_beside_its_signs_and_a_list_in_a_reply_has_none(look, report):
    papers = report["scenarios"][1]
    turn = papers["attempts"][0]["turns"][1]
    turn["reply"] = "  - one\n  + two"
    turn["checks"] = [{"check": "equals", "passed": False, "score": 0, "reason": "expected: x\ngot: y\n  - a\n  + b"}]
    shown = look(report, "open=papers")
    assert (shown.texts("del"), shown.texts("ins")) == (["  - a\n"], ["  + b"])
    assert shown.texts(".why")[0] == "turn 2: equals: expected: x got: y"


def test_a_long_text_is_shown_in_part_and_then_whole(look, report):
    quiz = report["scenarios"][0]
    call = quiz["attempts"][0]["turns"][0]["tool_calls"][0]
    call["output"] = "\n".join(f"line {n}" for n in range(500))
    shown = look(report, "open=quiz")
    assert "line 499" not in shown.texts(".out")[0]
    assert shown.texts(".rest") == ["… all 500 lines, 4,389 characters"]
    shown.click(".rest")
    assert shown.texts(".out")[0] == call["output"]


def test_repeated_scenarios_have_a_plot_and_a_button_for_each_attempt(look):
    ran = played(mixed=(4, "good bad good good"), good=(3, "good good good"))
    shown = look(run_json(ran, project="p", target="t"), "open=mixed")
    assert shown.texts("h2") == ["TIME OF A TURN", "PASS RATES"]
    labels = shown.evaluate("[...document.querySelectorAll('svg')].map(n => n.getAttribute('aria-label'))")
    assert labels[0].startswith("Times of 7 turns: half within ")
    assert labels[1] == "Pass rates of 2 repeated scenarios, with their intervals"
    assert len(shown.texts(".attempts button")) == 4
    assert shown.texts(".attempts [aria-pressed=true]")[0].startswith("✕ 2")
    assert "3/4 passed, 95 % interval 0.30–0.95, required 1" in shown.texts(".inside")[0]
    assert "expected: a reply that contains" in shown.texts(".inside")[0]
    shown.click(".attempts button")
    assert "expected: a reply that contains" not in shown.texts(".inside")[0]


def test_judges_are_told_by_criterion(look, report):
    quiz = report["scenarios"][0]
    vote = {"verdict": "not_met", "quote": "", "reason": "rude", "unusable": None}
    criteria = [
        {"criterion": "is kind", "verdict": "not_met", "quote": "no!", "reason": "rude", "votes": [vote, vote]},
        {"criterion": "is short", "verdict": "cannot_tell", "quote": "", "reason": "who knows", "votes": []},
    ]
    check = {"check": "judge", "passed": False, "score": 0.0, "reason": "x", "inconclusive": True, "criteria": criteria}
    quiz["attempts"][0]["turns"][0]["checks"] = [check]
    told = look(report, "open=quiz").texts(".checks")[0]
    for part in ("judge", "is kind", "not met", "no!", "rude", "2 votes", "is short", "cannot tell", "who knows"):
        assert part in told, part


def cells(report, targets=("local", "server"), models=("gpt-4o", "gpt-5")):
    quiz = report["scenarios"][0]
    found = [
        {**quiz, "name": f"quiz[model={model}]", "base": "quiz", "case": {"model": model}, "target": target}
        for model in models
        for target in targets
    ]
    return {**report, "target": ", ".join(targets), "scenarios": found, "not_run": []}


def test_several_targets_and_models_are_a_matrix_whose_cells_open_scenarios(look, report):
    several = cells(report)
    several["scenarios"][1]["status"] = "failed"
    shown = look(several)
    heads = shown.evaluate("[...document.querySelectorAll('thead th')].map(n => n.firstChild.textContent)")
    assert heads == ["Scenario", "local · gpt-4o", "server · gpt-4o", "local · gpt-5", "server · gpt-5"]
    assert shown.texts("thead small")[1] == "0/1 passed · p50 20 ms"
    assert shown.texts("tbody th") == ["quiz"]
    assert shown.texts("tbody td") == ["✓ passed", "✕ failed", "✓ passed", "✓ passed"]
    shown.click("tbody td:nth-child(3) button")
    assert "target server" in shown.texts(".inside")[0]
    assert "quiz[model=gpt-4o] on server" in shown.evaluate("new URLSearchParams(location.hash.slice(1)).get('open')")


def test_the_matrix_has_the_rows_of_what_is_chosen(look, report):
    several = cells(report)
    other = [
        {**each, "name": "other", "base": "other", "case": {}, "status": "failed"} for each in several["scenarios"][:2]
    ]
    shown = look({**several, "scenarios": [*several["scenarios"], *other]})
    assert shown.texts("tbody th") == ["quiz", "other"]
    shown.click("[data-status=failed]")
    assert shown.texts("tbody th") == ["other"]


def test_one_target_and_one_model_need_no_matrix(look, report):
    assert look(report).texts("table") == []
    assert look(cells(report, targets=("local",), models=("gpt-5",))).texts("table") == []


BACK = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(247, 247, 245)", "rgb(19, 21, 24)"


def test_light_and_dark_follow_the_system_and_the_button(look, report):
    assert look(report).evaluate(BACK) == LIGHT
    shown = look(report, dark=True)
    assert (shown.evaluate(BACK), shown.texts(".icon")) == (DARK, ["◐ Auto"])
    shown.click(".icon")
    assert (shown.evaluate(BACK), shown.texts(".icon")) == (LIGHT, ["☀ Light"])
    shown.click(".icon")
    shown.click(".icon")
    assert shown.texts(".icon") == ["◐ Auto"]
    assert look(report, "theme=dark").evaluate(BACK) == DARK


def test_on_paper_it_is_dark_on_white(look, report):
    shown = look(report, "theme=dark")
    shown.ask("Emulation.setEmulatedMedia", media="print")
    assert shown.evaluate(BACK) == "rgb(255, 255, 255)"
    assert shown.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert shown.evaluate("getComputedStyle(document.querySelector('.bar-top')).display") == "none"


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_window(look, report, width):
    several = cells(report, targets=("a-target-with-a-long-name", "another-target-with-a-long-name"))
    quiz = several["scenarios"][0]
    [attempt] = quiz["attempts"]
    several["scenarios"][0] = {
        **quiz,
        "name": "x" * 200,
        "attempts": [{**attempt, "turns": [endless(attempt["turns"][0])]}],
    }
    shown = look(several, width=width)
    shown.click(".row summary")
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shown.evaluate(
        "[...document.querySelectorAll('main, .row, .turn, pre')].every(n => n.scrollWidth <= innerWidth)"
    )


def endless(turn):
    """Give a turn whose texts have no place to break a line."""
    call = {"name": "f" * 100, "arguments": {"a" * 100: "b" * 300}, "output": "c" * 300}
    check = {"check": "d" * 100, "passed": False, "score": 0, "reason": "e" * 300}
    return {**turn, "user": "u" * 300, "reply": "r" * 300, "tool_calls": [call], "checks": [check]}


def test_what_can_be_pressed_has_a_name_and_is_reached_by_keys(look, report):
    shown = look(cells(report))
    named = "n => (n.getAttribute('aria-label') || n.textContent).trim() !== ''"
    assert shown.evaluate(f"[...document.querySelectorAll('button, input, summary')].every({named})")
    assert shown.evaluate("['header', 'main', 'footer', '[role=search]', 'h1'].every(s => document.querySelector(s))")
    shown.evaluate("document.querySelector('.row summary').focus()")
    shown.press("Enter", "\r")
    assert len(shown.texts(".inside")) == 1


def test_ten_thousand_scenarios_are_drawn_as_far_as_they_are_looked_at(look, report):
    quiz = report["scenarios"][0]
    many = [{**quiz, "name": f"quiz-{number}"} for number in range(10_000)]
    shown = look({**report, "scenarios": many})
    assert shown.texts(".count") == ["10,001 scenarios"]
    assert shown.evaluate("document.querySelectorAll('.row').length") < 1_000
    shown.press("/", "/")
    shown.write("quiz-9999")
    assert shown.texts(".title") == ["quiz-9999"]


def test_without_scripts_the_verdict_is_there(report):
    assert re.search(r"<main><p[^>]*>2 failed, 1 errored\. The rest is drawn by the script", page(report))


def luminance(colour: str) -> float:
    """Give the relative luminance of `#rrggbb`, after WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [":root {", ':root[data-theme="dark"] {'])
def test_every_text_can_be_read(report, theme):
    style = page(report).partition(theme)[2].partition("}")[0]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", style))
    assert len(colours) == 14
    for text in ("text", "dim", "link", "passed", "failed", "errored", "inconclusive", "held"):
        for under in ("back", "card", "soft", *(["said"] if text == "text" else [])):
            low, high = sorted((luminance(colours[text]), luminance(colours[under])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, under)


@pytest.mark.parametrize("times", [[10, 10, 10], [10, 99, 99, 99], [10, 10, 10, 99], [1, 50_000, 59_999]])
def test_labels_of_a_plot_do_not_cover_each_other(look, report, times):
    quiz = report["scenarios"][0]
    [attempt] = quiz["attempts"]
    turns = [{**attempt["turns"][0], "duration_ms": ms} for ms in times]
    shown = look({**report, "scenarios": [{**quiz, "attempts": [{**attempt, "turns": turns}]}]})
    box = "const box = node.getBoundingClientRect(); return [box.left, box.right]"
    boxes = shown.evaluate(f"[...document.querySelectorAll('svg text')].slice(2).map(node => {{ {box} }})")
    [first, second] = boxes
    [plot] = shown.evaluate(f"[...document.querySelectorAll('.plots .card')].map(node => {{ {box} }})")
    assert plot[0] < first[0] < first[1] < second[0] < second[1] < plot[1]


def test_the_slowest_scenarios_open(look, report):
    slow = report["scenarios"][2]
    slow["attempts"][0]["duration_ms"] = 90_000
    shown = look(report)
    assert shown.texts(".slowest li")[0].split("\n") == ["lookup", "1 min 30 s"]
    shown.click(".slowest button")
    assert "Where is A-1?" in shown.texts(".inside")[0]
