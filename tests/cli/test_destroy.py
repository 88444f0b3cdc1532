"""`orch destroy` on the example project and the local target."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.cli.planting import plant

ORCH = [sys.executable, "-m", "orchestrator"]


def left(orch) -> list[str]:
    return [item["owner"] for item in json.loads(orch("list", "specs/", "--format", "json").out)["objects"]]


def test_what_the_project_owns_goes_and_nothing_else(orch, tutor):
    orch("apply", "specs/")
    plant(tutor, "/assistants", {"model": "m"}, {"model": "m", "metadata": {"orch.owner": "shop/assistant.helper"}})
    done = orch("destroy", "specs/", "--format", "json")
    assert done.code == 0
    report = json.loads(done.out)
    assert (report["format"], report["summary"]["applied"]) == ("orch.apply/1", 2)
    assert [(o["address"], o["action"], o["status"]) for o in report["outcomes"]] == [
        ("assistant.math-tutor", "delete", "applied"),
        ("vector_store.papers", "delete", "applied"),
    ]
    assert sorted(left(orch)) == ["shop/assistant.helper", "unmanaged"]
    again = orch("destroy", "specs/")
    assert (again.code, again.out) == (0, "Nothing to destroy: tutoring owns nothing of this on local.\n")
    assert orch("apply", "specs/").code == 0  # the specs are still there


def test_what_is_declared_no_more_goes_too(orch, tutor):
    orch("apply", "specs/")
    for file in tutor.rglob("*.yaml"):
        if file.name != "orch.yaml":
            file.unlink()
    done = orch("destroy", "specs/")
    assert done.code == 0
    assert "0 to create, 0 to update, 2 to delete" in done.out
    assert left(orch) == []


@pytest.mark.parametrize("chosen", [["specs/math-tutor.yaml"], ["specs/", "--only", "assistant.*"]])
def test_a_part_of_it(orch, tutor, chosen):
    orch("apply", "specs/")
    assert orch("destroy", *chosen).code == 0
    assert left(orch) == ["tutoring/vector_store.papers"]


def test_what_is_protected_stays(orch, tutor):
    with (tutor / "math-tutor.yaml").open("a", encoding="utf-8") as file:
        file.write("lifecycle: {protect: true}\n")
    orch("apply", "specs/")
    done = orch("destroy", "specs/", "--yes")
    assert done.code == 4
    assert "protect: false" in done.out
    assert len(left(orch)) == 2  # the store is still in use


def test_many_deletes_are_what_was_asked_for(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text("kind: Project\nname: many\ntargets: {local: {provider: local}}\n")
    for number in range(6):
        (tmp_path / f"a{number}.yaml").write_text(f"kind: Assistant\nname: a{number}\nmodel: m\n")
    orch("apply")
    done = json.loads(orch("destroy", "--format", "json").out)
    assert done["summary"] == {"applied": 6, "failed": 0, "blocked": 0, "skipped": 0, "noop": 0}


@pytest.mark.parametrize("more", [[], ["--format", "json"], ["--format", "markdown"]])
def test_who_sits_at_a_terminal_is_asked_wherever_the_output_goes(orch, tutor, tmp_path, more):
    orch("apply", "specs/")
    leader, follower = pty.openpty()
    with (tmp_path / "out.txt").open("wb") as out:
        process = subprocess.Popen(
            [*ORCH, "destroy", "specs/", *more], cwd=tmp_path, stdin=follower, stdout=out, stderr=follower
        )
    os.close(follower)
    shown = b""
    while b"Delete this from local?" not in shown:
        shown += os.read(leader, 4096)
    assert b"assistant.math-tutor" in shown, "who is asked sees what about"
    os.write(leader, b"n\n")
    assert process.wait(timeout=30) == 1
    os.close(leader)
    assert len(left(orch)) == 2


def test_a_terminal_is_asked_and_no_means_no(orch, tutor, tmp_path):
    orch("apply", "specs/")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*ORCH, "destroy", "specs/"], cwd=tmp_path, stdin=follower, stdout=follower, stderr=follower, close_fds=True
    )
    os.close(follower)
    shown = b""
    while b"Delete this from local?" not in shown:
        shown += os.read(leader, 4096)
    os.write(leader, b"n\n")
    assert process.wait(timeout=30) == 1
    os.close(leader)
    assert len(left(orch)) == 2
