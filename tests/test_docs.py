"""README and docs/ are true: what they show is run, what they list is compared with the code."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from orchestrator.cli.main import COMMANDS, run
from orchestrator.model.assistants import KINDS as FOUNDRY
from orchestrator.model.checks import CHECKS, walk
from orchestrator.model.language import key_among
from orchestrator.model.matchers import When
from orchestrator.model.matrix import MOST_CASES
from orchestrator.model.mocks import MOCKS, answers
from orchestrator.model.own_settings import WIRES
from orchestrator.model.resources import Assistant
from orchestrator.providers.agents_wire import LIMITS
from orchestrator.scenario.recording_names import recording_name
from orchestrator.scenario.sequential import get_least_attempts
from orchestrator.server.models.scripted import ScriptedModel
from orchestrator.spec.case_names import LONGEST
from orchestrator.spec.loader import Ask, load
from orchestrator.spec.mentions import located_mocks
from orchestrator.spec.schema import schema_file
from orchestrator.spec.shape import KINDS
from orchestrator.spec.template import render_later
from tests.cli.test_chat import SPECS as SHOP
from tests.cli.test_migrate import STORE, THREAD, TUTOR
from tests.cli.test_models import SPECS as MODELS
from tests.providers.building import RULES, app_on_port
from tests.providers.completions import Chat
from tests.providers.foundry import az_of, foundry_on_port

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCENARIOS = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
TARGETS = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
[ASSISTANTS] = re.findall(r"^## assistants\n(.*?)(?=^## |\Z)", TARGETS, re.DOTALL | re.MULTILINE)
LANGUAGE = (ROOT / "docs" / "specs.md").read_text(encoding="utf-8")


HANDBOOK = {
    "docs/returns.md": "# Returns\n\nGoods are taken back within 30 days of the day they came, also without a box.\n",
    "docs/prices.md": "# Prices\n\nA chair costs 40, a desk 120.\n",
    "docs/sale.md": "# Sale\n\nIn June everything is ten percent off.\n",
    "docs/배송.md": "# 배송\n\n배송은 사흘 걸립니다. 반품할 때 배송비는 가게가 냅니다.\n",
}


def load_blocks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("blocks", ROOT / "docs" / "blocks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def settled(text: str) -> str:
    """Leave out what differs from run to run: ids, times, and how far a slow machine was after a second."""
    text = re.sub(r"^\d+ of \d+ scenarios done after .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\b(asst|vs)_\w+", r"\1_ID", text)
    return re.sub(r" +\d+(\.\d+)? m?s\b", " TIME", text).rstrip()


@pytest.fixture
def specs(tmp_path, monkeypatch) -> Path:
    """The example project, copied, as `specs/` of the current folder."""
    folder: Path = tmp_path / "specs"
    shutil.copytree(ROOT / "specs", folder, ignore=shutil.ignore_patterns(".orch"))
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


@pytest.mark.parametrize("page", ["README.md", "docs/specs.md"])
def test_generated_blocks_are_current(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert load_blocks().rewritten(text) == text, "run `make docs`"


def test_the_first_spec_is_the_example():
    lines = (ROOT / "specs" / "math-tutor.yaml").read_text(encoding="utf-8").splitlines()
    assert fences(README, "yaml")[0].splitlines() == [line for line in lines if not line.startswith("#")]


def test_the_first_screen_is_what_the_commands_print(specs, capsys):
    assert run(["apply", "specs/", "--yes"]) == 0
    shown = fences(README, "console")
    assert len(shown) == 3
    for block in shown[:2]:
        command, _, expected = block.partition("\n")
        assert command.startswith("$ orch ")
        capsys.readouterr()
        assert run(command.removeprefix("$ orch ").split()) == 0
        assert settled(capsys.readouterr().out) == settled(expected)


def test_the_shown_mistake_is_answered_as_shown(specs, capsys):
    file = specs / "math-tutor.yaml"
    file.write_text(
        "\n".join(line.replace("[papers]", "[paper]") for line in file.read_text(encoding="utf-8").splitlines()),
        encoding="utf-8",
    )
    assert run(["validate", "specs/"]) == 1
    expected = fences(README, "console")[2].partition("\n")[2]
    assert capsys.readouterr().err.rstrip() == expected.rstrip()


def test_the_shown_targets_work(specs, capsys):
    (specs / "orch.yaml").write_text(fences(README, "yaml")[1], encoding="utf-8")
    assert run(["validate", "specs/", "--target", "foundry"]) == 0
    assert "foundry" in capsys.readouterr().err


def test_every_command_is_in_the_readme():
    for name in COMMANDS:
        assert f"`orch {name}`" in README


@pytest.fixture
def examples(tmp_path: Path, monkeypatch) -> Path:
    """The project that the examples of the language page are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANTS_HOST", "assistants.example")
    for number, block in enumerate(fences(LANGUAGE, "yaml")):
        name = "orch.yaml" if "kind: Project" in block else f"{number}.yaml"
        (tmp_path / name).write_text(block, encoding="utf-8")
    (assistant,) = fences(LANGUAGE, "markdown")
    (tmp_path / "support.assistant.md").write_text(assistant, encoding="utf-8")
    (functions,) = fences(LANGUAGE, "python")
    (tmp_path / "checks.py").write_text(functions, encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "refunds.md").write_text("# Refunds\n\nWithin 30 days.\n", encoding="utf-8")
    return Path(tmp_path)


