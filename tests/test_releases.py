import json
import subprocess
import sys

import pytest

import orchestrator
from orchestrator import load_release
from orchestrator.errors import TargetMissingError, TargetRejectedError, UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.ownership import Marks
from orchestrator.model.release import FORMAT, Release
from orchestrator.releases import find_release


def publish(root, target, release):
    folder = root / "releases" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{release.name}.json").write_text(json.dumps(release.to_json()))


@pytest.fixture
def root(tmp_path):
    publish(tmp_path, "openai", Release("tutor", {"model": "m", "instructions": "Be kind."}))
    return tmp_path


def test_a_release_is_arguments_found_from_below_the_project(root, monkeypatch):
    (root / "src" / "app").mkdir(parents=True)
    monkeypatch.chdir(root / "src" / "app")
    assert load_release("tutor") == {"model": "m", "instructions": "Be kind."}
    assert load_release("tutor", "openai", root) == load_release("tutor")


def test_the_whole_release_has_its_hash(root):
    assert find_release("tutor", folder=root).hash == Release("other", load_release("tutor", folder=root)).hash


def test_of_several_targets_one_has_to_be_named(root):
    publish(root, "staging", Release("tutor", {"model": "n"}))
    with pytest.raises(UsageError, match="openai, staging") as error:
        load_release("tutor", folder=root)
    assert error.value.hint == "say which: load_release('tutor', target='openai')"
    assert load_release("tutor", target="staging", folder=root) == {"model": "n"}


def test_an_assistant_that_was_renamed_is_found_by_its_new_name(root):
    moved = Marks("p", Address(Kind.ASSISTANT, "coach")).to_metadata()
    publish(root, "openai", Release("old", {"model": "n"}, moved))
    assert load_release("coach", folder=root) == {"model": "n"}
    with pytest.raises(TargetMissingError, match="`old`"):
        load_release("old", folder=root)


def test_what_is_not_there_is_told_with_where_it_was_looked_for(root, tmp_path_factory):
    with pytest.raises(TargetMissingError, match="no release of `math` for any target below"):
        load_release("math", folder=root)
    with pytest.raises(TargetMissingError, match="for target other"):
        load_release("tutor", target="other", folder=root)
    with pytest.raises(UsageError, match="no folder `releases`"):
        load_release("tutor", folder=tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize("target", ["", "..", "a/b"])
def test_no_target_leads_out_of_the_folder(root, target):
    with pytest.raises(UsageError, match="not the name of a target"):
        load_release("tutor", target=target, folder=root)


def test_a_release_of_a_format_to_come_is_refused(root):
    (root / "releases" / "openai" / "tutor.json").write_text(json.dumps({"format": f"{FORMAT}0"}))
    with pytest.raises(TargetRejectedError, match="does not say"):
        load_release("tutor", folder=root)


def test_importing_the_package_loads_none_of_it():
    code = "import sys, orchestrator; print([m for m in sys.modules if m.startswith(('orchestrator.', 'pydantic'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_what_the_package_does_not_have_is_no_attribute():
    with pytest.raises(AttributeError, match="nothing"):
        _ = orchestrator.nothing
