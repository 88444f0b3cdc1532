"""Documents of the example: edits, renames and deletes are planned as what they are, and the scenarios still pass."""

import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = "scenarios/course-questions.csv"


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """The example project, copied."""
    folder = tmp_path / "specs"
    shutil.copytree(ROOT / "specs", folder, ignore=shutil.ignore_patterns(".orch"))
    return folder


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("target", ["local", "responses", "agents"])
def test_its_documents_are_kept_in_step(orch, specs, target):
    on = ("specs/", "--target", target)
    course = specs / "course"
    assert orch("apply", *on, "--yes").code == 0
    rewrite(course / "en" / "homework.md", "After three days", "After four days")
    (course / "ko" / "식당.md").rename(course / "ko" / "학생-식당.md")
    (course / "en" / "textbook.md").unlink()
    told = orch("validate", *on)
    assert told.code == 1
    assert "vector_store.course has no file `en/textbook.md`" in told.err
    assert "vector_store.course has no file `ko/식당.md`" in told.err
    rewrite(specs / QUESTIONS, "Which edition of the textbook do we use?,en/textbook.md\n", "")
    rewrite(specs / QUESTIONS, "ko/식당.md", "ko/학생-식당.md")
    rewrite(specs / "scenarios" / "course-desk.yaml", "course/ko/식당.md", "course/ko/학생-식당.md")
    planned = orch("plan", *on).out
    shown = [line.strip().partition(", {")[0] for line in planned.splitlines() if "files[" in line]
    assert [line.partition(": sha256")[0] for line in shown] == [
        '~ files["course/en/homework.md"]',
        '~ files["course/ko/식당.md"] -> files["course/ko/학생-식당.md"]: renamed',
        '- files["course/en/textbook.md"]',
    ]
    assert orch("apply", *on, "--yes").code == 0
    assert orch("plan", *on, "--refresh", "--detailed-exitcode").code == 0
    assert json.loads(orch("gc", *on, "--format", "json").out)["files"] == []
    chosen = ("--name", "late-homework", "--name", "course-questions", "--name", "paper", "--name", "thanks")
    done = orch("test", *on, *chosen)
    assert done.code == 0, done.out
    assert "4 passed" in done.out
