import unicodedata

import pytest

from orchestrator.model.file_renames import renamed


@pytest.mark.parametrize(
    ("gone", "new", "expected"),
    [
        pytest.param({"a.md": "1"}, {"b.md": "1"}, {"b.md": "a.md"}, id="one"),
        pytest.param({"a.md": "1"}, {"b.md": "2"}, {}, id="other content"),
        pytest.param({"x/b.md": "1", "a.md": "1"}, {"y/b.md": "1"}, {"y/b.md": "x/b.md"}, id="the same name first"),
        pytest.param({"a.md": "1"}, {"b.md": "1", "c.md": "1"}, {"b.md": "a.md"}, id="each once"),
        pytest.param({"a.md": "1", "b.md": "1"}, {"c.md": "1"}, {"c.md": "a.md"}, id="one goes"),
        pytest.param(
            {"a/x": "1", "b/y": "1"}, {"c/y": "1", "c/z": "1"}, {"c/y": "b/y", "c/z": "a/x"}, id="two of one content"
        ),
        pytest.param(
            {"a/x.md": "1", f"b/{unicodedata.normalize('NFD', '논문.md')}": "1"},
            {"c/논문.md": "1"},
            {"c/논문.md": f"b/{unicodedata.normalize('NFD', '논문.md')}"},
            id="the same name in another Unicode form",
        ),
    ],
)
def test_renames_are_told_from_contents(gone, new, expected):
    assert renamed(gone, new) == expected
