"""`orch compare` on reports that `orch test` wrote: exit codes, formats, refusals, and a light start."""

import json
import subprocess
import sys

import pytest

HEAVY = {"openai", "starlette", "jsonschema", "pydantic", "uvicorn", "jinja2", "yaml"}


@pytest.fixture
def reports(orch, tutor):
    """Reports before and after a change that breaks `equation`."""
    assert orch("apply", "specs/").code == 0
    chosen = ("--name", "equation", "--name", "thanks", "--repeat", "5")
    assert orch("test", "specs/", *chosen, "--json", "a.json").code == 0
    model = tutor / "gpt-4o.yaml"
    model.write_text(model.read_text().replace("x = 1", "x = 2"))
    assert orch("test", "specs/", *chosen, "--json", "b.json").code == 1
    return tutor.parent


def test_a_regression_is_exit_1(orch, reports):
    done = orch("compare", "a.json", "b.json")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("REGRESSION   equation  5/5 -> 0/5 passed, p = 0.0079\n")
    assert "1 regression, 1 noise, at confidence 0.95" in done.out


def test_an_improvement_and_no_change_are_exit_0(orch, reports):
    better = orch("compare", "b.json", "a.json")
    assert (better.code, "IMPROVEMENT  equation  0/5 -> 5/5" in better.out) == (0, True)
    assert orch("compare", "a.json", "a.json").code == 0


def test_confidence_is_what_it_takes(orch, reports):
    careful = orch("compare", "a.json", "b.json", "--confidence", "0.999")
    assert (careful.code, "NOISE" in careful.out) == (0, True)
    assert "--repeat 7" in careful.out
    assert orch("compare", "a.json", "b.json", "--confidence", "1").code == 64


def test_formats(orch, reports):
    done = orch("compare", "a.json", "b.json", "--format", "json")
    assert (done.code, json.loads(done.out)["summary"]["regression"]) == (1, 1)
    done = orch("compare", "a.json", "b.json", "--format", "markdown")
    assert done.code == 1
    assert done.out.startswith("### orch compare: <code>tutoring</code> on <code>local</code>\n")


def test_what_is_no_report_is_refused_with_exit_2(orch, reports):
    (reports / "broken.json").write_text('{"format": "orch.test/1"')
    (reports / "foreign.json").write_text('{"results": []}')
    (reports / "binary.json").write_bytes(b"\xff\xfe\x00")
    for name, message in (
        ("broken.json", "broken.json is not JSON"),
        ("foreign.json", "foreign.json is not a report of `orch test`"),
        ("binary.json", "binary.json is not UTF-8 text"),
    ):
        done = orch("compare", "a.json", name)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
        assert "orch test --json FILE" in done.err
    assert orch("compare", "a.json", "nowhere.json").code == 64
    assert orch("compare", "a.json").code == 64


def test_reports_with_nothing_in_common(orch, reports):
    assert orch("test", "specs/", "--name", "quiz", "--json", "quiz.json").code == 0
    done = orch("compare", "a.json", "quiz.json")
    assert (done.code, done.out) == (64, "")
    assert "no scenario in common" in done.err


def test_it_needs_no_project_and_imports_nothing_heavy(reports, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    code = (
        "import sys\nfrom orchestrator.cli.main import run\n"
        f"run(['compare', {str(reports / 'a.json')!r}, {str(reports / 'b.json')!r}])\n"
        f"print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=elsewhere)
    assert done.stderr.strip() == "[]"
    assert done.stdout.startswith("REGRESSION")
