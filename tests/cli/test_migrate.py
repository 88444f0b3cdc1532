"""`orch migrate`: exports become projects that validate, apply and play; ids are kept where that is asked for."""

import json

import httpx2
import pytest

from orchestrator.server.store import Store
from tests.providers.building import on_port

FUNCTION = {
    "name": "display_quiz",
    "description": "Shows a quiz",
    "parameters": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
    "strict": False,
}
TUTOR = {
    "id": "asst_old",
    "object": "assistant",
    "created_at": 1700000000,
    "name": "Math Tutor",
    "description": None,
    "model": "gpt-4o",
    "instructions": "You are a tutor.\nUse {{braces}}.",
    "tools": [{"type": "file_search"}, {"type": "function", "function": FUNCTION}],
    "tool_resources": {"file_search": {"vector_store_ids": ["vs_old"]}},
    "metadata": {"team": "maths", "orch.owner": "elsewhere/assistant.tutor"},
    "temperature": 0.3,
    "top_p": 1.0,
    "response_format": "auto",
}
STORE = {"id": "vs_old", "object": "vector_store", "created_at": 1700000000, "name": "Papers", "metadata": {}}


def text(value):
    return [{"type": "text", "text": {"value": value, "annotations": []}}]


THREAD = [
    {"id": "thread_old", "object": "thread", "created_at": 1700000100, "metadata": {}},
    {
        "id": "msg_1",
        "object": "thread.message",
        "thread_id": "thread_old",
        "created_at": 1700000101,
        "role": "user",
        "content": text("Make me a {{ quiz }} please"),
    },
    {
        "id": "msg_2",
        "object": "thread.message",
        "thread_id": "thread_old",
        "created_at": 1700000104,
        "role": "assistant",
        "assistant_id": "asst_old",
        "run_id": "run_old",
        "content": text("Well done!"),
    },
    {
        "id": "run_old",
        "object": "thread.run",
        "thread_id": "thread_old",
        "assistant_id": "asst_old",
        "created_at": 1700000102,
        "status": "completed",
    },
    {
        "id": "step_old",
        "object": "thread.run.step",
        "run_id": "run_old",
        "thread_id": "thread_old",
        "created_at": 1700000103,
        "step_details": {
            "type": "tool_calls",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "display_quiz", "arguments": '{"title": "a"}', "output": '["x"]'},
                }
            ],
        },
    },
]
MODEL = """\
kind: ScriptedModel
name: gpt-4o
rules:
  - {user: quiz, call: [{name: display_quiz, arguments: {title: b}}]}
  - {after: display_quiz, reply: "Well done! {{ outputs[0] }}"}
"""


@pytest.fixture
def dump(tmp_path):
    file = tmp_path / "dump.jsonl"
    lines = [{"object": "list", "data": [TUTOR, STORE]}, *THREAD, {"id": "batch_1", "object": "batch"}]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def test_an_export_becomes_a_project_that_applies_and_plays(orch, dump, tmp_path):
    done = orch("migrate", "dump.jsonl", "--into", "new")
    assert done.code == 0, done.err
    for part in ("assistant.math-tutor  asst_old  new/math-tutor.yaml", "new/scenarios/make-me-a-quiz.yaml", "batch"):
        assert part in done.out
    assert "vector_store.papers  put its files into new/knowledge/papers/ and declare them" in done.out
    (tmp_path / "new" / "model.yaml").write_text(MODEL, encoding="utf-8")
    assert orch("apply", "new").code == 0
    assert orch("plan", "new").out.startswith("Nothing to do: 2 resources")
    played = orch("test", "new", "--json", "report.json")
    assert played.code == 0, played.out
    [scenario] = json.loads((tmp_path / "report.json").read_text())["scenarios"]
    [turn] = scenario["attempts"][0]["turns"]
    assert turn["user"] == "Make me a {{ quiz }} please"
    assert [call["output"] for call in turn["tool_calls"]] == ['["x"]']


