"""A project to begin with: it works at once and nothing is overwritten."""

import json


def test_validates_applies_and_passes(orch, tmp_path, monkeypatch):
    assert orch("init", "my_Demo 1").code == 0
    monkeypatch.chdir(tmp_path / "my_Demo 1")
    assert "name: my-demo-1" in (tmp_path / "my_Demo 1" / "orch.yaml").read_text()
    assert orch("validate").code == 0
    assert orch("plan", "--detailed-exitcode").code == 2
    assert orch("apply").code == 0
    assert orch("plan", "--detailed-exitcode").code == 0
    done = orch("test", "--json", "report.json")
    assert done.code == 0, done.out
    report = json.loads((tmp_path / "my_Demo 1" / "report.json").read_text())
    assert report["summary"]["passed"] == 1


def test_editors_find_a_schema_for_every_spec(orch, tmp_path):
    orch("init", "demo")
    specs = [*(tmp_path / "demo").glob("*.yaml"), *(tmp_path / "demo").glob("*.md")]
    assert specs
    for spec in specs:
        line = next(line for line in spec.read_text().splitlines() if "$schema=" in line)
        assert (spec.parent / line.split("$schema=")[1]).is_file()


def test_nothing_is_overwritten(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text("mine")
    done = orch("init")
    assert done.code == 64
    assert "exists already" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["orch.yaml"]
    assert (tmp_path / "orch.yaml").read_text() == "mine"


def test_a_git_folder_keeps_its_own_ignore_file(orch, tmp_path):
    (tmp_path / ".gitignore").write_text("mine\n")
    assert orch("init").code == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
