"""Two names mean one file as far as both tell where it is."""

import unicodedata

import pytest

from orchestrator.model.file_names import file_name, is_same_file


def test_names_compare_by_their_last_part_in_one_unicode_form():
    assert file_name("papers/논문.pdf") == file_name(unicodedata.normalize("NFD", "논문.pdf")) == "논문.pdf"


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        ("a.md", "a.md", True),
        ("docs/a.md", "a.md", True),
        ("a.md", "docs/a.md", True),
        ("docs/a.md", "docs/a.md", True),
        ("docs/a.md", "./docs/a.md", True),
        ("handbook/docs/a.md", "docs/a.md", True),
        ("docs/a.md", "old/a.md", False),
        ("mydocs/a.md", "docs/a.md", False),
        ("docs/a.md", "b.md", False),
        ("docs/논문.md", unicodedata.normalize("NFD", "docs/논문.md"), True),
    ],
)
def test_a_path_that_both_tell_has_to_agree(found, wanted, same):
    assert is_same_file(found, wanted) is same