def test_migrating_again_adds_nothing(orch, dump, tmp_path):
    orch("migrate", "dump.jsonl", "--into", "new")
    before = {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()}
    again = orch("migrate", "dump.jsonl", "--into", "new", "--format", "json")
    assert again.code == 0, again.err
    report = json.loads(again.out)
    assert (report["format"], report["scenarios"]) == ("orch.migrate/1", [])
    assert {item["file"] for item in report["moved"]} == {None}
    assert {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()} == before


def test_what_cannot_be_carried_over_is_named_and_the_rest_is(orch, dump, tmp_path):
    odd = {**TUTOR, "id": "asst_odd", "name": "Odd", "tools": [{"type": "browser"}], "tool_resources": {}}
    orphan = [{**each, "id": f"{each['id']}_2", "thread_id": "thread_2"} for each in THREAD[1:3]]
    orphan[1]["assistant_id"] = "asst_gone"
    with dump.open("a", encoding="utf-8") as file:
        file.write("".join(f"\n{json.dumps(each)}" for each in (odd, *orphan)))
    done = orch("migrate", "dump.jsonl", "--into", "new")
    assert done.code == 5
    assert "! asst_odd  Odd" in done.out
    assert "a tool that specs do not know: browser" in done.out
    assert "thread_2  no scenario: its assistant asst_gone has no spec" in done.out
    assert (tmp_path / "new" / "math-tutor.yaml").is_file()


def test_into_a_project_that_is_there(orch, tutor, dump):
    done = orch("migrate", "dump.jsonl", "--into", "specs/old")
    assert done.code == 0, done.err
    assert (tutor / "old" / "math-tutor-2.yaml").is_file()
    assert not (tutor / "old" / "orch.yaml").exists()
    assert orch("validate", "specs/").code == 0


def test_ids_are_kept_and_applications_go_on(orch, dump, tmp_path, monkeypatch):
    done = orch("migrate", "dump.jsonl", "--into", "kept", "--keep-ids")
    assert done.code == 0, done.err
    assert "Target local knows them by their old ids." in done.out
    assert "Nothing to do" in orch("plan", "kept").out
    with Store.open(tmp_path / "kept" / ".orch" / "local.db") as store:
        assert store.fetch("assistant", "asst_old") is not None
    (tmp_path / "served").mkdir()
    (tmp_path / "kept" / ".orch" / "local.db").rename(tmp_path / "served" / "server.db")
    with on_port(tmp_path / "served") as url, httpx2.Client(base_url=url) as client:
        assistant = client.get("/assistants/asst_old").json()
        assert assistant["tool_resources"]["file_search"]["vector_store_ids"] == ["vs_old"]
        assert assistant["metadata"]["team"] == "maths"
        assert client.get("/vector_stores/vs_old").json()["file_counts"]["total"] == 0
        said = client.get("/threads/thread_old/messages", params={"order": "asc"}).json()["data"]
        assert [each["id"] for each in said] == ["msg_1", "msg_2"]
        steps = client.get("/threads/thread_old/runs/run_old/steps").json()["data"]
        assert [each["id"] for each in steps] == ["step_old"]
    again = orch("migrate", "dump.jsonl", "--into", "kept", "--keep-ids")
    assert again.code == 0, again.err


def test_ids_are_kept_by_an_embedded_server_only(orch, tutor, dump):
    done = orch("migrate", "dump.jsonl", "--into", "specs/old", "--keep-ids", "--target", "server")
    assert done.code == 64
    assert "target server gives ids of its own" in done.err
    assert not (tutor / "old").exists()


@pytest.mark.parametrize("arguments", [["gone.json"], ["empty.json"]])
def test_nothing_is_left_where_there_is_no_export(orch, tmp_path, arguments):
    (tmp_path / "empty.json").write_text("{}")
    done = orch("migrate", *arguments, "--into", "new")
    assert (done.code, (tmp_path / "new").exists()) == (64, False)


def test_a_project_that_does_not_load_stays_as_it_was(orch, tutor, dump):
    (tutor / "broken.yaml").write_text("kind: Assistnt\n")
    before = sorted(tutor.rglob("*"))
    assert orch("migrate", "dump.jsonl", "--into", "specs/old").code == 1
    assert sorted(tutor.rglob("*")) == before
