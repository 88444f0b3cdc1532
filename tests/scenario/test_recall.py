"""Recall@k over questions: the mean share of the files that searches had to find."""

from dataclasses import replace

from tests.scenario.checking import found, reason, said, verdict

REFUNDS = replace(found(("docs/a.md", 0.9), ("docs/b.md", 0.4), ("c.md", 0.1)), user="refunds?")
PRICES = replace(found(("docs/a.md", 0.9)), user="prices?")
SMALLTALK = replace(said("hello"), user="hello")


def recall(*questions, **others):
    return {"recall": {"questions": [{"user": user, "file": file} for user, file in questions], **others}}


def test_files_count_by_path_or_name():
    given = verdict(recall(("refunds?", "b.md"), ("prices?", "docs/a.md")), REFUNDS, PRICES)
    assert (given.passed, given.score, given.reason) == (True, 1.0, "recall@5 is 1.00 over 2 questions")
    assert not verdict(recall(("prices?", "old/a.md")), PRICES).passed


def test_what_comes_after_the_first_k_is_not_found():
    assert verdict(recall(("refunds?", "b.md"), k=2), REFUNDS).passed
    assert not verdict(recall(("refunds?", "b.md"), k=1), REFUNDS).passed


def test_a_question_that_needs_several_files_counts_by_their_share():
    given = verdict(recall(("refunds?", ["b.md", "z.md"]), ("prices?", "a.md"), min=0.75), REFUNDS, PRICES)
    assert (given.passed, given.score) == (True, 0.75)
    assert not verdict(recall(("refunds?", ["b.md", "z.md"]), ("prices?", "a.md"), min=0.76), REFUNDS, PRICES).passed


def test_what_was_not_found_is_told_by_question():
    given = reason(recall(("refunds?", ["c.md", "z.md"]), ("hello", "a.md"), ("never", "a.md")), REFUNDS, SMALLTALK)
    assert given == (
        "expected: recall@5 of 1 or more\n"
        "got:      recall@5 is 0.17 over 3 questions\n"
        '  "refunds?" lacks z.md; found: docs/a.md, docs/b.md, c.md\n'
        '  "hello" lacks a.md; found: nothing was searched\n'
        '  "never" lacks a.md; found: nothing was searched'
    )


def test_of_many_questions_the_first_are_told():
    given = reason(recall(*((f"q{n}", "a.md") for n in range(25))), SMALLTALK)
    assert given.splitlines()[-1] == "  and 5 more"
