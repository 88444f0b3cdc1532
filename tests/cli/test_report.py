"""`orch report merge`: the parts of a run become one report, in every form, with the exit code of the whole."""

import json

import pytest


@pytest.fixture
def parts(orch, tutor):
    assert orch("apply", "specs/").code == 0
    quiz = tutor / "scenarios" / "equation.yaml"
    quiz.write_text(quiz.read_text().replace("equals: x = 1", "equals: x = 2"))
    codes = [orch("test", "specs/", "--name", "[!f]*", "--shard", f"{n}/2", "--json", f"{n}.json").code for n in (1, 2)]
    assert sorted(codes) == [0, 1]
    return tutor.parent


def test_the_parts_of_a_run_become_the_run(orch, parts):
    done = orch(
        "report", "merge", "1.json", "2.json", "--json", "all.json", "--html", "all.html", "--markdown", "all.md"
    )
    assert done.code == 1
    assert done.out.splitlines()[0].startswith("FAILED       equation  turn 1: equals: ")
    whole = json.loads((parts / "all.json").read_text())
    assert (whole["format"], whole["summary"]["passed"], whole["summary"]["failed"]) == ("orch.test/1", 5, 1)
    assert "1 failed" in (parts / "all.html").read_text()
    assert (parts / "all.md").read_text().startswith("### orch test: <code>tutoring</code>")
    assert orch("report", "merge", "all.json", "--format", "markdown").out == (parts / "all.md").read_text() + "\n"
    assert json.loads(orch("report", "merge", "1.json", "2.json", "--format", "json").out) == whole


def test_a_run_as_markdown(orch, parts):
    done = orch("test", "specs/", "--name", "thanks", "--format", "markdown", "--markdown", "out/run.md")
    assert done.code == 0
    assert (parts / "out" / "run.md").read_text() + "\n" == done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["1.json", "1.json"], " is in 1.json and in 1.json"),
        (["1.json", "odd.json"], "odd.json is not a report of `orch test`"),
        (["1.json", "broken.json"], "broken.json is not JSON"),
    ],
)
def test_what_cannot_be_merged_says_why(orch, parts, arguments, said):
    (parts / "odd.json").write_text("{}")
    (parts / "broken.json").write_text("{")
    done = orch("report", "merge", *arguments)
    assert (done.code, said in done.err, "hint:" in done.err) == (2, True, True)
