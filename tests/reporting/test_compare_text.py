"""A comparison as people read it: what changed first, with the counts behind it."""

import pytest

from orchestrator.reporting.compare_text import change_text, compare_text, p_text
from orchestrator.scenario.comparison import Change, Measure, compare
from tests.reporting.comparing import a_comparison, priced
from tests.scenario.reported import report, reported

REPORT = """\
REGRESSION   worse   10/10 -> 3/10 passed, p = 0.0031, adjusted 0.0062
IMPROVEMENT  better  2/10 -> 10/10 passed, p = 0.00071, adjusted 0.0014
NOISE        bit     9/10 -> 7/10 passed, p = 0.58, adjusted 1
NOISE        few     1/1 -> 0/1 passed, p = 1

All together: noise (3 passed less often, 1 more often, 1 as before; p = 0.5, paired permutation test)
latency: 400 ms -> 500 ms (+25 %), median of 4 scenarios, p = 0.12
tokens: 75 -> 90 (+20 %), median of 4 scenarios, p = 0.12
new: fresh
missing: gone, left (not run)
not compared: down (passed -> errored)
1 scenario has too few attempts to tell: make both reports with `orch test --repeat 4` or more

1 regression, 1 improvement, 3 noise, at confidence 0.95"""


def test_the_whole_report():
    assert compare_text(a_comparison()).plain == REPORT


def test_nothing_changed_is_short():
    same = report(reported("a", 3, 3), reported("b", 1, 3))
    assert compare_text(compare(same, same)).plain.splitlines() == [
        "All together: noise (0 passed less often, 0 more often, 2 as before; p = 1, paired permutation test)",
        "latency: 100 ms -> 100 ms (+0 %), median of 2 scenarios, p = 1",
        "tokens: 50 -> 50 (+0 %), median of 2 scenarios, p = 1",
        "",
        "0 regressions, 2 noise, at confidence 0.95",
    ]


def test_all_together_is_red_where_only_together_they_are_worse():
    before = report(*(reported(f"s{n}", 1, 1) for n in range(6)))
    after = report(*(reported(f"s{n}", 0, 1) for n in range(6)))
    text = compare_text(compare(before, after))
    assert "All together: regression (6 passed less often, 0 more often, 0 as before; p = 0.031, McNemar" in text.plain
    assert "6 scenarios have too few attempts to tell" in text.plain
    assert any(str(span.style) == "bold red" for span in text.spans)


def test_cost_is_shown_where_both_know_it():
    before, after = report(priced(reported("a", 1, 1), 0.0125)), report(priced(reported("a", 1, 1), 0.025))
    assert (
        "cost: 0.0125 USD -> 0.025 USD (+100 %), median of 1 scenario, p = 1"
        in compare_text(compare(before, after)).plain
    )


def test_names_cannot_steer_the_terminal():
    before, after = report(reported("a\x1b[2J", 5, 5)), report(reported("a\x1b[2J", 0, 5), reported("\x07", 1, 1))
    assert "\\x1b[2J" in compare_text(compare(before, after)).plain
    assert not {"\x1b", "\x07"} & set(compare_text(compare(before, after)).plain)


@pytest.mark.parametrize(("p", "text"), [(1.0, "p = 1"), (0.0001, "p = 0.0001"), (0.00005, "p < 0.0001")])
def test_p_values(p, text):
    assert p_text(p) == text


def test_amounts():
    assert change_text(Measure.LATENCY, Change(0, 12_345)) == ("0 ms", "12.3 s", "")
    assert change_text(Measure.TOKENS, Change(10, 7.5)) == ("10", "7.5", "-25 %")


def test_of_much_noise_the_first_is_listed_and_the_rest_counted():
    before = report(*(reported(f"s{n}", 5, 5) for n in range(50)), reported("worse", 9, 9))
    after = report(*(reported(f"s{n}", 5 - n % 2, 5) for n in range(50)), reported("worse", 0, 9))
    lines = compare_text(compare(before, after)).plain.splitlines()
    assert [line.split()[0] for line in lines[:22]] == ["REGRESSION", *["NOISE"] * 20, "…"]
    assert lines[21] == "… and 5 more that changed and are noise"
