import json
import os
import signal
import subprocess
import sys

import pytest

from orchestrator.errors import TargetError, TargetMissingError, TargetRejectedError
from orchestrator.model.release import Release, Replaced
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


@pytest.mark.parametrize("name", ["", "..", "../one", "a/b", ".hidden", "/etc/passwd", "a\0"])
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
        with pytest.raises(TargetRejectedError, match="leads out of the project"):
            act()
    assert not list(outside.iterdir())


def test_a_release_that_is_a_link_out_of_the_project_is_not_read(tmp_path):
    root, outside = tmp_path / "project", tmp_path / "one.json"
    outside.write_text(json.dumps(ONE.to_json()))
    folder = root / "releases" / "openai"
    folder.mkdir(parents=True)
    (folder / "one.json").symlink_to(outside)
    releases = Releases(root, folder)
    for act in (releases.read_all, lambda: releases.read("one")):
        with pytest.raises(TargetRejectedError, match=r"one\.json leads out of the project"):
            act()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"tools": 5}, "`request.tools` is no list"),
        ({"tools": ["x"]}, r"`request.tools\[0\]` is no tool"),
        ({"tools": [{"type": "function"}]}, r"`request.tools\[0\]` is a function without a `name`"),
        ({"tools": [{"type": "file_search", "vector_store_ids": 5}]}, "vector_store_ids` is no list of texts"),
        ({"tools": [{"type": "code_interpreter", "container": {"file_ids": [1]}}]}, "file_ids` is no list of texts"),
        ({"reasoning": "low"}, "`request.reasoning` is no map"),
        ({"text": []}, "`request.text` is no map"),
        ({"metadata": {"a": 1}}, "`request.metadata` is no map of texts"),
    ],
)
def test_a_request_of_another_shape_is_told_with_its_place(releases, folder, broken, said):
    folder.mkdir(parents=True)
    value = {**ONE.to_json(), "request": {"model": "m", **broken}}
    (folder / "one.json").write_text(json.dumps(value))
    with pytest.raises(TargetRejectedError, match=said):
        releases.read_all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"record": None}, "`record`"),
        ({"record": {"orch.owner": 5}}, "`record`"),
        ({"description": 5}, "`description`"),
        ({"hash": 5}, "`hash`"),
        ({"replaces": {"name": "two"}}, "`replaces`"),
    ],
)
def test_a_release_of_another_shape_is_told_with_its_place(releases, folder, more, said):
    folder.mkdir(parents=True)
    (folder / "one.json").write_text(json.dumps({**ONE.to_json(), **more}))
    with pytest.raises(TargetRejectedError, match=said):
        releases.read("one")


def test_a_conflict_that_git_left_is_named(releases, folder):
    folder.mkdir(parents=True)
    lines = json.dumps(ONE.to_json(), indent=2).splitlines()
    lines[2:2] = ["<<<<<<< HEAD", "=======", ">>>>>>> other"]
    (folder / "one.json").write_text("\n".join(lines))
    with pytest.raises(TargetRejectedError, match="git left a conflict in it, line 3"):
        releases.read("one")


def test_what_is_nested_too_deeply_is_no_release(releases, folder):
    folder.mkdir(parents=True)
    (folder / "one.json").write_text("[" * 200_000)
    with pytest.raises(TargetRejectedError, match="nested too deeply"):
        releases.read("one")


def test_a_request_that_was_changed_is_known_by_its_hash(releases, folder):
    releases.write(ONE, new=True)
    assert releases.read_intact("one") == ONE
    value = ONE.to_json()
    value["request"]["instructions"] = "Be long."
    (folder / "one.json").write_text(json.dumps(value))
    assert not releases.read("one").is_intact
    with pytest.raises(TargetRejectedError, match="was changed since it was released"):
        releases.read_intact("one")
    del value["hash"]  # written by hand: it says none
    (folder / "one.json").write_text(json.dumps(value))
    assert releases.read_intact("one").request["instructions"] == "Be long."


def test_a_rename_takes_away_the_old_file_and_no_other_of_its_name(releases, folder):
    releases.write(ONE, new=True)
    two = Release("two", {"model": "n"})
    releases.rename("one", two)
    assert (releases.read_all(), os.listdir(folder)) == ((two,), ["two.json"])
    other = Release("one", {"model": "x"})
    releases.write(other, new=True)
    releases.write(Release("two", {"model": "n"}, replaces=Replaced("one", "0" * 64)), new=False)
    releases.settle("two")
    assert releases.read("one") == other
    with pytest.raises(TargetRejectedError, match="is there already"):
        releases.rename("one", two)
    assert releases.read("one") == other


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


RENAMING = """
import os, signal, sys
from pathlib import Path
from orchestrator.model.release import Release
from orchestrator.providers.releases import Releases

root, left = Path(sys.argv[1]), int(sys.argv[2])
releases, two = Releases(root, root / "releases" / "openai"), Release("two", {"model": "n"})

def hook(event, args):
    global left
    if event in ("open", "os.link", "os.rename", "os.remove"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
releases.rename("one", two)
"""


def test_a_rename_that_is_killed_anywhere_leaves_one_release_and_the_next_ends_it(tmp_path):
    two, killed = Release("two", {"model": "n"}), 0
    while True:
        root = tmp_path / str(killed)
        releases = Releases(root, root / "releases" / "openai")
        releases.write(ONE, new=True)
        done = subprocess.run([sys.executable, "-c", RENAMING, str(root), str(killed + 1)], capture_output=True)
        (left,) = releases.read_all()
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        if left == ONE:
            releases.rename("one", two)
        else:
            assert (left.name, left.is_intact) == ("two", True)
            releases.settle("two")
            releases.write(two, new=False)
        assert releases.read_all() == (two,)
        assert not (root / "releases" / "openai" / "one.json").exists()
        killed += 1
    assert left == two
    assert killed > 8
