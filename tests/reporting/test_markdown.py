import re

import pytest

from orchestrator.reporting.markdown import LIMIT, Section, code, fence, report

HOSTILE = [
    "```\n# out\n```",
    "````` </details> <script>alert(1)</script>",
    "| a | b |\n|---|---|",
    "</summary></details><h1>x</h1>",
    "@team #12 [a](javascript:x) ![i](http://x/y.png) **b** `c` <img src=x onerror=y>",
    "\x1b[31mred\u202e\ud800",
    "`" * 50,
    "~~~\ntext",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_inline_code_has_no_markup_left_but_its_own(text):
    made = code(text)
    inner = made.removeprefix("<code>").removesuffix("</code>")
    assert made == f"<code>{inner}</code>"
    assert not re.search(r"[<>`|*\[\]\n@]", inner)
    assert not re.search(r"https?://", inner)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_fence_is_longer_than_any_run_inside(text):
    first, *body, last = fence(text.split("\n"), "diff").split("\n")
    ticks = first.removesuffix("diff")
    assert set(ticks) == {"`"}
    assert last == ticks
    assert len(ticks) > max((len(run) for run in re.findall("`+", "\n".join(body))), default=2)


def test_long_code_is_cut_with_a_note():
    assert len(fence(["x" * 100_000])) < 7000
    assert "more characters" in fence(["x" * 100_000])
    assert len(code("x" * 100_000)) < 400


def test_a_report_keeps_its_limit_and_says_what_it_left_out():
    sections = [Section(f"title {number}", "y" * 5000) for number in range(40)]
    made = report(["# head"], sections)
    assert len(made) <= LIMIT
    assert all(f"title {number}" in made for number in range(40))
    assert "shown without their contents" in made
    many = report(["# head"], [Section(f"title {number} {'z' * 100}") for number in range(5000)])
    assert len(many) <= LIMIT
    assert re.search(r"and [\d,]+ more; this report is cut", many)


def test_the_first_sections_are_kept_whole():
    made = report(["# head"], [Section("first", "important", open=True), *[Section("x", "y" * 9000)] * 50])
    assert made.startswith("# head\n\n- first\n\nimportant")
    assert made.count("<details>") == made.count("</details>")