def test_every_example_of_the_language_is_one_working_project(examples, capsys):
    for target in ("local", "live"):
        assert run(["validate", "--target", target]) == 0, capsys.readouterr().err
    assert run(["apply", "--yes"]) == 0
    for name in ("refund", "busy-shop", "texts", "calls", "sources"):
        assert run(["test", "--name", name]) == 0, capsys.readouterr().out


@pytest.fixture
def target_example(request, tmp_path, monkeypatch) -> Path:
    """The project that the example of a kind of target is."""
    monkeypatch.chdir(tmp_path)
    [section] = re.findall(rf"^## {request.param}\n(.*?)(?=^## |\Z)", TARGETS, re.DOTALL | re.MULTILINE)
    (tmp_path / "orch.yaml").write_text(fences(section, "yaml")[0], encoding="utf-8")
    (tmp_path / "policy.md").write_text("Returns are taken within 30 days.\n", encoding="utf-8")
    return Path(tmp_path)


@pytest.mark.parametrize(
    ("target_example", "stand_ins"),
    [("agents", ["local", "classic"]), ("responses", ["local"])],
    indirect=["target_example"],
)
def test_the_example_of_a_target_works_on_the_local_stand_in(target_example, stand_ins, capsys):
    for target in ("openai", *stand_ins):
        assert run(["validate", "--target", target]) == 0, capsys.readouterr().err
    for target in stand_ins:
        assert run(["apply", "--yes", "--target", target]) == 0, capsys.readouterr().err
        assert run(["test", "--target", target]) == 0, capsys.readouterr().out
        assert run(["plan", "--detailed-exitcode", "--target", target]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("target_example", ["local"], indirect=True)
def test_the_example_of_the_local_target_works_by_script_and_with_a_real_model(target_example, capsys, monkeypatch):
    monkeypatch.setenv("MODEL_KEY", "sk-right")
    with app_on_port(Chat(key="sk-right").app) as url:
        file = target_example / "orch.yaml"
        written = file.read_text(encoding="utf-8")
        assert "http://127.0.0.1:11434/v1" in written
        file.write_text(written.replace("http://127.0.0.1:11434", url), encoding="utf-8")
        for target in ("scripted", "real"):
            assert run(["apply", "--yes", "--target", target]) == 0, capsys.readouterr().err
            assert run(["test", "--target", target]) == 0, capsys.readouterr().out


@pytest.fixture
def assistants_example(tmp_path, monkeypatch) -> Path:
    """The project that the example of the assistants target is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orch.yaml").write_text(fences(ASSISTANTS, "yaml")[0], encoding="utf-8")
    return Path(tmp_path)


def test_the_example_of_assistants_works_in_foundry_and_on_the_local_stand_in(assistants_example, capsys, monkeypatch):
    for target in ("local", "foundry"):
        assert run(["validate", "--target", target]) == 0, capsys.readouterr().err
    monkeypatch.setenv("PATH", str(az_of(assistants_example / "bin").parent), prepend=os.pathsep)
    model = ScriptedModel("my-deployment", RULES, render_later)
    with foundry_on_port(assistants_example, [model]) as (_, url):
        file = assistants_example / "orch.yaml"
        real = "https://HOST.services.ai.azure.com/api/projects/PROJECT"
        file.write_text(file.read_text(encoding="utf-8").replace(real, url), encoding="utf-8")
        for target in ("local", "foundry"):
            assert run(["apply", "--yes", "--target", target]) == 0, capsys.readouterr().err
            assert run(["plan", "--detailed-exitcode", "--target", target]) == 0, capsys.readouterr().out
        assert run(["test", "--target", "local"]) == 0, capsys.readouterr().out


def test_every_tool_of_foundry_has_a_line():
    for kind, settings in FOUNDRY.items():
        line = next(line for line in ASSISTANTS.splitlines() if line.startswith("| `") and f"`{kind}`" in line)
        said = line if kind != "bing_custom_search" else ASSISTANTS
        assert all(f"`{name}`" in said for name in settings.model_fields), kind


def test_every_field_of_one_wire_and_every_limit_has_a_line():
    for wire in WIRES:
        settings = get_args(Assistant.model_fields[wire].annotation)[0]
        for name, field in settings.model_fields.items():
            assert f"\n| `{wire}.{field.alias or name}` |" in TARGETS
    for limit in LIMITS:
        assert limit.path.rpartition(".")[2] in TARGETS


def test_the_example_that_runs_code_works(examples, capsys, sandbox):
    assert run(["apply", "--yes"]) == 0
    assert run(["test", "--tag", "code"]) == 0, capsys.readouterr().out


def test_every_check_has_an_example_and_a_line(examples):
    project = load(Ask(start=examples, cwd=examples, env={"ASSISTANTS_HOST": "assistants.example"}))
    shown = {
        key_among(check, CHECKS)
        for located in project.scenarios
        for _, check in walk([*located.scenario.checks, *(c for turn in located.scenario.turns for c in turn.checks)])
    }
    assert shown == set(CHECKS)
    for name in CHECKS:
        assert f"\n| `{name}: " in LANGUAGE or name == "python", name


def test_every_mock_and_every_way_to_ask_for_arguments_has_an_example_and_a_line(examples):
    project = load(Ask(start=examples, cwd=examples, env={"ASSISTANTS_HOST": "assistants.example"}))
    mocks = [mock for located in project.scenarios for _, _, mock in located_mocks(located.scenario)]
    given = [answer for mock in mocks for _, answer in answers(mock, ())]
    assert {key_among(each, MOCKS) for each in (*mocks, *given)} == set(MOCKS)
    ways = {way for mock in mocks if mock.when for way in mock.when.model_dump(by_alias=True, exclude_unset=True)}
    assert ways == {info.alias or name for name, info in When.model_fields.items()}
    for name in (*MOCKS, *ways):
        assert f"\n| `{name}: " in LANGUAGE, name


def shown_commands(text: str) -> list[tuple[str, str]]:
    """Give the commands of console blocks, each with the output shown under it."""
    blocks = "\n".join(fences(text, "console"))
    parts = re.split(r"^\$ (.*)\n", blocks, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_judges_work_as_shown(tmp_path, monkeypatch, capsys):
    section = re.split(r"^## ", SCENARIOS, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith("Judges\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["init"]) == 0
    [specs] = fences(text, "yaml")
    (tmp_path / "graded.yaml").write_text(specs, encoding="utf-8")
    assert run(["apply", "--yes"]) == 0
    shown = shown_commands(text)
    assert len(shown) == 3
    for command, expected in shown:
        capsys.readouterr()
        run(command.removeprefix("orch ").split())
        assert settled(capsys.readouterr().out) == settled(expected)


def test_repeats_and_comparing_work_as_shown(tmp_path, monkeypatch, capsys):
    section = re.split(r"^## ", SCENARIOS, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith("Repeats and comparing\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["init"]) == 0
    [scenario] = fences(text, "yaml")
    (tmp_path / "greeting.yaml").write_text(scenario, encoding="utf-8")
    assert run(["apply", "--yes"]) == 0
    for command, expected in shown_commands(text):
        command, _, elsewhere = command.partition(" > ")
        if elsewhere:  # what follows is seen after the change that the page tells of
            model = tmp_path / "gpt-4o.yaml"
            changed = model.read_text(encoding="utf-8").replace("Which order is it about?", "What can I do for you?")
            model.write_text(changed, encoding="utf-8")
        capsys.readouterr()
        run(command.removeprefix("orch ").split())
        if not elsewhere:
            moved = [
                re.sub(r"\([+-]\d+ %\)", "(SHARE)", settled(output)) for output in (capsys.readouterr().out, expected)
            ]
            assert moved[0] == moved[1]
    shutil.copy("before.json", "main.json")
    [script] = fences(text, "sh")
    orch = f'orch() {{ "{sys.executable}" -m orchestrator "$@"; }}\n'
    subprocess.run(["bash", "-c", orch + script], check=False, cwd=tmp_path, capture_output=True, timeout=120)
    assert "<b>regression</b> <code>greeting</code>" in (tmp_path / "comment.md").read_text(encoding="utf-8")


def test_migrating_works_as_shown(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    lines = [{"object": "list", "data": [TUTOR, STORE]}, *THREAD]
    (tmp_path / "export.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    shown = shown_commands(page)
    assert len(shown) == 2
    for command, expected in shown:
        capsys.readouterr()
        assert run(command.removeprefix("orch ").split()) == 0
        assert capsys.readouterr().out.rstrip() == expected.rstrip()
    [kept] = re.findall(r"`orch (migrate .*?)`", page.split("## Applications")[1])
    assert run(kept.replace("--into tutoring", "--into kept").split()) == 0


def test_running_works_as_shown(tmp_path, monkeypatch, capsys):
    section = re.split(r"^## ", SCENARIOS, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith("Running\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["init"]) == 0
    prices, scenario = fences(text, "yaml")
    with (tmp_path / "orch.yaml").open("a", encoding="utf-8") as file:
        file.write(prices)
    (tmp_path / "greeting.yaml").write_text(scenario, encoding="utf-8")
    assert run(["apply", "--yes"]) == 0
    codes = []
    for command, expected in shown_commands(text):
        command, _, elsewhere = command.partition(" > ")
        capsys.readouterr()
        codes.append(run(command.removeprefix("orch ").split()))
        output = capsys.readouterr().out
        if elsewhere:
            assert [item["taken_over"] for item in json.loads(output)["scenarios"]] == [True, False]
        else:
            assert settled(output) == settled(expected)
    assert codes == [0, 5, 0]


def test_matrix_and_data_work_as_shown(tmp_path, monkeypatch, capsys):
    section = re.split(r"^## ", SCENARIOS, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith("Matrix and data\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["init"]) == 0
    for number, block in enumerate(fences(text, "yaml")):
        (tmp_path / f"{number}.yaml").write_text(block, encoding="utf-8")
    [rows] = fences(text, "csv")
    (tmp_path / "orders.csv").write_text(rows, encoding="utf-8")
    assert run(["apply", "--yes"]) == 0
    assert len(shown_commands(text)) == 4
    for command, expected in shown_commands(text):
        capsys.readouterr()
        assert run(command.removeprefix("orch ").split()) == 0
        assert settled(capsys.readouterr().out) == settled(expected)
    assert run(["test", "--name", "thanks"]) == 0
    assert f"at most {MOST_CASES:,} cases" in text
    assert f"cut at {LONGEST} characters" in text
    recordings = (ROOT / "docs" / "recordings.md").read_text(encoding="utf-8")
    assert f"`{recording_name('where[model=gpt-5,usual]')}`" in recordings


def test_reports_and_their_parts_are_as_shown(tmp_path, monkeypatch, capsys):
    section = re.split(r"^## ", SCENARIOS, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith("Reports\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["init"]) == 0
    assert run(["apply", "--yes"]) == 0
    for command, expected in shown_commands(text):
        capsys.readouterr()
        assert run(command.removeprefix("orch ").split()) == 0
        assert settled(capsys.readouterr().out) == settled(expected)
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "comment.md").is_file()


def test_the_fewest_attempts_are_as_tabled():
    _, heading, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in SCENARIOS.splitlines()
        if re.match(r"\| (`require`|0\.\d+) \|", line) or line.startswith("|---|---|---|---|")
    ]
    assert heading == ["---"] * 4
    for require, *attempts in rows:
        expected = [get_least_attempts(float(require), confidence) for confidence in (0.9, 0.95, 0.99)]
        assert [int(number) for number in attempts] == expected
    assert len(rows) == 5


def test_talking_works_as_shown(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "orch.yaml").write_text(SHOP, encoding="utf-8")
    (tmp_path / "policy.md").write_text("Within 30 days.", encoding="utf-8")
    [(command, expected)] = shown_commands((ROOT / "docs" / "chat.md").read_text(encoding="utf-8"))
    assert run(["apply", "--yes", "--quiet"]) == 0
    said, _, chat = command.partition(" | orch ")
    capfd.readouterr()
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", *chat.split()],
        input=said.removeprefix("printf ").strip("'").replace("\\n", "\n"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.rstrip() == expected.rstrip()


def test_changing_models_works_as_shown(tmp_path, monkeypatch, capfd):
    ends = (datetime.now(UTC).date() + timedelta(days=52)).isoformat()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "orch.yaml").write_text(MODELS.replace("ENDS", ends), encoding="utf-8")
    assert run(["apply", "--yes", "--quiet"]) == 0
    shown = shown_commands((ROOT / "docs" / "models.md").read_text(encoding="utf-8"))
    assert len(shown) == 2
    for command, expected in shown:
        capfd.readouterr()
        run(command.removeprefix("orch ").split())
        printed = capfd.readouterr()
        text = re.sub(r"in 5[12] days", "in 52 days", printed.err) + printed.out
        assert settled(text) == settled(expected.replace("2027-01-14", ends))


def test_knowledge_works_as_shown(tmp_path):
    page = (ROOT / "docs" / "knowledge.md").read_text(encoding="utf-8")
    specs, questions, _ = fences(page, "yaml")
    [rows] = fences(page, "csv")
    (tmp_path / "docs").mkdir()
    for name, text in {"orch.yaml": specs, "questions.yaml": questions, "questions.csv": rows, **HANDBOOK}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    orch = f'orch() {{ "{sys.executable}" -m orchestrator "$@"; }}\n'
    shown = shown_commands(page)
    assert len(shown) == 21
    for command, expected in shown:
        done = subprocess.run(
            ["bash", "-c", orch + command],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert settled(done.stdout) == settled(expected), command


def test_every_kind_is_in_the_language_page_and_has_a_schema():
    for kind in KINDS:
        assert f"\n## {kind}\n" in LANGUAGE
        assert (ROOT / "schemas" / schema_file(kind)).is_file()


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_file_named_in_the_architecture_exists():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = "cli|spec|model|providers|reconcile|scenario|reporting|server|tests|docs"
    for name in re.findall(rf"`((?:{folders})/[\w./]*)`", text):
        assert (ROOT / "orchestrator" / name).exists() or (ROOT / name).exists(), name


def test_every_test_that_a_promise_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "reconciler.md").read_text(encoding="utf-8")))
    assert named
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in sources} == set()
