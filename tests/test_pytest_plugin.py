"""pytest collects scenarios as items and treats them as it treats tests."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.main import run
from orchestrator.pytest_plugin import MODES
from orchestrator.scenario.recorded_run import Mode
from tests.cli.conftest import SHOWN

SPECS = Path(__file__).parent.parent / "specs"


@pytest.fixture
def specs(tmp_path, monkeypatch) -> Path:
    folder: Path = tmp_path / "specs"
    shutil.copytree(SPECS, folder, ignore=shutil.ignore_patterns(".orch", *SHOWN))
    monkeypatch.chdir(tmp_path)
    return folder


def play(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_scenarios_are_items(specs, tmp_path):
    run(["apply", "specs/", "--yes"])
    listed = play(tmp_path, "specs", "--collect-only", "-q").stdout
    assert "specs/scenarios/three-threads.yaml::thanks" in listed
    assert "7 tests collected" in listed
    done = play(tmp_path, "specs", "-k", "not fibonacci", "-W", "error")
    assert done.returncode == 0, done.stdout
    assert "6 passed, 1 deselected" in done.stdout


def test_a_failure_is_shown_as_a_transcript(specs, tmp_path):
    run(["apply", "specs/", "--yes"])
    scenario = specs / "scenarios" / "equation.yaml"
    scenario.write_text(scenario.read_text().replace("equals: x = 1", "equals: x = 2"))
    done = play(tmp_path, "specs/scenarios/equation.yaml")
    assert done.returncode == 1
    for part in ("x = 2", "expected:", "1 failed"):
        assert part in done.stdout
    assert "Traceback" not in done.stdout
    assert "orchestrator/" not in done.stdout


def test_repeated_scenarios_are_one_item_and_undecided_is_not_good(specs, tmp_path):
    run(["apply", "specs/", "--yes"])
    scenario = specs / "scenarios" / "equation.yaml"
    text = scenario.read_text()
    scenario.write_text(text + "repeat: 3\n")
    done = play(tmp_path, "specs/scenarios/equation.yaml", "--junitxml", "report.xml")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True)
    assert '<property name="attempts_passed" value="3" />' in (tmp_path / "report.xml").read_text()
    scenario.write_text(text + "repeat: {max: 12, require: 0.8}\n")
    done = play(tmp_path, "specs/scenarios/equation.yaml")
    assert done.returncode == 1
    assert "INCONCLUSIVE equation" in done.stdout
    assert "12 attempts cannot show a pass rate of 0.8" in done.stdout


def test_recordings_are_replayed_without_a_target(specs, tmp_path):
    run(["apply", "specs/", "--yes"])
    assert play(tmp_path, "specs", "-k", "thanks or quiz", "--orch-record", "once").returncode == 0
    files = sorted(path.relative_to(specs).as_posix() for path in specs.rglob("recordings/*/*.json"))
    assert files == ["recordings/local/quiz.json", "recordings/local/thanks.json"]
    shutil.rmtree(specs / ".orch")
    done = play(tmp_path, "specs", "-k", "thanks or quiz or solve", "--orch-record", "none")
    assert (done.returncode, "1 failed, 2 passed" in done.stdout) == (1, True), done.stdout
    assert "there is no recording: specs/recordings/local/solve.json" in done.stdout
    assert not (specs / ".orch" / "local.db").exists()
    (specs / "recordings").rename(tmp_path / "kept")
    elsewhere = ("--orch-record", "none", "--orch-recordings", "kept")
    assert play(tmp_path, "specs", "-k", "thanks", *elsewhere).returncode == 0


def test_the_modes_are_those_of_the_command():
    assert list(MODES) == [str(mode) for mode in Mode]


@pytest.mark.parametrize(
    ("more", "shown", "passes"),
    [
        (["-p", "no:xdist", "-x"], "1 failed", False),
        (["-p", "no:xdist", "--lf"], "1 failed", False),
        (["-n", "2"], "1 failed, 5 passed", True),
    ],
)
def test_pytests_own_ways_to_choose_and_to_spread_work(specs, tmp_path, more, shown, passes):
    run(["apply", "specs/", "--yes"])
    scenario = specs / "scenarios" / "equation.yaml"
    scenario.write_text(scenario.read_text().replace("equals: x = 1", "equals: x = 2"))
    command = [sys.executable, "-m", "pytest", "specs", "-k", "not fibonacci"]
    subprocess.run([*command, "-p", "no:xdist"], cwd=tmp_path, capture_output=True, timeout=120)  # what --lf goes by
    done = subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, shown in done.stdout) == (1, True), done.stdout
    assert ("passed" in done.stdout) == passes


@pytest.mark.parametrize(("until", "code", "said"), [("2999-12-31", 0, "1 xfailed"), ("2000-01-01", 1, "1 failed")])
def test_quarantine_is_an_expected_failure_until_it_is_over(specs, tmp_path, until, code, said):
    run(["apply", "specs/", "--yes"])
    scenario = specs / "scenarios" / "equation.yaml"
    text = scenario.read_text() + f"quarantine: {{reason: waits for the vendor, until: {until}}}\n"
    scenario.write_text(text.replace("equals: x = 1", "equals: x = 2"))
    done = play(tmp_path, "specs/scenarios/equation.yaml", "-o", "xfail_strict=true", "-rx")
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout
    assert ("waits for the vendor" in done.stdout) == (code == 0)
    scenario.write_text(text)
    done = play(tmp_path, "specs/scenarios/equation.yaml", "-o", "xfail_strict=true")
    assert done.returncode == 0
    assert ("1 xpassed" if code == 0 else "1 passed") in done.stdout


def test_each_case_is_an_item(specs, tmp_path):
    run(["apply", "specs/", "--yes"])
    (specs / "scenarios" / "hello.yaml").write_text(
        "kind: Scenario\nname: hello\nassistant: math-tutor\nmatrix: {variables: {said: [고마워, 안녕]}}\n"
        'turns: [{user: "{{ vars.said }}", checks: [contains: 천만에요]}]\n'
    )
    file = "specs/scenarios/hello.yaml"
    listed = play(tmp_path, file, "--collect-only", "-q").stdout
    assert f"{file}::hello[said=고마워]" in listed
    assert "1 passed" in play(tmp_path, f"{file}::hello[said=고마워]").stdout
    assert "2 tests collected" in play(tmp_path, f"{file}::hello", "--collect-only", "-q").stdout
    assert "1 passed, 1 deselected" in play(tmp_path, file, "-k", "고마워").stdout


QUESTIONS = """\
kind: Knowledge
name: manual
store: papers
tags: [answers]
questions:
  - {question: How do language models learn tasks?, file: language-models.pdf}
