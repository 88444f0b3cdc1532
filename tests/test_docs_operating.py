"""The pages about operating orch are true: docs/server.md, docs/ci.md and docs/security.md."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli.main import COMMANDS, run
from orchestrator.pytest_plugin import MODES
from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.store import Store
from tests.cli.test_serve import served
from tests.test_docs import fences
from tests.test_readme import add_target, blocks, typed

DOCS = Path(__file__).parent.parent / "docs"
SERVER, CI, SECURITY = ((DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("server", "ci", "security"))
LIVE = "{provider: assistants, base_url: http://127.0.0.1:9/v1, api_key: {command: touch evil.txt}}"
PYTEST = f'pytest() {{ "{sys.executable}" -m pytest -p no:cacheprovider -p no:xdist "$@"; }}\n'


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """What `orch init shop` makes, with the target `openai` of README."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop"]) == 0
    return Path(tmp_path / "shop")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK marks the whole Assistants API
def test_the_server_answers_as_shown(tmp_path):
    [commands], [code] = fences(SERVER, "sh"), fences(SERVER, "python")
    before, _, serve = commands.rstrip().rpartition("\n")
    typed(before, tmp_path)
    with served(tmp_path / "shop", *serve.split()[2:]) as (_, url):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code.replace("http://127.0.0.1:8080/v1", url), {})
    assert said.getvalue().splitlines() == re.findall(r"  # (.+)$", code, re.MULTILINE)


def test_what_the_server_has_and_what_it_lacks_is_listed(tmp_path):
    store = Store.open(tmp_path / "server.db")
    try:
        app = create_app(assemble(store))
        paths = {getattr(route, "path", "").split("/")[1]: route for route in app.routes}
        has, lacks = SERVER.split("## What it does not")
        missing = [route.path for route in app.routes if type(route.endpoint).__name__ == "_NotBuilt"]  # type: ignore[attr-defined]
    finally:
        store.close()
    assert missing
    for path in missing:
        assert f"`{path.removesuffix('/{rest:path}')}" in lacks.replace("/chat/completions", "/chat"), path
    for name in set(paths) - {path.split("/")[1] for path in missing} | {"agents"}:
        assert f"`/{name}" in has, name


def workflow() -> dict[str, Any]:
    """Give the jobs of the workflow."""
    [text] = fences(CI, "yaml")
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return jobs


def steps(job: dict[str, Any]) -> str:
    """Give the commands of a job that are orch's own."""
    return "\n".join(step["run"] for step in job["steps"] if step.get("run", "").startswith("orch "))


def test_the_workflow_does_what_it_says(shop, tmp_path, monkeypatch):
    [_, (_, target), _] = blocks("With an OpenAI key")
    first, under_pytest = fences(CI, "sh")
    jobs = workflow()
    key = {"OPENAI_API_KEY": "sk-..."}
    monkeypatch.setenv("OPENAI_API_KEY", key["OPENAI_API_KEY"])
    with served(tmp_path, "--models", "shop", "--api-key-env", "OPENAI_API_KEY") as (_, url):
        add_target(shop, target.replace("provider: agents ", f"provider: agents\n    base_url: {url}"))
        typed("git init --quiet", shop)
        assert "1 passed" in typed(first, shop, **key)
        assert "recordings/openai/order-status.json" in typed("git diff --cached --name-only", shop)
        prompt = shop / "support.assistant.md"
        asked = prompt.read_text(encoding="utf-8")
        prompt.write_text(asked + "Be brief.\n", encoding="utf-8")
        typed(steps(jobs["plan"]), shop, **key)
        assert "Be brief." in (shop / "plan.md").read_text(encoding="utf-8")
        assert "1 updated" in typed(steps(jobs["apply"]), shop, **key)
    prompt.write_text(asked, encoding="utf-8")
    # the server is gone and nobody has the key
    assert "1 passed" in typed(steps(jobs["test"]), shop)
    assert (shop / "report.xml").is_file()
    assert (shop / "report.md").is_file()
    assert "1 passed" in typed(PYTEST + under_pytest, shop)


def test_only_jobs_that_read_nobodys_change_hold_the_key():
    jobs = workflow()
    assert {name for name, job in jobs.items() if "secrets." in str(job)} == {"plan", "apply"}
    assert "head.repo.full_name == github.repository" in jobs["plan"]["if"]
    assert jobs["apply"]["if"] == "github.event_name == 'push'"
    assert "pull_request_target" not in fences(CI, "yaml")[0]


def test_the_options_of_pytest_are_the_plugins():
    done = subprocess.run([sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True)
    assert set(re.findall(r"--orch-[a-z]+", done.stdout)) == set(re.findall(r"^\| `(--orch-[a-z]+)", CI, re.MULTILINE))
    assert all(f"`{mode}`" in CI for mode in MODES)


def test_what_lies_in_the_state_folder_is_listed(shop, monkeypatch):
    listed = set(re.findall(r"`([\w*-]+\.\w+)`", CI.partition("| in `.orch/` |")[2]))
    monkeypatch.chdir(shop)
    (shop / "policy.md").write_text("Within 30 days.", encoding="utf-8")
    store = "kind: VectorStore\nname: policies\nfiles: [{path: policy.md}]\n"
    (shop / "store.yaml").write_text(store, encoding="utf-8")
    assert run(["apply", "--yes"]) == 0
    assert run(["test"]) == 0
    for file in (shop / ".orch").iterdir():
        name = file.name.removesuffix("-wal").removesuffix("-shm")
        assert name in listed or name.replace("-local.", "-TARGET.") in listed or file.suffix == ".lock", file.name


def test_validating_runs_no_code_of_the_project(shop, monkeypatch):
    monkeypatch.chdir(shop)
    (shop / "evil.py").write_text("open('evil.txt', 'w').close()\ndef check(exchanges):\n    return True\n")
    scenario = shop / "order-status.scenario.yaml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + '      - python: "evil:check"\n', encoding="utf-8")
    with (shop / "orch.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "  live: {provider: assistants, base_url: http://127.0.0.1:9/v1, api_key: {command: touch evil.txt}}\n"
        )
    assert run(["validate", "--target", "live"]) == 0
    assert run(["plan"]) == 0
    assert run(["apply", "--yes"]) == 0
    assert run(["history"]) == 0
    assert not (shop / "evil.txt").exists()
    assert run(["plan", "--target", "live"]) == 1
    assert (shop / "evil.txt").exists()
    (shop / "evil.txt").unlink()
    assert run(["test"]) == 0
    assert (shop / "evil.txt").exists()


def test_commands_that_the_pages_name_exist():
    for page in (SERVER, CI, SECURITY):
        assert set(re.findall(r"`orch ([a-z]+)[ `]", page)) <= set(COMMANDS)
