"""How an exchange ended, what file_search found, what the code interpreter ran."""

import pytest

from orchestrator.model.conversation import CodeRun, Failure, Reply, ReplyStatus
from orchestrator.scenario.transcript import Exchange
from tests.scenario.checking import found, ran, reason, said, verdict

FAILED = Exchange("x", (Reply(ReplyStatus.FAILED, failure=Failure("rate_limit_exceeded", "slow down")),))
SUM, PLOT = CodeRun("import pandas\nprint(1 + 1)", "2\n"), CodeRun("plot()", "Traceback: no\n", images=1)
TWO = ran(SUM, PLOT, files=("data/out.csv", None))


def test_status_is_that_of_the_last_exchange():
    assert verdict({"status": "completed"}, said("a")).passed
    assert verdict({"status": "completed"}, FAILED, said("a")).passed
    assert verdict({"status": "failed"}, FAILED).passed
    assert verdict({"not": {"status": "completed"}}, FAILED).passed
    assert not verdict({"not": {"status": "failed"}}, FAILED).passed


def test_status_says_why_the_exchange_ended():
    assert reason({"status": "completed"}, said("a"), FAILED) == (
        "expected: completed\ngot:      failed (rate_limit_exceeded: slow down)"
    )
    assert reason({"status": "completed"}, Exchange("x")) == "expected: completed\ngot:      no reply"


RESULTS = found(("a.md", 0.9), ("docs/b.md", 0.4), ("c.md", 0.1))


@pytest.mark.parametrize(
    "wanted",
    [
        "b.md",
        {"file": "docs/b.md"},
        {"file": "b.md", "within": 2},
        {"file": "b.md", "min_score": 0.4},
        {"file": "a.md", "within": 1, "min_score": 0.9},
    ],
)
def test_a_file_that_was_retrieved(wanted):
    given = verdict({"retrieved": wanted}, said("a"), RESULTS)
    assert (given.passed, given.score) == (True, 1.0), given.reason
    assert not verdict({"not": {"retrieved": wanted}}, said("a"), RESULTS).passed


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("d.md", "a search result of d.md"),
        ({"file": "b.md", "within": 1}, "a search result of b.md among the first 1"),
        ({"file": "b.md", "min_score": 0.41}, "a search result of b.md with a score of 0.41 or more"),
    ],
)
def test_a_file_that_was_not_retrieved(wanted, expected):
    assert reason({"retrieved": wanted}, RESULTS) == (
        f"expected: {expected}\n"
        "got:      these results, best first\n"
        "  1. a.md (0.900), 2. docs/b.md (0.400), 3. c.md (0.100)"
    )
    assert verdict({"not": {"retrieved": wanted}}, RESULTS).passed


def test_nothing_was_searched_or_found():
    assert reason({"retrieved": "a.md"}, said("a")).endswith("got:      file_search was not used")
    assert reason({"retrieved": "a.md"}, found()).endswith("\n  nothing found")


@pytest.mark.parametrize(
    "wanted",
    [
        {"contains": "import pandas"},
        {"regex": r"print\(.*\)"},
        {"equals": "plot()\n"},
        {"logs": {"equals": "2"}},
        {"logs": {"contains": "traceback", "ignore_case": True}},
        {"contains": "pandas", "logs": {"words": {"max": 1}}},
        {"file": "out.csv"},
        {"contains": "plot", "file": "out.csv"},
    ],
)
def test_code_that_was_run(wanted):
    given = verdict({"code": wanted}, said("a"), TWO)
    assert (given.passed, given.score, given.check) == (True, 1.0, "code"), given.reason
    assert not verdict({"not": {"code": wanted}}, said("a"), TWO).passed


@pytest.mark.parametrize(
    "wanted",
    [
        {"contains": "numpy"},
        {"regex": "^print"},
        {"equals": "plot"},
        {"logs": {"contains": "3"}},
        {"contains": "pandas", "logs": {"contains": "Traceback"}},
        {"file": "out.png"},
        {"contains": "plot", "file": "out.png"},
    ],
)
def test_code_that_was_not_run(wanted):
    assert reason({"code": wanted}, TWO).startswith("expected: a use of the code interpreter with {")
    assert verdict({"not": {"code": wanted}}, TWO).passed


def test_code_is_told_use_by_use():
    check = {"code": {"contains": "pandas", "logs": {"equals": "3"}}}
    assert reason(check, TWO).split("\n") == [
        'expected: a use of the code interpreter with {"contains": "pandas", "logs": {"equals": "3"}}',
        "got:      none of them is",
        'of "import pandas\\nprint(1 + 1)":',
        '  expected: "3"',
        '  got:      "2"',
        "  they differ from character 1 on",
        'of "plot()":',
        '  expected: code that contains "pandas"',
        '  got:      "plot()"',
        '  expected: "3"',
        '  got:      "Traceback: no"',
        "  they differ from character 1 on",
    ]


def test_files_are_told_by_name():
    assert reason({"code": {"file": "out.png"}}, TWO).split("\n")[2:] == [
        "expected: a file out.png",
        "got:      files: data/out.csv, one without a name",
    ]
    assert reason({"code": {"file": "a"}}, said("a")).endswith("got:      the code interpreter was not used")
    assert reason({"code": {"file": "a"}}, ran(SUM)).endswith("got:      no file")


def test_code_and_file_belong_to_one_exchange():
    check = {"code": {"contains": "pandas", "file": "out.csv"}}
    assert verdict(check, ran(SUM, files=("out.csv",))).passed
    assert not verdict(check, ran(SUM), ran(PLOT, files=("out.csv",))).passed
