"""`orch migrate`: exports become projects that validate, apply and play; ids are kept where that is asked for."""

import json
import re

import httpx2
import pytest

from orchestrator.providers.registry import CAPABILITIES
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
    assert "+ new/models/gpt-4o.yaml" in done.out
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


def test_what_each_kind_of_target_makes_of_it_is_told(orch, dump, tmp_path):
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    reply = {"type": "json_schema", "json_schema": {"name": "quiz", "strict": True, "schema": schema}}
    with dump.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps({**TUTOR, "id": "asst_2", "name": "Strict", "response_format": reply}))
    told = json.loads(orch("migrate", "dump.jsonl", "--into", "new", "--format", "json").out)["targets"]
    assert set(told) == set(CAPABILITIES)
    assert told["local"]["summary"] == {"carried": 24, "changed": 0, "refused": 0, "unseen": 0}
    fates = {(each["address"], each["path"]): each for each in told["agents"]["fields"]}
    refused = fates["assistant.math-tutor", "temperature"]
    line = (tmp_path / refused["file"]).read_text(encoding="utf-8").splitlines()[refused["line"] - 1]
    assert (refused["fate"], line) == ("refused", "temperature: 0.3")
    assert "overrides" in refused["instead"]
    changed = fates["assistant.strict", "response_format"]
    assert (changed["fate"], changed["file"]) == ("changed", "new/strict.yaml")
    assert '`response_format.json_schema.name` "quiz" becomes "reply"' in changed["message"]
    assert fates["assistant.strict", "model"]["fate"] == "carried"
    short = orch("migrate", "dump.jsonl", "--into", "new").out
    assert re.search(r"^  agents +17 fields as they are, 1 changed, 6 refused$", short, re.MULTILINE)
    assert "new/math-tutor.yaml:10:1" not in short
    whole = orch("migrate", "dump.jsonl", "--into", "new", "--verbose").out
    assert "    ! new/math-tutor.yaml:10:1  target agents has no temperature and top_p" in whole
    assert "    = fills in where nothing is declared: agents.service_tier" in whole


def test_the_refusals_told_are_those_of_validate(orch, dump, tmp_path):
    told = json.loads(orch("migrate", "dump.jsonl", "--into", "new", "--format", "json").out)["targets"]["agents"]
    with (tmp_path / "new" / "orch.yaml").open("a", encoding="utf-8") as file:
        file.write("  agents: {provider: local, speaks: agents}\n")
    found = json.loads(orch("validate", "new", "--target", "agents", "--format", "json").out)["diagnostics"]
    refused = {(each["message"], each["line"]) for each in told["fields"] if each["fate"] == "refused"}
    assert refused == {(each["message"], each["line"]) for each in found}
    assert len(refused) == 2


def test_the_report_to_keep_has_every_field_on_every_target(orch, dump):
    page = orch("migrate", "dump.jsonl", "--into", "new", "--format", "markdown").out
    assert f"| field | written at | {' | '.join(CAPABILITIES)} |" in page
    [row] = [line for line in page.splitlines() if line.startswith("| <code>temperature</code>")]
    assert "new/math-tutor.yaml:10" in row
    assert "| as it is |" in row
    assert "| refused |" in row
    assert "<code>batch</code> 1 object" in page
    assert "put its files into new/knowledge/papers/" in page


