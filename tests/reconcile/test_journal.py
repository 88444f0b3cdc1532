import asyncio
import json

import pytest

from orchestrator.providers.interface import Upload
from orchestrator.reconcile.journal import Doubts, Journal, read_doubts
from tests.reconcile.building import address

KEY = ("docs/a.md", "aa")
TUTOR, PAPERS = address("assistant.tutor"), address("vector_store.papers")


def run(call):
    return asyncio.run(call)


SPOILT = [
    '{"do": "create", "n": 2, "addr',
    "[]",
    "nothing",
    '{"do": "create", "n": 2, "address": "planet.x"}',
    "\udcff",
    "",
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".orch" / "journal-local.jsonl"


@pytest.fixture
def journal(path):
    with Journal(path) as journal:
        yield journal


def test_what_is_about_to_be_made_is_on_disk_before_it_is_sent(path, journal):
    page = journal.of(TUTOR)
    run(page.creating())
    assert read_doubts(path) == Doubts(creating=frozenset({TUTOR}))
    page.created("asst_1")
    assert read_doubts(path) == Doubts(created={TUTOR: "asst_1"})


def test_an_upload_is_in_doubt_until_its_store_is_whole(path, journal):
    page = journal.of(PAPERS)
    number = run(page.uploading("vs_1", KEY, "a.md", 12))
    (upload,) = read_doubts(path).uploads
    assert upload == Upload("vs_1", "a.md", 12, upload.at, None, *KEY, 1)
    page.uploaded(number, "file-1")
    assert read_doubts(path).uploads == (Upload("vs_1", "a.md", 12, upload.at, "file-1", *KEY, 1),)
    page.settle()
    assert read_doubts(path) == Doubts()


def test_a_file_that_leaves_its_store_is_in_doubt_with_its_id(path, journal):
    run(journal.of(PAPERS).detaching("vs_1", KEY, "file-1"))
    (upload,) = read_doubts(path).uploads
    assert (upload.store, upload.id) == ("vs_1", "file-1")


def test_what_is_done_is_in_doubt_no_more_and_the_others_are(path, journal):
    page = journal.of(PAPERS)
    numbers = [run(page.uploading("vs_1", ("a.md", sha256), "a.md", 1)) for sha256 in ("aa", "bb")]
    page.done(numbers[0])
    page.done(numbers[0])
    assert [upload.key for upload in read_doubts(path).uploads] == [("a.md", "bb")]
    page.done(numbers[1])
    assert read_doubts(path) == Doubts()


def test_what_is_kept_from_the_apply_before_stays_in_doubt_until_it_is_done(path):
    with Journal(path) as journal:
        for sha256 in ("aa", "bb"):
            number = run(journal.of(PAPERS).uploading("vs_1", ("a.md", sha256), "a.md", 1))
            journal.of(PAPERS).uploaded(number, f"file-{number}")
    second = read_doubts(path).uploads[1]
    with Journal(path) as journal:
        journal.forget([second.number])
        assert read_doubts(path).uploads == (second,)
        assert run(journal.of(PAPERS).detaching("vs_1", KEY, "file-9")) == 3, "no number is given twice"
        journal.of(PAPERS).settle()
        assert read_doubts(path).uploads == (second,), "it is whoever attaches it that settles it"
    with Journal(path) as journal:
        journal.forget([second.number])
        journal.of(PAPERS).done(second.number)
    assert not path.exists()


def test_one_change_settled_leaves_the_other_in_doubt(path):
    with Journal(path) as journal:
        run(journal.of(TUTOR).creating())
        run(journal.of(PAPERS).creating())
        journal.of(TUTOR).settle()
    assert read_doubts(path) == Doubts(creating=frozenset({PAPERS}))


def test_an_apply_that_ends_well_leaves_no_journal(path):
    with Journal(path):
        pass
    assert not path.exists()
    with Journal(path) as journal:
        run(journal.of(TUTOR).creating())
        journal.of(TUTOR).settle()
        assert path.exists()
    assert not path.exists()


def test_forgetting_what_was_dealt_with(path):
    with Journal(path) as journal:
        run(journal.of(TUTOR).creating())
    with Journal(path) as journal:
        journal.forget()
        journal.forget()
    assert read_doubts(path) == Doubts()


def test_no_journal_is_no_doubt(path):
    assert read_doubts(path) == Doubts()


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_line_that_was_cut_or_is_none_of_ours_says_nothing(path, journal, spoilt):
    page = journal.of(TUTOR)
    run(page.creating())
    with path.open("ab") as file:
        file.write(spoilt.encode("utf-8", "surrogateescape") + b"\n")
    page.created("asst_1")
    assert read_doubts(path) == Doubts(created={TUTOR: "asst_1"})


def test_names_of_any_script_are_kept(path, journal):
    run(journal.of(PAPERS).uploading("vs_1", KEY, "논문 \udcff.md", 1))
    assert read_doubts(path).uploads[0].filename == "논문 \udcff.md"
    assert all(json.loads(line) for line in path.read_text().splitlines())
