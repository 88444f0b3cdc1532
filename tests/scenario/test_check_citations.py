"""Which files the reply cites, and whether the quoted text stands in what was found."""

import unicodedata

import pytest

from tests.scenario.checking import cited, reason, said, verdict

HOLDING = [
    ({"cites": "gpt.pdf"}, [cited("papers/gpt.pdf")]),
    ({"cites": "docs/gpt.pdf"}, [cited("gpt.pdf")]),
    ({"cites": "gpt.pdf"}, [said("nothing"), cited("gpt.pdf")]),
    ({"cites": "gpt.pdf"}, [cited(None, found=(("gpt.pdf", "text"),))]),
    ({"cites": unicodedata.normalize("NFD", "논문.pdf")}, [cited("논문.pdf")]),
    (
        {"cites": {"file": "gpt.pdf", "quote": "language  models are\nlearners"}},
        [cited("gpt.pdf", found=(("bert.pdf", "no"), ("gpt.pdf", "Here language models\n are learners.")))],
    ),
]


@pytest.mark.parametrize(("check", "exchanges"), HOLDING)
def test_holds(check, exchanges):
    given = verdict(check, *exchanges)
    assert given.passed, given.reason
    assert (given.score, given.check) == (1.0, "cites")
    assert given.reason
    assert not verdict({"not": check}, *exchanges).passed


@pytest.mark.parametrize(
    ("exchange", "got"),
    [
        (said("a"), "no citation; file_search was not used"),
        (cited(), "no citation; file_search found nothing"),
        (cited(found=(("gpt.pdf", "t"), ("gpt.pdf", "u"))), "no citation; file_search found passages of gpt.pdf"),
        (cited("a.pdf", "a.pdf", "b.pdf", searched=False), "citations of a.pdf, b.pdf; file_search was not used"),
        (cited(None, searched=False), "citations of file-0; file_search was not used"),
    ],
)
def test_cites_says_what_was_cited_and_found(exchange, got):
    assert reason({"cites": "gpt.pdf"}, exchange) == f"expected: a citation of gpt.pdf\ngot:      {got}"


def test_a_quote_must_stand_in_a_passage_of_the_cited_file_found_in_that_exchange():
    check = {"cites": {"file": "gpt.pdf", "quote": "few-shot"}}
    other_file = cited("gpt.pdf", found=(("gpt.pdf", "zero-shot"), ("bert.pdf", "few-shot")))
    assert reason(check, other_file).splitlines() == [
        'expected: a passage of gpt.pdf that has "few-shot"',
        "got:      these passages",
        '  "zero-shot"',
    ]
    found_elsewhere = cited("bert.pdf", found=(("gpt.pdf", "few-shot"), ("bert.pdf", "x")))
    assert "citations of bert.pdf" in reason(check, found_elsewhere)
    not_found = reason(check, cited("gpt.pdf", searched=False))
    assert not_found.endswith("a citation of gpt.pdf, but file_search found no passage of it")
    earlier = cited("gpt.pdf", searched=False)
    later = cited(found=(("gpt.pdf", "few-shot"),))
    assert not verdict(check, earlier, later).passed