def test_what_specs_cannot_say_is_told_by_its_id(orch, dump, tmp_path):
    files = {"code_interpreter": {"file_ids": ["file-7"]}, "file_search": {"vector_store_ids": ["vs_late"]}}
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    coder = {**TUTOR, "id": "asst_2", "name": "Coder", "tools": tools, "tool_resources": files, "file_ids": ["file-8"]}
    late = {**STORE, "id": "vs_late", "name": "Late", "status": "expired"}
    picture = {**THREAD[1], "id": "msg_9", "thread_id": "thread_9", "attachments": [{"file_id": "file-2"}]}
    picture["content"] = [*text("Look"), {"type": "image_file", "image_file": {"file_id": "file-1"}}]
    answer = {**THREAD[2], "id": "msg_10", "thread_id": "thread_9"}
    nobody = {**THREAD[1], "id": "msg_11", "thread_id": "thread_11"}
    broken = '{"id": "asst_3", "object": "assis'
    with dump.open("a", encoding="utf-8") as file:
        lines = [*map(json.dumps, (coder, late, picture, answer, nobody)), broken]
        file.write("".join(f"\n{line}" for line in lines))
    done = orch("migrate", "dump.jsonl", "--into", "new", "--format", "json")
    assert done.code == 5, done.err
    report = json.loads(done.out)
    assert [each["where"] for each in report["broken"]] == ["dump.jsonl:13"]
    told = {(each["id"], each["message"]) for each in report["remarks"]}
    assert told == {
        ("asst_2", 'specs cannot express its `tool_resources.code_interpreter`: {"file_ids":["file-7"]}'),
        ("asst_2", 'specs cannot express its `file_ids`: ["file-8"]'),
        ("vs_late", "had expired, and with it what was in it; an apply makes a store that is not expired"),
        ("thread_9 (look)", "message 1: left out what is no text: image_file file-1, attachment file-2"),
        ("thread_11", "no scenario: no assistant ever answered"),
    }
    assert orch("validate", "new").code == 0


def test_a_talk_about_other_arguments_stops_nothing(orch, dump, tmp_path):
    step = json.loads(json.dumps(THREAD[4]))
    [made] = step["step_details"]["tool_calls"]
    again = json.loads(json.dumps(made))
    again["function"] |= {"arguments": '{"titel": "b"}', "output": "other"}
    step["step_details"]["tool_calls"].append(again)
    with dump.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(step)}")
    done = orch("migrate", "dump.jsonl", "--into", "new")
    assert done.code == 0, done.err
    assert "message 1: called display_quiz with arguments it does not take: its mock looks at none" in done.out
    assert "sequence" in (tmp_path / "new" / "scenarios" / "make-me-a-quiz.yaml").read_text(encoding="utf-8")


def test_a_spec_that_was_edited_is_known_again(orch, dump, tmp_path):
    orch("migrate", "dump.jsonl", "--into", "new")
    spec = tmp_path / "new" / "math-tutor.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("temperature: 0.3", "top_p: 0.5"), encoding="utf-8")
    newer = {**TUTOR, "id": "asst_2", "name": "Second"}
    with dump.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(newer)}")
    before = {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()}
    again = json.loads(orch("migrate", "dump.jsonl", "--into", "new", "--format", "json").out)
    assert {each["id"]: each["file"] for each in again["moved"]} == {
        "vs_old": None,
        "asst_old": None,
        "asst_2": "new/second.yaml",
    }
    after = {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert {path.name for path in after.keys() - before.keys()} == {"second.yaml", "second.md"}
    assert {path: after[path] for path in before} == before


def test_hostile_names_stay_in_the_folder(orch, tmp_path):
    evil = "../../../evil\x00/..\\x\u202e"
    function = {"type": "function", "function": {**FUNCTION, "name": "../../f"}}
    objects = [
        {**TUTOR, "name": evil, "tools": [{"type": "file_search"}]},
        {**TUTOR, "id": "../asst", "name": "/etc/passwd", "tools": []},
        {**TUTOR, "id": "asst_f", "name": "f\nkind: Project", "tools": [function], "tool_resources": {}},
        {**STORE, "name": evil},
        {"id": "f1", "object": "vector_store.file", "vector_store_id": "vs_old"},
        {"id": "f1", "object": "file", "filename": evil},
        {**THREAD[1], "thread_id": "../t", "content": text("../../../up and\x1b[2J away")},
        {**THREAD[2], "thread_id": "../t"},
    ]
    (tmp_path / "dump.json").write_text(json.dumps(objects), encoding="utf-8")
    done = orch("migrate", "dump.json", "--into", "a/b/c/new", "--verbose")
    assert done.code == 5, done.err
    assert "../../f" in done.out
    assert not {"\x1b", "\u202e", "\x00"} & set(done.out)
    inside = tmp_path / "a" / "b" / "c" / "new"
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "dump.json"]
    assert len(files) >= 5
    assert all(path.is_relative_to(inside) for path in files)
    assert orch("validate", "a/b/c/new").code == 0


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


