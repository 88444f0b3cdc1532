"""Which files the reply cites, and whether the quoted text stands in them."""

import unicodedata
from dataclasses import replace

import pytest

from orchestrator.scenario.documents import Documents
from orchestrator.scenario.setting import Setting
from tests.scenario.checking import cited, reason, said, verdict

HOLDING = [
    ({"cites": "gpt.pdf"}, [cited("papers/gpt.pdf")]),
    ({"cites": "papers/gpt.pdf"}, [cited("papers/gpt.pdf")]),
    ({"cites": "gpt/a.pdf"}, [cited("papers/gpt/a.pdf")]),
    ({"cites": "./gpt.pdf"}, [cited("gpt.pdf")]),
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


@pytest.mark.parametrize("wanted", ["docs/ko/a.md", "nowhere/a.md", "./a.md", "o/a.md", "ko/docs/en/a.md"])
def test_a_file_of_another_folder_is_another_file(wanted):
    exchange = cited("docs/en/a.md", found=(("docs/en/a.md", "text"),))
    assert not verdict({"cites": wanted}, exchange).passed
    assert not verdict({"cites": {"file": wanted, "quote": "text"}}, exchange).passed
    assert not verdict({"retrieved": wanted}, exchange).passed


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


def lying(folder, **texts):
    """Give a setting with documents of these names, and `.md`, in one folder."""
    sources = {}
    for name, text in texts.items():
        (folder / f"{name}.md").write_bytes(text if isinstance(text, bytes) else text.encode())
        sources[f"docs/{name}.md"] = str(folder / f"{name}.md")
    return Setting(documents=Documents(sources))


QUOTE = "taken back  within\n30 days"


def quoting(file, quote=QUOTE):
    return {"cites": {"file": file, "quote": quote}}


def test_a_quote_may_stand_in_the_document_where_no_passage_has_it(tmp_path):
    setting = lying(tmp_path, a="Goods are taken back\r\nwithin 30 days.", b="Other things.")
    here = cited("docs/a.md", found=(("docs/a.md", "Goods are"), ("docs/b.md", "Other")))
    given = verdict(quoting("a.md"), here, setting=setting)
    assert (given.passed, "and its text has" in given.reason) == (True, True), given.reason
    assert verdict(quoting("docs/a.md"), cited("docs/a.md", searched=False), setting=setting).passed
    elsewhere = cited(
        "docs/b.md", found=(("docs/a.md", "Goods are taken back within 30 days."), ("docs/b.md", "Other"))
    )
    assert not verdict(quoting("a.md"), elsewhere, setting=setting).passed, "it is in the file, and another is cited"
    assert not verdict(quoting("b.md"), elsewhere, setting=setting).passed
    assert reason(quoting("a.md", "60 days"), here, setting=setting) == (
        'expected: a.md to have "60 days"\n'
        "got:      it is not in docs/a.md\n"
        "nor in these passages that were found\n"
        '  "Goods are"'
    )


def test_unicode_forms_of_quotes_and_names_are_one(tmp_path):
    decomposed = unicodedata.normalize("NFD", "논문")
    setting = lying(tmp_path, **{decomposed: f"이 {decomposed}은 짧다."})
    assert verdict(quoting("논문.md", "이 논문은 짧다"), cited("docs/논문.md", searched=False), setting=setting).passed


def test_of_a_document_that_is_no_text_passages_tell_also_where_two_share_a_quote(tmp_path):
    setting = lying(tmp_path, a=b"%PDF\xff\xfe\x00")
    first, second = ("docs/a.md", "Goods are taken back within"), ("docs/a.md", "30 days of the day.")
    given = verdict(quoting("a.md"), one_file(first, second), setting=setting)
    assert (given.passed, "two passages of it, one after the other, have" in given.reason) == (True, True)
    assert verdict(quoting("a.md"), one_file(second, first), setting=setting).passed, "the order is that of scores"
    assert not verdict(quoting("a.md"), one_file(first), setting=setting).passed
    other = cited("docs/a.md", found=(first, ("docs/b.md", second[1])))
    assert not verdict(quoting("a.md"), other, setting=setting).passed, "a passage of another file"


def test_passages_that_only_look_like_neighbours_make_no_quote_of_a_text(tmp_path):
    setting = lying(tmp_path, a="It is taken back within a year. Whole.\n30 days pass.")
    first, second = ("docs/a.md", "It is taken back within"), ("docs/a.md", "30 days pass.")
    assert not verdict(quoting("a.md"), one_file(first, second), setting=setting).passed


def one_file(*passages):
    """Give an exchange that cites the file of several passages."""
    given = cited(passages[0][0], found=passages)
    [reply] = given.replies
    [search] = reply.evidence.searches
    same = tuple(replace(passage, file_id="file-0") for passage in search.passages)
    [message] = reply.messages
    citations = tuple(replace(each, file_id="file-0") for each in message.citations)
    evidence = replace(reply.evidence, searches=(replace(search, passages=same),))
    return replace(
        given, replies=(replace(reply, messages=(replace(message, citations=citations),), evidence=evidence),)
    )


def test_a_name_that_was_recorded_without_its_folder_is_that_of_the_one_file_that_has_it(tmp_path):
    setting = Setting(documents=Documents({"docs/en/a.md": "", "docs/ko/a.md": "", "docs/b.md": ""}))
    recorded = cited("b.md", "a.md", found=(("b.md", "text"), ("a.md", "text")))
    for check in ("cites", "retrieved"):
        assert verdict({check: "docs/b.md"}, recorded, setting=setting).passed
        assert not verdict({check: "old/b.md"}, recorded, setting=setting).passed
        told = reason({check: "docs/ko/a.md"}, recorded, setting=setting)
        assert told.endswith("a.md may be docs/en/a.md or docs/ko/a.md: only its name was recorded; record it anew")
