import os

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.workspace import Workspace


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def workspace(folder):
    workspace = Workspace(os.open(folder, os.O_RDONLY), Limits(out_files=3, out_bytes=1000))
    yield workspace
    workspace.close()
    workspace.close()


def names(collected):
    return [name for name, _ in collected.files]


def test_files_are_placed_under_their_base_names(workspace, folder, tmp_path):
    assert workspace.place([("a.csv", b"1"), ("../../up.csv", b"2"), ("/etc/abs.csv", b"3")]) == ()
    assert sorted(p.name for p in folder.iterdir()) == ["a.csv", "abs.csv", "up.csv"]
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("name", ["", "..", "/", ".", "a\0b"])
def test_a_name_that_is_none_is_refused(workspace, folder, name):
    assert workspace.place([(name, b"1")]) == (f"the file {name!r} was not placed: it has no usable name",)
    assert list(folder.iterdir()) == []


def test_placed_files_are_not_handed_back_until_they_change(workspace, folder):
    workspace.place([("a.csv", b"1")])
    assert workspace.collect().files == ()
    (folder / "a.csv").write_bytes(b"22")
    assert workspace.collect().files == (("a.csv", b"22"),)


def test_a_file_placed_again_is_left_as_the_code_left_it(workspace, folder):
    workspace.place([("a.csv", b"1")])
    (folder / "a.csv").write_bytes(b"changed")
    workspace.place([("a.csv", b"1")])
    assert (folder / "a.csv").read_bytes() == b"changed"
    workspace.place([("a.csv", b"new")])
    assert (folder / "a.csv").read_bytes() == b"new"


def test_files_come_back_once_sorted_with_folders(workspace, folder):
    (folder / "b").write_bytes(b"b")
    (folder / "sub").mkdir()
    (folder / "sub" / "x").write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"h")
    assert workspace.collect().files == (("b", b"b"), ("sub/x", b"x"))
    assert workspace.collect().files == ()


def test_links_and_pipes_are_not_followed(workspace, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("s3cret")
    (folder / "file-link").symlink_to(secret / "key")
    (folder / "folder-link").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    assert workspace.collect() == ((), ())


def test_a_link_in_the_place_of_an_input_is_replaced_not_followed(workspace, folder, tmp_path):
    target = tmp_path / "target"
    target.write_text("mine")
    (folder / "a.csv").symlink_to(target)
    workspace.place([("a.csv", b"1")])
    assert target.read_text() == "mine"
    assert (folder / "a.csv").read_bytes() == b"1"


def test_an_input_whose_place_is_taken_by_a_folder_is_a_remark(workspace, folder):
    (folder / "a.csv").mkdir()
    assert workspace.place([("a.csv", b"1")])[0].startswith("the file 'a.csv' was not placed: ")


def test_more_files_or_bytes_than_allowed_are_counted_not_returned(workspace, folder):
    for number in range(5):
        (folder / f"f{number}").write_bytes(b"x" * (990 if number == 1 else 20))
    collected = workspace.collect()
    assert names(collected) == ["f0", "f2", "f3"]
    assert collected.remarks == ("2 of 5 files were not handed back: at most 3 files and 1000 bytes a call",)


def test_deep_trees_and_odd_names_do_no_harm(workspace, folder):
    deep = folder
    for _ in range(30):
        deep = deep / "d"
        deep.mkdir()
    (deep / "far").write_bytes(b"x")
    with open(os.fsencode(folder) + b"/\xff", "wb"):
        pass
    assert names(workspace.collect()) == ["\ufffd"]