def test_what_is_applied_already_is_not_loaded_beside_it(orch, dump, tmp_path):
    orch("migrate", "dump.jsonl", "--into", "new")
    assert json.loads(orch("plan", "new", "--format", "json").out)["summary"]["create"] == 2
    assert orch("apply", "new").code == 0
    assert orch("plan", "new").out.startswith("Nothing to do: 2 resources")
    done = orch("migrate", "dump.jsonl", "--into", "new", "--keep-ids")
    assert done.code == 1
    assert "is live on local as" in done.err
    assert "orch destroy --target local" in done.err
    assert orch("destroy", "new", "--yes").code == 0
    done = orch("migrate", "dump.jsonl", "--into", "new", "--keep-ids")
    assert done.code == 0, done.err
    assert orch("plan", "new").out.startswith("Nothing to do: 2 resources")
    assert "asst_old" in orch("list", "new").out


def test_ids_can_be_kept_later_as_long_as_nothing_is_applied(orch, dump):
    orch("migrate", "dump.jsonl", "--into", "new")
    assert orch("migrate", "dump.jsonl", "--into", "new", "--keep-ids").code == 0
    assert orch("plan", "new").out.startswith("Nothing to do: 2 resources")
    assert orch("apply", "new").code == 0
    listed = json.loads(orch("list", "new", "--format", "json").out)
    assert "asst_old" in json.dumps(listed)


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


def test_an_export_of_foundry_takes_its_own_tools_along(orch, dump, tmp_path):
    search = {"search_configurations": [{"connection_id": "/c/bing"}]}
    bing = {**TUTOR, "id": "asst_bing", "name": "Bing", "tools": [{"type": "bing_grounding", "bing_grounding": search}]}
    with dump.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps({**bing, 'tool_resources': {}})}")
    done = orch("migrate", "dump.jsonl", "--into", "new", "--format", "json")
    assert done.code == 0, done.err
    told = {
        target: {item["fate"] for item in made["fields"] if item["path"] == "tools.assistants:bing_grounding"}
        for target, made in json.loads(done.out)["targets"].items()
    }
    others = {target: {"unseen"} for target in set(told) - {"local", "assistants"}}
    assert told == {"local": {"refused"}, "assistants": {"carried"}, **others}
    assert "bing_grounding: {connection_id: /c/bing}" in (tmp_path / "new" / "bing.yaml").read_text()
    refused = orch("plan", "new")
    assert refused.code == 1
    assert "cannot take `tools.assistants:bing_grounding`" in refused.err
    kept = orch("migrate", "dump.jsonl", "--into", "kept", "--keep-ids")
    assert kept.code == 5
    assert "the target cannot take what it has at `tools.assistants:bing_grounding`" in kept.out
    assert (tmp_path / "kept" / "math-tutor.yaml").is_file()


def add(dump, *objects):
    with dump.open("a", encoding="utf-8") as file:
        file.write("".join(f"\n{json.dumps(each)}" for each in objects))


def test_a_model_that_is_scripted_already_keeps_its_script(orch, dump, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "orch.yaml").write_text("kind: Project\nname: new\ntargets: {local: {provider: local}}\n")
    (tmp_path / "new" / "model.yaml").write_text(MODEL, encoding="utf-8")
    done = orch("migrate", "dump.jsonl", "--into", "new")
    assert done.code == 0, done.err
    assert not (tmp_path / "new" / "models").exists()


