import json
import os
import time

import pytest

from orchestrator.spec.files import MAX_BYTES
from orchestrator.spec.hashes import FILE, FORMAT, Hashes, Look

PAST = time.time_ns() - 10_000_000_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("one")
    os.utime(path, ns=(PAST, PAST))
    return path


LATER = 10_000_000_000


def looked(root, *names, searched=True, after=LATER):
    """Look at files as one command does that runs `after` so many nanoseconds."""
    hashes = Hashes(root, now=time.time_ns() + after)
    found = [hashes.look(name, str(root / name), searched=searched) for name in names]
    hashes.save()
    return found


ONE = Look("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")


def test_what_is_as_it_was_seen_is_not_read_again(tmp_path, file):
    assert looked(tmp_path, "a.md") == [ONE]
    kept = json.loads((tmp_path / FILE).read_text())
    kept["files"]["a.md"][4] = "remembered"
    (tmp_path / FILE).write_text(json.dumps(kept))
    assert looked(tmp_path, "a.md") == [Look("remembered")]


def test_another_content_of_the_same_size_and_time_is_read(tmp_path, file):
    assert looked(tmp_path, "a.md") == [ONE]
    file.write_text("two")
    os.utime(file, ns=(PAST, PAST))
    assert looked(tmp_path, "a.md") != [ONE]


def test_two_files_of_one_size_and_time_that_changed_places_are_read(tmp_path, file):
    other = tmp_path / "b.md"
    other.write_text("two")
    os.utime(other, ns=(PAST, PAST))
    one, two = looked(tmp_path, "a.md", "b.md")
    file.rename(tmp_path / "c.md")
    other.rename(file)
    (tmp_path / "c.md").rename(other)
    assert looked(tmp_path, "a.md", "b.md") == [two, one]


def test_a_file_that_is_larger_than_an_upload_is_not_read(tmp_path):
    for name in ("a.md", "a.csv"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(MAX_BYTES + 1)  # no block of it is on the disk
        (look,) = looked(tmp_path, name, searched=name == "a.md")
        assert look == Look(None, "holds 536,870,913 bytes; one upload takes 536,870,912")


def test_another_size_is_another_content(tmp_path, file):
    looked(tmp_path, "a.md")
    file.write_text("three")
    os.utime(file, ns=(PAST, PAST))
    assert looked(tmp_path, "a.md") != [ONE]


def test_what_changed_just_now_is_read_by_the_next_command_too(tmp_path, file):
    for _ in range(2):  # its own time is long ago: it was set
        looked(tmp_path, "a.md", after=0)
        assert not json.loads((tmp_path / FILE).read_text())["files"]
    looked(tmp_path, "a.md")
    assert json.loads((tmp_path / FILE).read_text())["files"]


def test_what_is_gone_is_forgotten(tmp_path, file):
    (tmp_path / "b.md").write_text("two")
    os.utime(tmp_path / "b.md", ns=(PAST, PAST))
    looked(tmp_path, "a.md", "b.md")
    looked(tmp_path, "a.md")
    assert json.loads((tmp_path / FILE).read_text())["files"].keys() == {"a.md"}


def test_nothing_is_written_where_nothing_is_new(tmp_path, file):
    looked(tmp_path)
    assert not (tmp_path / FILE).exists()
    looked(tmp_path, "a.md")
    before = (tmp_path / FILE).stat().st_ino
    looked(tmp_path, "a.md")
    assert (tmp_path / FILE).stat().st_ino == before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": "orch.files/0", "files": {"a.md": [3, 0, "x"]}}', '{"files": 1}', "\ufffd"],
)
def test_a_record_that_is_none_is_made_anew(tmp_path, file, text):
    looked(tmp_path, "a.md")
    (tmp_path / FILE).write_text(text)
    assert looked(tmp_path, "a.md") == [ONE]
    assert json.loads((tmp_path / FILE).read_text())["format"] == FORMAT


@pytest.mark.parametrize("entry", [None, 1, [], [3, PAST], [3, PAST, "x", True], [3, PAST, 0, 0, 1, True], {"0": 3}])
def test_an_entry_that_is_none_is_not_believed(tmp_path, file, entry):
    looked(tmp_path, "a.md")
    (tmp_path / FILE).write_text(json.dumps({"format": FORMAT, "files": {"a.md": entry}}))
    assert looked(tmp_path, "a.md") == [ONE]


def test_what_a_store_could_not_take_is_looked_at_each_time(tmp_path):
    (tmp_path / "a.bin").write_text("x")
    (look,) = looked(tmp_path, "a.bin")
    assert (look.sha256, look.unfit) == (None, "a vector store cannot read .bin")
    assert looked(tmp_path, "gone.md")[0].unfit == "cannot be read: No such file or directory"


def test_a_folder_that_cannot_be_written_is_no_matter(tmp_path, file):
    (tmp_path / ".orch").write_text("in the way")
    assert looked(tmp_path, "a.md") == [ONE]
    assert sorted(os.listdir(tmp_path)) == [".orch", "a.md"]
