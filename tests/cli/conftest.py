"""A folder of its own for each test, and a command line that runs in this process."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli.main import run

SPECS = Path(__file__).parent.parent.parent / "specs"
SHOWN = (
    *("kind-judge.yaml", "grader.yaml", "encouragement.yaml", "equations.*", "manners.yaml", "quiz-answers.yaml"),
    *("course*", "gpt-4o-mini.yaml"),
)
"""Of the example, what its own test plays."""


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


Orch = Callable[..., Done]


@pytest.fixture
def orch(tmp_path, monkeypatch, capsys) -> Orch:
    """Run `orch ARGUMENTS` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def tutor(tmp_path: Path) -> Path:
    """The example project, in the test's folder as `specs/`, less what only shows how scenarios can be written."""
    folder = tmp_path / "specs"
    shutil.copytree(SPECS, folder, ignore=shutil.ignore_patterns(".orch", *SHOWN))
    return folder
