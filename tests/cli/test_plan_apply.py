"""`orch plan` and `orch apply` on the example project and the local target."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ORCH = [sys.executable, "-m", "orchestrator"]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_apply_then_nothing_to_do_and_no_write(orch, tutor):
    first = json.loads(orch("apply", "specs/", "--format", "json").out)
    assert first["format"] == "orch.apply/1"
    assert first["summary"] == {"applied": 2, "failed": 0, "blocked": 0, "skipped": 0, "noop": 0}
    again = orch("apply", "specs/")
    assert again.code == 0
    assert again.out == "Nothing to do: 2 resources are as declared.\n2 requests\n"
    second = json.loads(orch("apply", "specs/", "--format", "json").out)
    assert second["requests"]["total"] == 2  # one list page of assistants, one of stores: nothing was written
    assert second["outcomes"] == []


def test_plan_is_the_contract(orch, tutor):
    plan = json.loads(orch("plan", "specs/", "--format", "json").out)
    assert {key: plan[key] for key in ("format", "project", "target", "requests")} == {
        "format": "orch.plan/1",
        "project": "tutoring",
        "target": "local",
        "requests": {"total": 2},
    }
    assert plan["summary"] == {"create": 2, "update": 0, "replace": 0, "delete": 0, "noop": 0, "blocked": 0}
    assert [change["address"] for change in plan["changes"]] == ["vector_store.papers", "assistant.math-tutor"]
    assert len(plan["hash"]) == 64


def test_exit_codes_of_plan(orch, tutor):
    assert orch("plan", "specs/").code == 0
    assert orch("plan", "specs/", "--detailed-exitcode").code == 2
    orch("apply", "specs/")
    assert orch("plan", "specs/", "--detailed-exitcode").code == 0


def test_a_changed_prompt_is_an_update_of_that_field_only(orch, tutor):
    orch("apply", "specs/")
    edit(tutor / "prompts" / "math-tutor.md", "개인 수학 교사", "친절한 수학 교사")
    (change,) = [c for c in json.loads(orch("plan", "specs/", "--format", "json").out)["changes"] if c["fields"]]
    assert [(field["path"], field["who"]) for field in change["fields"]] == [("instructions", "spec")]
    assert orch("apply", "specs/").code == 0
    assert orch("plan", "specs/", "--detailed-exitcode").code == 0


def test_a_changed_document_is_swapped_and_a_removed_one_goes(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text("kind: Project\nname: docs\ntargets: {local: {provider: local}}\n")
    (tmp_path / "store.yaml").write_text("kind: VectorStore\nname: notes\nfiles: [{path: 'notes/*.md'}]\n")
    (tmp_path / "notes").mkdir()
    for name in ("a", "b"):
        (tmp_path / "notes" / f"{name}.md").write_text(f"note {name}")
    assert orch("apply").code == 0
    (tmp_path / "notes" / "a.md").write_text("note a, changed")
    (tmp_path / "notes" / "b.md").unlink()
    plan = json.loads(orch("plan", "--format", "json").out)
    fields = {field["path"]: field["new"] is None for field in plan["changes"][0]["fields"]}
    assert fields == {'files["notes/a.md"]': False, 'files["notes/b.md"]': True}
    assert orch("apply").code == 0
    assert orch("plan", "--detailed-exitcode").code == 0
    with sqlite3.connect(tmp_path / ".orch" / "local.db") as database:
        (files,) = database.execute("select count(*) from documents where kind = 'file'").fetchone()
    database.close()
    assert files == 1


def test_what_is_not_declared_any_more_stays_until_prune(orch, tutor):
    orch("apply", "specs/")
    (tutor / "math-tutor.yaml").unlink()
    for scenario in (tutor / "scenarios").iterdir():
        scenario.unlink()
    kept = orch("apply", "specs/")
    assert kept.code == 0
    assert "assistant.math-tutor" in kept.out
    assert "--prune" in kept.out
    pruned = json.loads(orch("apply", "specs/", "--prune", "--format", "json").out)
    assert [(o["address"], o["action"], o["status"]) for o in pruned["outcomes"]] == [
        ("assistant.math-tutor", "delete", "applied")
    ]


def test_a_protected_assistant_survives_prune_and_deleting_its_yaml(orch, tutor):
    with (tutor / "math-tutor.yaml").open("a", encoding="utf-8") as file:
        file.write("lifecycle: {protect: true}\n")
    orch("apply", "specs/")
    (tutor / "math-tutor.yaml").unlink()
    for scenario in (tutor / "scenarios").iterdir():
        scenario.unlink()
    done = orch("apply", "specs/", "--prune")
    assert done.code == 4
    assert "protect" in done.out


def test_verbose_shows_long_texts_whole_and_what_is_unchanged(orch, tutor):
    assert "more lines" in orch("plan", "specs/").out
    whole = orch("plan", "specs/", "--verbose").out
    assert "more lines" not in whole
    assert '"question_text"' in whole
    orch("apply", "specs/")
    assert "assistant.math-tutor  asst_" in orch("plan", "specs/", "-v").out


def test_only_and_paths_choose_resources(orch, tutor):
    for chosen in (["specs/", "--only", "vector_store.*"], ["specs/papers.yaml"]):
        plan = json.loads(orch("plan", *chosen, "--format", "json").out)
        assert [change["address"] for change in plan["changes"]] == ["vector_store.papers"]
    assert orch("plan", "specs/", "--only", "assistant.nobody").code == 64


def test_other_projects_are_left_alone(orch, tutor, tmp_path):
    orch("apply", "specs/")
    edit(tutor / "orch.yaml", "name: tutoring", "name: other")
    for file in (tutor / "scenarios").iterdir():
        file.unlink()
    (tutor / "math-tutor.yaml").unlink()
    done = json.loads(orch("apply", "specs/", "--prune", "--format", "json").out)
    assert [(o["address"], o["action"]) for o in done["outcomes"]] == [("vector_store.papers", "create")]


def test_two_applies_at_once_wait_for_each_other(tutor, tmp_path):
    both = [
        subprocess.Popen(
            [*ORCH, "apply", "specs/", "--format", "json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    applied = sorted(json.loads(out)["summary"]["applied"] for out, _ in outputs)
    assert applied == [0, 2]


def test_a_terminal_is_asked_and_no_means_no(tutor, tmp_path):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*ORCH, "apply", "specs/"], cwd=tmp_path, stdin=follower, stdout=follower, stderr=follower, close_fds=True
    )
    os.close(follower)
    shown = b""
    while b"Apply this to local?" not in shown:
        shown += os.read(leader, 4096)
    os.write(leader, b"n\n")
    assert process.wait(timeout=30) == 1
    os.close(leader)
    again = subprocess.run([*ORCH, "plan", "specs/", "--detailed-exitcode"], cwd=tmp_path, capture_output=True)
    assert again.returncode == 2


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the process in /proc")
def test_ctrl_c_at_the_question_leaves_everything_as_it_was(tutor, tmp_path):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*ORCH, "apply", "specs/"], cwd=tmp_path, stdin=follower, stdout=follower, stderr=follower, close_fds=True
    )
    os.close(follower)
    shown = b""
    while b"Apply this to local?" not in shown:
        shown += os.read(leader, 4096)
    while "State:\tS" not in Path(f"/proc/{process.pid}/status").read_text():
        time.sleep(0.001)  # a signal between the question and the reading of its answer waits for the answer
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    rest = os.read(leader, 4096)
    os.close(leader)
    assert b"Traceback" not in rest


def test_apply_killed_in_the_middle_is_finished_by_the_next(tutor, tmp_path):
    process = subprocess.Popen([*ORCH, "apply", "specs/"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    database = tmp_path / "specs" / ".orch" / "local.db"
    while not (database.exists() and count(database, "vector_store")) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    done = subprocess.run([*ORCH, "apply", "specs/"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (count(database, "vector_store"), count(database, "assistant")) == (1, 1)


def count(database: Path, kind: str) -> int:
    connection = sqlite3.connect(database, timeout=30)
    try:
        return int(connection.execute("select count(*) from documents where kind = ?", (kind,)).fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # the tables are not there yet
    finally:
        connection.close()


def test_a_target_that_is_not_there_is_an_error_with_a_hint(orch, tutor):
    edit(tutor / "orch.yaml", "http://127.0.0.1:8080/v1", "http://127.0.0.1:9/v1")
    done = orch("plan", "specs/", "--target", "server")
    assert (done.code, done.out) == (1, "")
    assert "127.0.0.1:9" in done.err
    assert "hint:" in done.err


def test_a_missing_key_is_told_at_its_target(orch, tutor, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    edit(tutor / "orch.yaml", "    variables: {tone", "    api_key: {env: NO_SUCH_KEY}\n    variables: {tone")
    assert orch("plan", "specs/").code == 0  # the local target needs no key of another
    done = orch("apply", "specs/", "--target", "server")
    assert done.code == 1
    assert done.err.startswith("specs/orch.yaml:")
    assert "export NO_SUCH_KEY=" in done.err


def test_prune_asks_for_the_whole_project(orch, tutor):
    done = orch("plan", "specs/scenarios", "--prune")
    assert (done.code, "--prune looks at the whole project" in done.err) == (64, True)
    assert orch("apply", "specs/math-tutor.yaml", "--prune").code == 64
    assert orch("plan", "specs/", "--prune").code == 0


def test_an_empty_document_is_told_before_anything_is_sent(orch, tutor):
    (tutor / "papers" / "empty.md").touch()
    edit(tutor / "papers.yaml", "papers/*.pdf", "papers/*")
    done = orch("validate", "specs/")
    assert done.code == 1
    assert "empty.md: is empty: there is nothing in it to find" in done.err
