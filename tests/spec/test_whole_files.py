"""A file is replaced whole or stays as it was, and nothing is left beside it."""

import os
import stat

import pytest

from orchestrator.spec.whole_files import write_whole, written_beside


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced(tmp_path, durable):
    path = tmp_path / "a.json"
    for data in (b"one", b"two\r\n"):
        write_whole(path, data, durable=durable)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_new_file_replaces_nothing(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"one", new=True)
    with pytest.raises(FileExistsError):
        write_whole(path, b"two", new=True)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"one", ["a.json"])


def test_what_cannot_take_its_place_is_taken_away(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"one")
    assert os.listdir(tmp_path) == ["taken"]


def test_a_file_beside_has_its_permissions_and_goes_unless_it_is_moved(tmp_path):
    path = tmp_path / "a.json"
    with written_beside(path, b"one", mode=0o600) as beside:
        assert (beside.read_bytes(), beside.parent, beside.name[0]) == (b"one", tmp_path, ".")
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == []
