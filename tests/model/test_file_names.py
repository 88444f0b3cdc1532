"""A written name means a file by the last parts of its path, as far as they are written."""

import unicodedata

import pytest

from orchestrator.model.file_names import FileNames, file_name, is_same_file


def test_names_compare_by_their_last_part_in_one_unicode_form():
    assert file_name("papers/논문.pdf") == file_name(unicodedata.normalize("NFD", "논문.pdf")) == "논문.pdf"


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        ("a.md", "a.md", True),
        ("docs/a.md", "a.md", True),
        ("a.md", "docs/a.md", False),
        ("docs/a.md", "docs/a.md", True),
        ("docs/a.md", "./docs/a.md", True),
        ("handbook/docs/a.md", "docs/a.md", True),
        ("handbook/docs/a.md", "./docs/a.md", False),
        ("docs/a.md", "./a.md", False),
        ("a.md", "./a.md", True),
        ("docs/a.md", "old/a.md", False),
        ("mydocs/a.md", "docs/a.md", False),
        ("docs/a.md", "b.md", False),
        ("docs/논문.md", unicodedata.normalize("NFD", "docs/논문.md"), True),
        (unicodedata.normalize("NFD", "docs/논문.md"), "./docs/논문.md", True),
    ],
)
def test_what_is_written_of_a_path_has_to_be_there(found, wanted, same):
    assert is_same_file(found, wanted) is same


def test_declared_files_are_found_by_what_is_written_of_them():
    decomposed = unicodedata.normalize("NFD", "docs/논문.md")
    files = FileNames(["ko/a.md", "en/a.md", "old/en/a.md", decomposed, "en/a.md"])
    assert files.paths == tuple(sorted({"en/a.md", "ko/a.md", "old/en/a.md", decomposed}))
    assert files.find("a.md") == ("en/a.md", "ko/a.md", "old/en/a.md")
    assert files.find("en/a.md") == ("en/a.md", "old/en/a.md")
    assert files.find("./en/a.md") == ("en/a.md",)
    assert files.find("none/a.md") == files.find("b.md") == ()
    assert files.named("none/a.md") == files.find("a.md")
    assert files.find("논문.md") == (decomposed,)
    assert files.unique == ("논문.md",)
