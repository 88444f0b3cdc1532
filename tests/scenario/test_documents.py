"""The documents of a project, as checks of sources look into them."""

import pytest

from orchestrator.scenario import documents
from orchestrator.scenario.documents import Documents

TEXT = "이 논문은\r\nshort."


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (TEXT.encode(), TEXT),
        (TEXT.encode("utf-8-sig"), TEXT),
        (TEXT.encode("utf-16"), TEXT),
        (b"", ""),
        (TEXT.encode("cp949"), None),
        (b"zero\0byte", None),
        (b"%PDF-1.7\n\xff\xfe", None),
    ],
)
def test_what_is_plain_text_is_read(tmp_path, data, text):
    (tmp_path / "a.md").write_bytes(data)
    assert Documents({"docs/a.md": str(tmp_path / "a.md")}).text_of("docs/a.md") == text


def test_what_is_not_there_says_nothing(tmp_path):
    lying = Documents({"docs/a.md": str(tmp_path / "a.md"), "docs": str(tmp_path)})
    assert lying.text_of("docs/a.md") is lying.text_of("docs") is lying.text_of("b.md") is None
    assert Documents().text_of("docs/a.md") is None
    (tmp_path / "a.md").write_text("12345")
    assert lying.text_of("docs/a.md") == "12345"


def test_paths_of_names():
    lying = Documents({"docs/en/a.md": "", "docs/ko/a.md": "", "docs/b.md": "", "c.md": "", "docs/c.md": ""})
    assert [lying.path_of(name) for name in ("b.md", "a.md", "c.md", "x/b.md", "z.md")] == [
        "docs/b.md",
        "a.md",
        "c.md",
        "x/b.md",
        "z.md",
    ]
    assert Documents().path_of("b.md") == "b.md"
    assert len(list(lying.unclear(["a.md", "a.md", "b.md", "c.md", "docs/en/a.md", "z.md"]))) == 1


def test_what_is_too_long_for_a_text_is_not_read(tmp_path):
    with (tmp_path / "a.md").open("wb") as stream:
        stream.truncate(documents.MOST_BYTES + 1)
    assert Documents({"a.md": str(tmp_path / "a.md")}).text_of("a.md") is None