"""
FLOW = '{"kind": "Knowledge", "name": "twice", "store": "papers", "questions": [{"question": "tasks", "file": "FILE"}]}'


def test_question_lists_are_items(specs, tmp_path):
    run(["apply", "specs/", "--yes"])
    (specs / "lists").mkdir()
    (specs / "lists" / "manual.yaml").write_text(QUESTIONS)
    (specs / "lists" / "flow.yaml").write_text(FLOW.replace("FILE", "language-models.pdf"))
    listed = play(tmp_path, "specs", "--collect-only", "-q", "-k", "manual or twice").stdout
    assert "specs/lists/manual.yaml::manual" in listed
    assert "specs/lists/flow.yaml::twice" in listed
    done = play(tmp_path, "specs", "-k", "answers", "-W", "error")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout
    spread = [sys.executable, "-m", "pytest", "specs/lists", "-n", "2", "-p", "no:cacheprovider"]
    done = subprocess.run(spread, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
    (specs / "lists" / "manual.yaml").write_text(QUESTIONS.replace("language-models.pdf", "none.pdf"))
    done = play(tmp_path, "specs/lists", "-k", "manual")
    assert done.returncode == 2
    assert "has no file `none.pdf`" in done.stdout


def test_what_is_not_applied_says_so(specs, tmp_path):
    done = play(tmp_path, "specs", "-k", "solve")
    assert done.returncode == 1
    assert "run `orch apply --target local` first" in done.stdout


def test_broken_specs_stop_collection_with_their_place(specs, tmp_path):
    (specs / "broken.yaml").write_text("kind: Nothing\n")
    done = play(tmp_path, "specs")
    assert done.returncode == 2
    assert "specs/broken.yaml:1:7: unknown kind `Nothing`" in done.stdout


def test_yaml_of_others_is_left_alone(tmp_path):
    (tmp_path / "data.yaml").write_text("kind: Scenario\n---\nkind: Knowledge\n")
    done = play(tmp_path)
    assert done.returncode == 5  # nothing collected


def test_the_plugin_itself_is_light():
    code = "import sys, orchestrator.pytest_plugin; print(sorted({'openai', 'yaml', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
