import json
import os

import pytest

from orchestrator.errors import TargetError, TargetMissingError, TargetRejectedError, UsageError
from orchestrator.model.release import Release
from orchestrator.providers.releases import Releases

ONE = Release("one", {"model": "m", "instructions": "한국어로"})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "releases" / "openai"


@pytest.fixture
def releases(tmp_path, folder):
    return Releases(tmp_path, folder)


def test_where_nothing_was_released_there_is_nothing(releases):
    assert releases.read_all() == ()
    with pytest.raises(TargetMissingError, match=r"one\.json"):
        releases.read("one")


def test_what_is_written_is_read_sorted_and_whole(releases, folder):
    two = Release("two", {"model": "m"})
    releases.write(two, new=True)
    releases.write(ONE, new=True)
    assert releases.read_all() == (ONE, two)
    assert sorted(path.name for path in folder.iterdir()) == ["one.json", "two.json"]
    assert "한국어로" in (folder / "one.json").read_text(encoding="utf-8")


def test_a_new_one_takes_nobodys_place_and_the_next_takes_its_own(releases):
    releases.write(ONE, new=True)
    with pytest.raises(TargetRejectedError, match="is there already"):
        releases.write(Release("one", {"model": "n"}), new=True)
    assert releases.read("one") == ONE
    releases.write(Release("one", {"model": "n"}), new=False)
    assert releases.read("one").request == {"model": "n"}


def test_what_is_removed_is_gone_and_removing_it_again_is_done(releases):
    releases.write(ONE, new=True)
    releases.remove("one")
    releases.remove("one")
    assert releases.read_all() == ()


@pytest.mark.parametrize("text", ["", "{", "[]", "<<<<<<< HEAD", json.dumps({**ONE.to_json(), "format": "x"})])
def test_a_file_that_is_no_release_is_an_error_and_not_an_absence(releases, folder, text):
    releases.write(Release("two", {"model": "m"}), new=True)
    (folder / "one.json").write_text(text)
    with pytest.raises(TargetRejectedError, match=r"one\.json is no release") as error:
        releases.read_all()
    assert "git" in str(error.value.hint)


def test_bytes_that_are_no_text_are_no_release(releases, folder):
    folder.mkdir(parents=True)
    (folder / "one.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(TargetRejectedError, match="is no release"):
        releases.read("one")


def test_a_copy_under_another_name_is_told(releases, folder):
    releases.write(ONE, new=True)
    (folder / "two.json").write_text((folder / "one.json").read_text())
    with pytest.raises(TargetRejectedError, match=r"two\.json is the release of `one`"):
        releases.read_all()


@pytest.mark.parametrize("name", ["", "..", "../one", "a/b", ".hidden", "/etc/passwd"])
def test_no_name_leads_out_of_the_folder(releases, name):
    for act in (releases.read, releases.remove, lambda each: releases.write(Release(each, {"model": "m"}), new=True)):
        with pytest.raises(TargetMissingError, match="not the name of a release"):
            act(name)


def test_no_link_leads_out_of_the_project(tmp_path):
    root, outside = tmp_path / "project", tmp_path / "outside"
    root.mkdir(), outside.mkdir()
    (root / "releases").symlink_to(outside)
    releases = Releases(root, root / "releases" / "openai")
    for act in (releases.read_all, lambda: releases.write(ONE, new=True)):
        with pytest.raises(UsageError, match="leads out of the project"):
            act()
    assert not list(outside.iterdir())


def test_what_cannot_be_written_leaves_the_one_before_and_nothing_else(releases, folder):
    releases.write(ONE, new=True)
    with pytest.raises(TargetError, match="half of a surrogate pair"):
        releases.write(Release("one", {"model": "\ud800"}), new=False)
    assert releases.read_all() == (ONE,)
    assert os.listdir(folder) == ["one.json"]


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "releases").write_text("mine")
    releases = Releases(tmp_path, tmp_path / "releases" / "openai")
    with pytest.raises(TargetError, match="cannot be written"):
        releases.write(ONE, new=True)
