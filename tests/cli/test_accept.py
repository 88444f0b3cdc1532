"""`orch accept` on the example project: somebody changes the live assistant, and the specs follow."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_drift import change_outside

TUTOR = "assistant.math-tutor"
CLOSED = {"type": "object", "properties": {}, "additionalProperties": False, "required": []}


def live_body(folder: Path) -> dict[str, Any]:
    connection = sqlite3.connect(folder / ".orch" / "local.db")
    try:
        ((body,),) = connection.execute("select body from documents where kind = 'assistant'").fetchall()
    finally:
        connection.close()
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.fixture
def applied(orch, tutor) -> Path:
    assert orch("apply", "specs/").code == 0
    return Path(tutor)


@pytest.fixture
def take(orch, applied):
    """Change the live assistant, run accept, and see that nothing but the record is left for apply."""

    def call(*arguments: str, **values: Any):
        change_outside(applied / ".orch" / "local.db", **values)
        return orch("accept", TUTOR, *arguments, "--project", "specs/")

    return call


def pending(orch) -> list[str]:
    changes = json.loads(orch("plan", "specs/", "--format", "json").out)["changes"]
    return [field["path"] for change in changes for field in change["fields"]]


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and ".orch" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_values_go_where_they_came_from_and_the_diff_is_shown(orch, applied, take):
    (applied / "prompts" / "math-tutor.md").write_text("plain\n")
    assert orch("apply", "specs/").code == 0
    before = snapshot(applied)
    done = take(model="gpt-4.1", name="Tutor: three", instructions="새 지시\n둘째 줄")
    assert done.code == 0, done.err
    after = snapshot(applied)
    assert {name for name in after if after[name] != before[name]} == {"math-tutor.yaml", "prompts/math-tutor.md"}
    assert after["prompts/math-tutor.md"].decode() == "새 지시\n둘째 줄\n"
    old, new = before["math-tutor.yaml"].decode().splitlines(), after["math-tutor.yaml"].decode().splitlines()
    assert [line for line in new if line not in old] == ["display_name: 'Tutor: three'", "model: gpt-4.1"]
    assert len(old) == len(new)
    assert "+model: gpt-4.1" in done.out
    assert "--- specs/math-tutor.yaml" in done.out
    assert pending(orch) == []
    assert orch("drift", "specs/").code == 0
    assert orch("apply", "specs/").code == 0
    assert orch("plan", "specs/", "--detailed-exitcode").code == 0


def test_only_the_fields_named(orch, applied, take):
    assert take("model", model="other", name="Else").code == 0
    assert pending(orch) == ["display_name"]
    wrong = orch("accept", TUTOR, "temperature", "--project", "specs/")
    assert wrong.code == 64
    assert "changed outside: display_name" in wrong.err


def test_nothing_to_take_and_no_such_address(orch, applied):
    done = orch("accept", TUTOR, "--project", "specs/")
    assert (done.code, done.out) == (0, "")
    assert "nothing to take" in done.err
    missing = orch("accept", "assistant.math-tuto", "--project", "specs/")
    assert missing.code == 64
    assert f"did you mean `{TUTOR}`?" in missing.err


def test_what_is_not_live_cannot_be_taken(orch, tutor):
    done = orch("accept", TUTOR, "--project", "specs/")
    assert done.code == 1
    assert "is not live" in done.err


def test_tools_taken_out_and_options_changed(orch, applied, take):
    tools = [{"type": "file_search", "file_search": {"max_num_results": 3}}]
    scenarios = [file for file in (applied / "scenarios").iterdir() if "display_quiz" in file.read_text("utf-8")]
    refused = take(tools=tools)
    assert refused.code == 1  # scenarios speak of the function
    assert "display_quiz" in refused.err
    for file in scenarios:
        file.unlink()
    done = orch("accept", TUTOR, "--project", "specs/")
    assert done.code == 0, done.err
    text = (applied / "math-tutor.yaml").read_text("utf-8")
    assert "  - file_search: {vector_stores: [papers], max_num_results: 3}\n" in text
    assert "  - code_interpreter" not in text
    assert "display_quiz" not in text
    assert pending(orch) == []


def test_a_tool_added_outside(orch, applied, take):
    file = applied / "math-tutor.yaml"
    file.write_text(file.read_text("utf-8").replace("  - code_interpreter\n", ""), encoding="utf-8")
    assert orch("apply", "specs/").code == 0
    quiz = live_body(applied)["tools"]
    done = take(tools=[*quiz, {"type": "code_interpreter"}])
    assert done.code == 0, done.err
    assert "  - code_interpreter\n" in file.read_text("utf-8")
    assert pending(orch) == []


def test_a_functions_schema_goes_into_its_own_file(orch, applied, take):
    tools = live_body(applied)["tools"]
    quiz = next(tool for tool in tools if tool["type"] == "function")
    quiz["function"]["description"] = "다른 설명"
    quiz["function"]["parameters"]["properties"]["level"] = {"type": "integer"}
    before = snapshot(applied)
    done = take(tools=tools)
    assert done.code == 0, done.err
    after = snapshot(applied)
    assert {name for name in after if after[name] != before[name]} == {"display-quiz.yaml"}
    assert pending(orch) == []


def test_a_function_that_two_assistants_share_is_refused(orch, applied, take):
    (applied / "other.yaml").write_text("kind: Assistant\nname: other\nmodel: m\ntools: [{function: display_quiz}]\n")
    tools = live_body(applied)["tools"]
    next(tool for tool in tools if tool["type"] == "function")["function"]["description"] = "other"
    before = snapshot(applied)
    done = take(tools=tools)
    assert done.code == 1
    assert done.err.startswith("specs/display-quiz.yaml:")
    assert "assistant.other (tools.display_quiz.description) shares it" in done.err
    assert snapshot(applied) == before


def test_a_function_with_a_name_of_its_own_for_the_model(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text("kind: Project\nname: shop\ntargets: {local: {provider: local}}\n")
    (tmp_path / "a.yaml").write_text("kind: Assistant\nname: a\nmodel: m\ntools: [{function: f-2}]\n")
    (tmp_path / "b.yaml").write_text("kind: Assistant\nname: b\nmodel: m\ntools: [{function: f}]\n")
    (tmp_path / "f.yaml").write_text("kind: Function\nname: f\n")
    (tmp_path / "f-2.yaml").write_text("kind: Function\nname: f-2\ndisplay_name: f\ndescription: old\n")
    assert orch("apply", "--only", "assistant.a").code == 0
    tools = live_body(tmp_path)["tools"]
    assert [tool["function"]["name"] for tool in tools] == ["f"]
    tools[0]["function"]["description"] = "new"
    change_outside(tmp_path / ".orch" / "local.db", tools=tools)
    assert orch("accept", "assistant.a").code == 0
    assert (tmp_path / "f-2.yaml").read_text() == "kind: Function\nname: f-2\ndisplay_name: f\ndescription: new\n"
    assert (tmp_path / "f.yaml").read_text() == "kind: Function\nname: f\n"
    assert orch("drift").code == 0


def test_a_template_is_refused_where_it_stands(orch, applied, take):
    file = applied / "math-tutor.yaml"
    text = file.read_text("utf-8").replace("metadata: {team: education}", 'metadata: {team: "{{ vars.tone }}"}')
    file.write_text(text, encoding="utf-8")
    prompt = applied / "prompts" / "math-tutor.md"
    assert "{{" in prompt.read_text("utf-8")  # the example's prompt is a template too
    assert orch("apply", "specs/").code == 0
    before = snapshot(applied)
    done = take(instructions="new", model="other")
    assert done.code == 1
    assert done.err.startswith("specs/prompts/math-tutor.md:1:1: error: this prompt is a template")
    assert snapshot(applied) == before


def test_a_target_s_override_is_written_where_it_stands(orch, applied, take):
    file = applied / "orch.yaml"
    text = file.read_text("utf-8")
    override = "local: {provider: local, overrides: {assistant.math-tutor: {model: small, metadata: {team: b}}}}"
    file.write_text(text.replace("local: {provider: local}", override), encoding="utf-8")
    assert orch("apply", "specs/").code == 0
    before = snapshot(applied)
    done = take(model="large", name="X")
    assert done.code == 0, done.err
    after = snapshot(applied)
    assert {name for name in after if after[name] != before[name]} == {"orch.yaml", "math-tutor.yaml"}
    assert "{model: large, metadata: {team: b}}" in after["orch.yaml"].decode()
    assert "# SQLite in .orch/local.db" in after["orch.yaml"].decode()
    assert "model: gpt-4o" in after["math-tutor.yaml"].decode()
    assert pending(orch) == []


def test_what_the_spec_changed_too_is_taken_only_by_name(orch, applied, take):
    file = applied / "math-tutor.yaml"
    file.write_text(file.read_text("utf-8").replace("model: gpt-4o", "model: mine"), encoding="utf-8")
    done = take(model="theirs")
    assert done.code == 1
    assert "`model` was changed outside and in the spec" in done.err
    assert "model: mine" in file.read_text("utf-8")
    assert orch("accept", TUTOR, "model", "--project", "specs/").code == 0
    assert "model: theirs" in file.read_text("utf-8")
    assert pending(orch) == []


@pytest.mark.parametrize("text", ["ends in a line end\n", "\nbegins with one", "half a character \ud800"])
def test_a_text_that_would_not_read_back_is_not_written(orch, applied, take, text):
    (applied / "prompts" / "math-tutor.md").write_text("plain\n")
    assert orch("apply", "specs/").code == 0
    before = snapshot(applied)
    done = take(instructions=text)
    assert done.code == 1
    assert "edit it by hand" in done.err
    assert snapshot(applied) == before


def test_template_marks_in_a_live_text_stay_text(orch, applied, take):
    (applied / "prompts" / "math-tutor.md").write_text("plain\n")
    assert orch("apply", "specs/").code == 0
    assert take(instructions="use {{ braces }}, {% more %} and {% endraw %}", name="{{ x }}").code == 0
    assert pending(orch) == []


def test_an_assistant_in_markdown(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text("kind: Project\nname: shop\ntargets: {local: {provider: local}}\n")
    file = tmp_path / "support.assistant.md"
    file.write_text("---\nname: support  # who\nmodel: 'gpt-4o'\ntemperature: 0.5\n---\n\nBe kind.\n\nAlways.\n\n")
    assert orch("apply").code == 0
    change_outside(tmp_path / ".orch" / "local.db", instructions="Be brief.\nYes.", model="other", temperature=1.0)
    done = orch("accept", "assistant.support")
    assert done.code == 0, done.err
    expected = "---\nname: support  # who\nmodel: 'other'\ntemperature: 1\n---\n\nBe brief.\nYes.\n\n"
    assert file.read_text().replace("1.0", "1") == expected
    assert orch("drift").code == 0
    assert orch("apply").code == 0
    change_outside(tmp_path / ".orch" / "local.db", instructions=None)
    gone = orch("accept", "assistant.support")
    assert gone.code == 1
    assert gone.err.startswith("support.assistant.md:7:1: error: the instructions are gone on the target")


def test_several_documents_of_one_file_in_one_go(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text("kind: Project\nname: shop\ntargets: {local: {provider: local}}\n")
    file = tmp_path / "all.yaml"
    file.write_text(
        "kind: Assistant\nname: a\nmodel: m\ntools: [{function: f}]\nmetadata: {x: '1', y: '2'}\n"
        "---\n# a function\nkind: Function\nname: f\nstrict: false\n"
    )
    assert orch("apply").code == 0
    function = {"name": "f", "description": "does\nit", "strict": True, "parameters": CLOSED}
    metadata = live_body(tmp_path)["metadata"]
    del metadata["x"]
    change_outside(
        tmp_path / ".orch" / "local.db",
        tools=[{"type": "function", "function": function}],
        description="one\ntwo\nthree",
        metadata=metadata | {"y": "3"},
    )
    done = orch("accept", "assistant.a")
    assert done.code == 0, done.err
    assert "metadata: {y: '3'}\n" in file.read_text()
    assert "---\n# a function\nkind: Function\nname: f\nstrict: true\n" in file.read_text()
    assert "description" not in file.read_text().partition("---")[0]  # never declared: not ours to take
    assert orch("drift").code == 0


def test_an_anchor_that_others_use_is_not_changed_behind_their_back(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text(
        "kind: Project\nname: shop\ntargets:\n"
        "  local: {provider: local, overrides: {assistant.a: {metadata: &m {team: x}}}}\n"
        "  other: {provider: local, db: .orch/other.db, overrides: {assistant.a: {metadata: *m}}}\n"
    )
    (tmp_path / "a.yaml").write_text("kind: Assistant\nname: a\nmodel: m\n")
    assert orch("apply").code == 0
    before = snapshot(tmp_path)
    change_outside(tmp_path / ".orch" / "local.db", metadata=live_body(tmp_path)["metadata"] | {"team": "y"})
    done = orch("accept", "assistant.a")
    assert done.code == 1
    assert "would also change `targets.other.overrides.assistant.a.metadata.team`" in done.err
    assert snapshot(tmp_path) == before


def test_files_of_a_store_are_refused(orch, applied):
    connection = sqlite3.connect(applied / ".orch" / "local.db")
    with connection:
        connection.execute("delete from documents where kind = 'vector_store.file'")
        ((seq, body),) = connection.execute("select seq, body from documents where kind = 'vector_store'").fetchall()
        counts = json.loads(body) | {"file_counts": {"completed": 0, "in_progress": 0, "failed": 0, "total": 0}}
        connection.execute("update documents set body = ? where seq = ?", (json.dumps(counts), seq))
    connection.close()
    done = orch("accept", "vector_store.papers", "--project", "specs/")
    assert done.code == 1
    assert done.err.startswith("specs/papers.yaml:")
    assert "files are not taken from a target" in done.err


JUDGE = "# the grader\nkind: Judge\nname: strict\nmodel: gpt-4o # cheap\ncriteria: [answers]\n"


def test_of_a_judge_its_model_is_taken_and_what_orch_made_is_not(orch, tutor):
    (tutor / "math-tutor.yaml").unlink()
    shutil.rmtree(tutor / "scenarios")
    (tutor / "strict.yaml").write_text(JUDGE)
    assert orch("apply", "specs/").code == 0
    change_outside(tutor / ".orch" / "local.db", model="gpt-4.1", instructions="Be lenient.")
    done = orch("accept", "assistant.strict", "model", "--project", "specs/")
    assert done.code == 0, done.err
    assert (tutor / "strict.yaml").read_text() == JUDGE.replace("gpt-4o", "gpt-4.1")
    done = orch("accept", "assistant.strict", "instructions", "--project", "specs/")
    assert (done.code, "`instructions` of a judge is made by orch" in done.err) == (1, True)
