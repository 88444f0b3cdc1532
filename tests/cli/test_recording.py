"""`orch test --record` on real projects: recorded on the local target, replayed without, stale where they should be."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.cli.test_plan_apply import edit
from tests.cli.test_secrets import CANARY, nowhere, point
from tests.providers.building import on_port

HEAVY = {"openai", "starlette", "uvicorn", "httpx2", "sqlite3", "pypdf"}
CLERK = """\
kind: Assistant
name: clerk
model: gpt-4o
instructions: You file papers.
---
kind: Scenario
name: greet
assistant: clerk
turns: [{user: 고마워}]
"""
READER = """\
kind: Assistant
name: reader
model: gpt-4o
tools: [{file_search: {vector_stores: [papers]}}, {function: display_quiz}]
---
kind: Scenario
name: read
assistant: reader
turns: [{user: 고마워}]
"""


def offline_scenarios(tutor):
    """Leave out what needs a sandbox for code."""
    (tutor / "scenarios" / "fibonacci.yaml").unlink()


@pytest.fixture
def recorded(orch, tutor):
    """The example project and two more assistants, everything recorded."""
    offline_scenarios(tutor)
    (tutor / "clerk.yaml").write_text(CLERK)
    (tutor / "reader.yaml").write_text(READER)
    assert orch("apply", "specs/").code == 0
    done = orch("test", "specs/", "--record", "once")
    assert (done.code, done.err.splitlines()[-1]) == (0, "recordings in specs/recordings: 8 written")
    return tutor


def contents(tutor):
    return {file.name: file.read_bytes() for file in (tutor / "recordings").rglob("*") if file.is_file()}


def statuses(done):
    return {s["name"]: s["status"] for s in json.loads(done.out)["scenarios"]}


def stale(orch, *arguments):
    """Give the scenarios that fail offline, and check that each says why."""
    done = orch("test", "specs/", "--record", "none", "--format", "json", *arguments)
    failed = {name for name, status in statuses(done).items() if status == "failed"}
    assert done.code == (1 if failed else 0)
    problems = {
        scenario["name"]: scenario["attempts"][0]["turns"][0]["problem"]["message"]
        for scenario in json.loads(done.out)["scenarios"]
        if scenario["name"] in failed
    }
    assert all(text.startswith("the recording is stale: ") for text in problems.values())
    return problems


def test_recordings_are_replayed_without_a_target_a_database_or_an_apply(orch, recorded, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("clone") / "specs"
    shutil.copytree(recorded, elsewhere, ignore=shutil.ignore_patterns(".orch"))
    done = orch("test", str(elsewhere), "--record", "none", "--format", "json")
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert set(statuses(done).values()) == {"passed"}
    assert all(scenario["attempts"][0]["recorded"] for scenario in report["scenarios"])
    assert report["requests"] == 0
    assert report["usage"] == report["recorded_usage"]
    assert report["usage"]["input_tokens"] > 0
    assert not list((elsewhere / ".orch").glob("*.db*"))


def test_a_replay_imports_neither_the_sdk_nor_the_server(recorded):
    code = (
        "import sys\nfrom orchestrator.cli.main import run\n"
        "code = run(['test', 'specs/', '--record', 'none'])\n"
        f"print(code, sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=recorded.parent, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"
    assert "8 passed" in done.stdout


def test_a_changed_prompt_makes_its_own_scenarios_stale_and_no_other(orch, recorded):
    edit(recorded / "clerk.yaml", "You file papers.", "You file papers by colour.")
    assert stale(orch) == {
        "greet": "the recording is stale: instructions of assistant.clerk changed since this was recorded"
    }


def test_each_case_has_a_recording_that_its_own_changes_make_stale(orch, recorded):
    (recorded / "gpt-5.yaml").write_text("kind: ScriptedModel\nname: gpt-5\nrules: [{reply: five}]\n")
    matrix = "{model: [gpt-4o, gpt-5], variables: {said: [고마워, 고마워요]}}"
    text = CLERK.replace("고마워", '"{{ vars.said }}"') + f"matrix: {matrix}\n"
    (recorded / "clerk.yaml").write_text(text)
    done = orch("test", "specs/", "--name", "greet", "--record", "once")
    assert (done.code, done.err.splitlines()[-1]) == (0, "recordings in specs/recordings: 4 written")
    names = [file.name for file in (recorded / "recordings" / "local").glob("greet.*")]
    assert all(name.isascii() and "[" not in name for name in names)
    assert stale(orch, "--name", "greet") == {}
    five = "greet[model=gpt-5,said=고마워요]"
    done = orch("test", "specs/", "--name", five, "--record", "none", "--format", "json")
    [scenario] = json.loads(done.out)["scenarios"]
    assert (scenario["name"], scenario["attempts"][0]["turns"][0]["reply"]) == (five, "five")

    (recorded / "clerk.yaml").write_text(text.replace("고마워요", "정말 고마워"))
    done = orch("test", "specs/", "--name", "greet", "--record", "none")
    assert "2 failed, 2 passed" in done.out
    name = "greet[model=gpt-5,said=정말-고마워]"
    assert f"record it: `orch test --name '{name}' --target local --record once`" in done.out
    assert orch("test", "specs/", "--name", name, "--record", "once").code == 0

    edit(recorded / "clerk.yaml", "model: gpt-4o", "model: gpt-4")  # the assistant's own, which no case uses
    assert stale(orch, "--name", "greet[model=gpt-5,*") == {}


def test_a_changed_function_makes_those_stale_whose_assistants_have_it(orch, recorded):
    edit(recorded / "display-quiz.yaml", "kind: Function", "kind: Function\nstrict: false")
    assert stale(orch) == {}  # that is what it was without a word
    edit(recorded / "display-quiz.yaml", "[title, questions]", "[title]")
    problems = stale(orch)
    assert "greet" not in problems
    assert len(problems) == 7
    assert problems["read"].endswith("tools.display_quiz of assistant.reader changed since this was recorded")


def test_a_changed_document_makes_those_stale_who_search_it(orch, recorded):
    with (recorded / "papers" / "language-models.pdf").open("ab") as file:
        file.write(b"\n%%EOF\n")
    problems = stale(orch)
    assert "greet" not in problems
    assert "document papers/language-models.pdf changed" in problems["read"]
    assert len(problems) == 7


def test_a_changed_mock_makes_one_scenario_stale(orch, recorded):
    edit(recorded / "scenarios" / "quiz.yaml", "I don't know.", "No idea.")
    [(name, problem)] = stale(orch).items()
    assert name == "quiz"
    assert "the output of display_quiz in turn 1 changed" in problem
    assert "No idea." in problem


def test_what_people_read_and_checks_are_no_inputs(orch, recorded):
    edit(recorded / "math-tutor.yaml", "team: education", "team: sales")
    edit(recorded / "scenarios" / "quiz.yaml", "contains: 피드백", "contains: 피드")
    assert stale(orch) == {}


def test_recorded_anew_there_is_no_difference_byte_for_byte(orch, recorded):
    before = contents(recorded)
    done = orch("test", "specs/", "--record", "all")
    assert (done.code, done.err.splitlines()[-1]) == (0, "recordings in specs/recordings: 8 the same as before")
    assert contents(recorded) == before


def test_from_nothing_only_times_differ(orch, recorded):
    def untimed():
        kept = contents(recorded).items()
        return {name: [line for line in text.splitlines() if b"recorded_ms" not in line] for name, text in kept}

    before = untimed()
    shutil.rmtree(recorded / "recordings")
    orch("destroy", "specs/", "--yes")
    orch("apply", "specs/")
    assert orch("test", "specs/", "--record", "new").code == 0
    assert untimed() == before


def test_stale_records_what_changed_and_replays_the_rest(orch, recorded):
    edit(recorded / "clerk.yaml", "You file papers.", "You file papers by colour.")
    before = contents(recorded)
    assert orch("test", "specs/", "--record", "stale").code == 2  # the target is not what the specs say
    assert contents(recorded) == before
    orch("apply", "specs/")
    done = orch("test", "specs/", "--record", "stale", "--format", "json")
    report = json.loads(done.out)
    assert [s["name"] for s in report["scenarios"] if not s["attempts"][0]["recorded"]] == ["greet"]
    after = contents(recorded)
    assert {name for name in after if after[name] != before[name]} == {"greet.json"}
    assert stale(orch) == {}


def test_another_folder_and_its_hint(orch, recorded):
    done = orch("test", "specs/", "--name", "greet", "--record", "none", "--recordings", "kept")
    assert done.code == 1
    assert "there is no recording: kept/local/greet.json" in done.out
    assert done.err == ""
    assert "`orch test --name greet --target local --record once --recordings kept`" in done.out
    assert orch("test", "specs/", "--name", "greet", "--record", "once", "--recordings", "kept").code == 0
    assert (recorded.parent / "kept" / "local" / "greet.json").is_file()
    assert orch("test", "specs/", "--recordings", "kept").code == 64


def test_recordings_are_no_specs(orch, recorded):
    assert orch("validate", "specs/").code == 0


def test_without_record_nothing_is_read_or_written(orch, recorded):
    file = recorded / "recordings" / "local" / "greet.json"
    file.write_text("{")
    done = orch("test", "specs/", "--name", "greet")
    assert (done.code, file.read_text()) == (0, "{")
    assert "recorded" not in done.out + done.err


def test_a_remote_target_is_replayed_without_its_key_and_its_key_is_not_written(
    orch, tutor, tmp_path, tmp_path_factory, monkeypatch
):
    offline_scenarios(tutor)
    monkeypatch.setenv("CANARY_KEY", CANARY)
    (tutor / "scenarios" / "three-threads.yaml").unlink()
    for file in ("display-quiz.yaml", "math-tutor.yaml"):
        edit(tutor / file, "display_quiz", "quiz")  # what the server's model calls it
    quiz = tutor / "scenarios" / "quiz.yaml"
    turn = f"{{user: 'quiz? {CANARY}', mocks: {{quiz: {{returns: 'my key is {CANARY}'}}}}, checks: [contains: my key]}}"
    quiz.write_text(f"kind: Scenario\nname: quiz\nassistant: math-tutor\nturns:\n  - {turn}\n")
    with on_port(tmp_path_factory.mktemp("server"), api_key=CANARY) as url:
        point(tutor, url)
        assert orch("apply", "specs/").code == 0
        done = orch("test", "specs/", "--name", "quiz", "--record", "once")
        assert done.code == 0, done.out
    text = (tutor / "recordings" / "server" / "quiz.json").read_text()
    assert "quiz? ***" in text
    assert text.count("my key is ***") >= 2
    quiz.write_text(quiz.read_text().replace(CANARY, "***"))
    monkeypatch.delenv("CANARY_KEY")
    done = orch("test", "specs/", "--name", "quiz", "--record", "none")
    assert done.code == 0, done.out
    nowhere(tmp_path, done)


def test_a_check_in_python_finds_the_network_closed(orch, recorded):
    (recorded / "checks.py").write_text(
        "import urllib.request\n\ndef asks(exchanges):\n"
        "    return urllib.request.urlopen('http://127.0.0.1:9/', timeout=5).status == 200\n"
    )
    edit(recorded / "clerk.yaml", "{user: 고마워}", "{user: 고마워, checks: [{python: 'checks:asks'}]}")
    done = orch("test", "specs/", "--name", "greet", "--record", "none")
    assert done.code == 1
    assert "the network is closed while recordings are replayed" in done.out
    assert "Connection refused" in orch("test", "specs/", "--name", "greet", "--record", "once").out


def test_attempts_are_recorded_one_by_one(orch, recorded):
    assert orch("test", "specs/", "--name", "greet", "--repeat", "3", "--record", "new").code == 0
    data = json.loads((recorded / "recordings" / "local" / "greet.json").read_text())
    assert len(data["conversations"]) == 3
    done = orch("test", "specs/", "--name", "greet", "--repeat", "3", "--record", "none")
    assert (done.code, "3/3 passed" in done.out) == (0, True)
    assert orch("test", "specs/", "--name", "greet", "--repeat", "4", "--record", "none").code == 1


def test_what_could_not_be_recorded_is_told(orch, recorded):
    quiz = recorded / "scenarios" / "quiz.yaml"
    quiz.write_text(
        "\n".join(line for line in quiz.read_text().splitlines() if "mocks:" not in line and "{ret" not in line)
    )
    done = orch("test", "specs/", "--name", "quiz", "--record", "all", "--junit", "report.xml")
    assert done.code == 1
    assert "recordings in specs/recordings: 1 not written: no answer came" in done.err
    assert 'type="call"' in (recorded.parent / "report.xml").read_text()
    edit(recorded / "clerk.yaml", "You file papers.", "You file papers by colour.")
    orch("test", "specs/", "--name", "greet", "--record", "none", "--junit", "report.xml")
    assert 'type="recording"' in (recorded.parent / "report.xml").read_text()


def test_the_help_names_every_mode(orch):
    text = " ".join(orch("test", "--help").out.split())
    assert "none|once|new|stale|all" in text
    assert "--recordings DIR" in text


GRADED = """\
kind: Judge
name: strict
model: grader
criteria: [is polite]
votes: 2
---
kind: ScriptedModel
name: grader
rules: [{reply: '{"criteria": [{"number": 1, "quote": "천만에요", "reason": "It says so.", "verdict": "met"}]}'}]
---
kind: Scenario
name: graded
assistant: math-tutor
turns: [{user: 고마워, checks: [judge: strict]}]
---
kind: Scenario
name: graded-otherwise
assistant: math-tutor
turns: [{user: 고마워, checks: [judge: {by: strict, criteria: [is short]}]}]
"""


def test_judges_are_replayed_and_a_changed_rubric_makes_stale_exactly_who_is_graded_by_it(orch, tutor):
    offline_scenarios(tutor)
    (tutor / "graded.yaml").write_text(GRADED)
    assert orch("apply", "specs/").code == 0
    assert orch("test", "specs/", "--record", "once").code == 0
    assert stale(orch) == {}
    edit(tutor / "graded.yaml", "criteria: [is polite]", "criteria: [is kind]")
    problems = stale(orch)
    assert set(problems) == {"graded"}
    assert "the criteria of the judge strict of turn 1 changed since this was recorded" in problems["graded"]
    edit(tutor / "graded.yaml", "votes: 2", "instructions: Be strict.")
    problems = stale(orch)
    assert set(problems) == {"graded", "graded-otherwise"}
    assert "instructions of the judge strict changed since this was recorded" in problems["graded-otherwise"]
    assert orch("apply", "specs/").code == 0
    assert (
        orch("test", "specs/", "--record", "stale").err.splitlines()[-1] == "recordings in specs/recordings: 2 written"
    )
    assert stale(orch) == {}
