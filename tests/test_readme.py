"""README's ways in are typed as they stand: with an OpenAI key, with a Foundry project, with an export.

Only addresses are others: in place of a live API there is a server of this machine, as particular as that one.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from orchestrator.providers.local_models import serve_model
from orchestrator.spec.loader import Ask, load
from tests.cli.test_migrate import STORE, THREAD, TUTOR
from tests.cli.test_serve import served
from tests.providers.foundry import VERSION, az_of, foundry_on_port

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ORCH = f'orch() {{ "{sys.executable}" -m orchestrator "$@"; }}\n'


def blocks(title: str) -> list[tuple[str, str]]:
    """Give the language and the text of every block of a section."""
    [section] = re.findall(rf"^### {title}\n(.*?)(?=^##)", README, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```(\w+)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def typed(text: str, folder: Path, **env: str) -> str:
    """Type commands; each has to succeed."""
    known = {name: os.environ[name] for name in ("HOME", "PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        ["bash", "-e", "-c", ORCH + text],
        cwd=folder,
        env={**known, "NO_COLOR": "1", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def add_target(folder: Path, text: str) -> None:
    """Write below `targets:`, which is the end of the file that `orch init` writes."""
    with (folder / "orch.yaml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_with_an_openai_key(tmp_path, monkeypatch):
    [(_, begin), (language, target), (_, commands)] = blocks("With an OpenAI key")
    typed(begin, tmp_path)
    shop = tmp_path / "shop"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-...")
    with served(tmp_path, "--models", "shop", "--api-key-env", "OPENAI_API_KEY") as (_, url):
        assert language == "yaml"
        add_target(shop, target.replace("provider: agents ", f"provider: agents\n    base_url: {url}"))
        shown = typed(commands, shop)
        assert "Plan: 1 to create" in shown
        assert "1 passed" in shown
        typed("orch plan --target openai --detailed-exitcode", shop, OPENAI_API_KEY="sk-...")
    without = target.replace("    overrides", "    # overrides")
    (shop / "orch.yaml").write_text(f"kind: Project\nname: shop\ntargets:\n{without}", encoding="utf-8")
    told = typed("orch validate --target openai 2>&1 || true", shop)
    assert "cannot take `tools.lookup_order.strict: true`" in told


def test_with_a_foundry_project(tmp_path):
    [(_, begin), (_, target), (_, commands)] = blocks("With a Foundry project")
    path = f"{az_of(tmp_path / 'bin').parent}{os.pathsep}{os.environ['PATH']}"
    typed(begin, tmp_path, PATH=path)
    shop = tmp_path / "shop"
    models = [model.model_copy(update={"name": "my-deployment"}) for model in load(Ask(shop, shop)).models]
    with foundry_on_port(tmp_path, [serve_model(model) for model in models]) as (foundry, url):
        real = "https://HOST.services.ai.azure.com/api/projects/PROJECT"
        assert real in target
        add_target(shop, target.replace(real, url))
        made = {"model": "my-deployment", "name": "From the portal", "tools": [{"type": "code_interpreter"}]}
        headers = {"authorization": "Bearer token-999"}
        httpx2.post(f"{url}/assistants?api-version={VERSION}", headers=headers, json=made).raise_for_status()
        shown = typed(commands, shop, PATH=path)
    assert "1 passed" in shown
    assert "Imported: 1 object" in shown
    assert "Nothing to do: 2 resources are as declared." in shown
    assert {each.query["api-version"] for each in foundry.asked} == {VERSION}
    assert (shop / "portal" / "from-the-portal.yaml").is_file()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    lines = [{"object": "list", "data": [TUTOR, STORE]}, *THREAD]
    (tmp_path / "export.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return tmp_path


def test_with_an_export_of_the_assistants_api(export):
    [(_, commands), (_, serve)] = blocks("With an export of the Assistants API")
    shown = typed(commands, export)
    assert "Migrated: 1 vector store, 1 assistant, 1 scenario." in shown
    assert "Nothing to do: 2 resources are as declared." in shown
    tutoring = export / "tutoring"
    assert serve.strip() == "orch serve --models . --db .orch/local.db"
    with served(tutoring, *serve.split()[2:]) as (_, url), httpx2.Client(base_url=url) as client:
        assert client.get("/assistants/asst_old").json()["name"] == "Math Tutor"
        assert len(client.get("/threads/thread_old/messages").json()["data"]) == 2
        thread = {"messages": [{"role": "user", "content": "Make me a {{ quiz }} please"}]}
        asked = client.post("/threads/runs", json={"assistant_id": "asst_old", "thread": thread, "stream": True}).text
        assert "event: thread.run.requires_action" in asked  # as it did in the thread that was exported
        assert "display_quiz" in asked