def test_all_sixteen_pairs_of_metadata_get_a_spec_that_says_how_many_are_too_many(orch, dump, tmp_path):
    add(dump, {**TUTOR, "id": "asst_full", "name": "Full", "metadata": {f"k{n}": "v" for n in range(16)}})
    assert orch("migrate", "dump.jsonl", "--into", "new").code == 0
    written = (tmp_path / "new" / "full.yaml").read_text()
    assert "k15: v" in written
    assert "# Take 2 of its metadata away before it is applied." in written


@pytest.mark.parametrize("more", [(), ("--keep-ids",)])
def test_a_store_that_the_export_lacks_is_made_empty_and_said(orch, dump, tmp_path, more):
    searching = {"file_search": {"vector_store_ids": ["vs_gone"]}}
    add(dump, {**TUTOR, "id": "asst_2", "name": "Searcher", "tool_resources": searching})
    done = orch("migrate", "dump.jsonl", "--into", "new", *more)
    assert "- vs_gone  is searched by an assistant and not in the export" in done.out
    spec = (tmp_path / "new" / "searcher.yaml").read_text()
    assert "vector_stores: [vector-store-1]" in spec.replace("\n", " ") or "- vector-store-1" in spec
    assert orch("plan", "new").out.startswith("Nothing to do") is bool(more)


def test_an_id_that_no_application_can_ask_for_is_refused_before_anything_is_loaded(orch, dump, tmp_path):
    add(dump, {**TUTOR, "id": "../../evil", "name": "Evil"})
    done = orch("migrate", "dump.jsonl", "--into", "new", "--keep-ids")
    assert done.code == 64
    assert "'../../evil' is no id that an application can ask for; nothing was loaded" in done.err
    assert not (tmp_path / "new").exists()


def test_a_thread_of_two_assistants_says_whose_replies_are_whose(orch, dump):
    more = [{**each, "id": f"{each['id']}_b"} for each in THREAD[1:3]]
    more[0]["created_at"], more[1]["created_at"] = 1700000110, 1700000111
    more[1] |= {"assistant_id": "asst_2", "run_id": None}
    add(dump, {**TUTOR, "id": "asst_2", "name": "Other"}, *more)
    done = orch("migrate", "dump.jsonl", "--into", "new")
    assert "1 of its replies came from asst_2, and stand as those of asst_old" in done.out, done.out


def test_a_thread_whose_only_run_failed_was_answered_by_nobody(orch, dump):
    thread = {**THREAD[0], "id": "thread_f"}
    message = {**THREAD[1], "id": "msg_f", "thread_id": "thread_f"}
    add(dump, thread, message, {**THREAD[3], "id": "run_f", "thread_id": "thread_f", "status": "failed"})
    done = orch("migrate", "dump.jsonl", "--into", "new")
    assert "- thread_f  no scenario: no assistant ever answered" in done.out


def test_of_a_folder_what_can_be_read_is_read(orch, dump, tmp_path):
    folder = tmp_path / "mix"
    folder.mkdir()
    dump.rename(folder / "a.json")  # lines, whatever it is called
    (folder / "b.json").write_text('{"id": ')
    (folder / "c.json").write_text('{"id": \n' + json.dumps({**TUTOR, "id": "asst_c", "name": "Third"}))
    (folder / "d.jsonl").write_text(json.dumps({**TUTOR, "id": "asst_d", "name": "Fourth"}), encoding="utf-16")
    done = orch("migrate", "mix", "--into", "new")
    assert done.code == 5
    assert "! mix/b.json:1:8  this is not JSON" in done.out.replace(str(tmp_path) + "/", "")
    for file in ("math-tutor", "third", "fourth"):
        assert (tmp_path / "new" / f"{file}.yaml").exists(), done.out


def test_with_ids_kept_scenarios_and_applications_are_answered_by_the_script(orch, dump, tmp_path):
    assert orch("migrate", "dump.jsonl", "--into", "new", "--keep-ids").code == 0
    played = orch("test", "new")
    assert played.code == 0, played.out
