import os
from dataclasses import replace

import pytest

from orchestrator.spec.rewrite import RewriteError, begin, write


def test_line_ends_mark_and_permissions_stay(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    file.chmod(0o640)
    started = begin(file, "a.yaml")
    assert started.before == started.after == "a: 1\nb: 2\n"
    write([replace(started, after="a: 3\nb: 2\n")])
    assert file.read_bytes() == b"\xef\xbb\xbfa: 3\r\nb: 2\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to("real.md")
    write([replace(begin(tmp_path / "link.md", "link.md"), after="new")])
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_text() == "new"


@pytest.mark.parametrize("raw", [b"a\r\nb\n", b"a\rb\n"])
def test_mixed_line_ends_are_refused(tmp_path, raw):
    (tmp_path / "a.md").write_bytes(raw)
    with pytest.raises(RewriteError, match="mixes line ends"):
        begin(tmp_path / "a.md", "a.md")


def test_all_or_nothing_where_one_file_has_changed_meanwhile(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("old")
    both = [replace(begin(tmp_path / name, name), after="new") for name in ("a", "b")]
    (tmp_path / "b").write_text("theirs")
    with pytest.raises(RewriteError, match="b was changed meanwhile"):
        write(both)
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["old", "theirs"]
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_a_folder_that_cannot_be_written_to_loses_nothing(tmp_path):
    (tmp_path / "a").write_text("old")
    started = replace(begin(tmp_path / "a", "a"), after="\ud800")  # cannot be encoded: fails in the middle of writing
    with pytest.raises(UnicodeEncodeError):
        write([started])
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]
