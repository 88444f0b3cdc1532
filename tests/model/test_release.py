import hashlib

import pytest

from orchestrator.model.address import Address, Kind
from orchestrator.model.ownership import Marks
from orchestrator.model.release import FORMAT, Release

WHOLE = Release("tutor", {"model": "m"}, {"orch.owner": "p/assistant.tutor"}, "Tutor", "For people")


@pytest.mark.parametrize("release", [WHOLE, Release("tutor", {"model": "m"})])
def test_a_release_reads_as_what_was_written(release):
    assert Release.from_json(release.to_json()) == release


def test_the_file_says_who_it_is_and_what_it_says_is_known_by():
    assert WHOLE.to_json() == {
        "format": FORMAT,
        "name": "tutor",
        "display_name": "Tutor",
        "description": "For people",
        "hash": "sha256:" + hashlib.sha256(b'{"model":"m"}').hexdigest(),
        "request": {"model": "m"},
        "record": {"orch.owner": "p/assistant.tutor"},
    }
    assert Release("other", {"model": "m"}).hash == WHOLE.hash != Release("tutor", {"model": "n"}).hash


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "format"),
        ({**WHOLE.to_json(), "format": "orch.release/2"}, "format"),
        ({**WHOLE.to_json(), "name": 1}, "name"),
        ({**WHOLE.to_json(), "request": []}, "request"),
        ({**WHOLE.to_json(), "request": {}}, "model"),
        ({**WHOLE.to_json(), "record": {"orch.owner": 1}}, "record"),
        ({**WHOLE.to_json(), "description": 1}, "description"),
    ],
)
def test_what_is_no_release_says_why(value, why):
    with pytest.raises(ValueError, match=why):
        Release.from_json(value)


def test_a_release_is_of_the_assistant_that_its_record_names():
    moved = Release("old", {"model": "m"}, Marks("p", Address(Kind.ASSISTANT, "new")).to_metadata())
    assert (moved.is_of("new"), moved.is_of("old")) == (True, False)
    assert Release("old", {"model": "m"}).is_of("old")
