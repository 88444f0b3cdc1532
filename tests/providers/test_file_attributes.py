import pytest

from orchestrator.errors import TargetRejectedError
from orchestrator.providers.file_attributes import FileRecord, read_attributes, write_attributes


def test_label_and_digest_stand_beside_the_authors_own():
    written = write_attributes("papers/ㄱ.pdf", {"sha256": "aa", "attributes": {"topic": "lm", "year": 1}})
    assert written == {"topic": "lm", "year": 1, "orch.path": "papers/ㄱ.pdf", "orch.sha256": "aa"}
    assert read_attributes(written) == FileRecord("papers/ㄱ.pdf", "aa", {"topic": "lm", "year": 1})


@pytest.mark.parametrize("length", [1, 511, 512, 513, 1024, 1025, 4096])
def test_a_label_of_any_length_comes_back(length):
    label = ("가나다/" * 1025)[:length]
    written = write_attributes(label, {"sha256": "aa", "attributes": {"topic": "lm"}})
    assert all(len(str(value)) <= 512 for value in written.values())
    assert len(written) <= 16
    assert read_attributes(written) == FileRecord(label, "aa", {"topic": "lm"})


def test_a_label_that_finds_no_room_is_refused_with_its_name():
    own = {f"k{number}": number for number in range(14)}
    assert len(write_attributes("a" * 512, {"sha256": "aa", "attributes": own})) == 16
    with pytest.raises(TargetRejectedError, match="path of 513 characters and 14 attributes"):
        write_attributes("a" * 513, {"sha256": "aa", "attributes": own})


def test_a_file_of_somebody_else_has_no_label():
    assert read_attributes({"topic": "lm"}) == FileRecord(None, None, {"topic": "lm"})
    assert read_attributes({}) == FileRecord(None, None, {})
    assert read_attributes({"orch.path.2": "b"}) == FileRecord(None, None, {"orch.path.2": "b"})
