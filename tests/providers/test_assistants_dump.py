"""Exports are read however they were collected; what is no export says so with its place."""

import json
import tracemalloc

import pytest

from orchestrator.errors import UsageError
from orchestrator.model.address import Kind
from orchestrator.model.conversation import AnsweredCall, Said
from orchestrator.providers.assistants_dump import read_dump

TUTOR = {"id": "asst_1", "object": "assistant", "created_at": 5, "model": "gpt-4o", "name": "Tutor"}
STORE = {"id": "vs_1", "object": "vector_store", "created_at": 1, "name": "Papers"}
SEARCHING = {
    **TUTOR,
    "tools": [{"type": "file_search"}],
    "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
}


def message(id, role, text, at, thread="thread_1", **more):
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    item = {"id": id, "object": "thread.message", "thread_id": thread, "role": role, "created_at": at}
    return {**item, "content": content, "run_id": None, "assistant_id": None, **more}


def step(id, *calls, run="run_1", at=3):
    made = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments, "output": output}}
        for n, (name, arguments, output) in enumerate(calls)
    ]
    details = {"type": "tool_calls", "tool_calls": made}
    item = {"id": id, "object": "thread.run.step", "run_id": run, "thread_id": "thread_1", "created_at": at}
    return {**item, "step_details": details}


RUN = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "assistant_id": "asst_1", "created_at": 2}


@pytest.fixture
def read(tmp_path):
    def dump(*values, name="dump.json", text=None):
        file = tmp_path / name
        file.write_text(text if text is not None else "\n".join(map(json.dumps, values)), encoding="utf-8")
        return read_dump([file])

    return dump


@pytest.mark.parametrize(
    "value",
    [
        TUTOR,
        [TUTOR],
        {"object": "list", "data": [TUTOR], "has_more": False},
        {"exported": {"assistants": {"asst_1": TUTOR}}},
        [[{"body": json.loads(json.dumps(TUTOR))}]],
    ],
)
def test_an_object_is_found_wherever_it_lies(read, value):
    [live] = read(value).assistants
    assert (live.kind, live.id, live.fields["display_name"]) == (Kind.ASSISTANT, "asst_1", "Tutor")


def test_json_lines_folders_and_a_mark_at_the_beginning_are_read(read, tmp_path):
    assert len(read(TUTOR, {**TUTOR, "id": "asst_2"}, name="a.jsonl").assistants) == 2
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.ndjson").write_text("\ufeff" + json.dumps({**TUTOR, "id": "asst_3"}), encoding="utf-8")
    assert len(read_dump([tmp_path]).assistants) == 3


def test_of_one_that_is_there_twice_the_last_counts(read):
    dump = read(TUTOR, {**TUTOR, "name": "New"}, {"id": "x", "object": "batch"})
    assert [live.fields["display_name"] for live in dump.assistants] == ["New"]
    assert dump.ignored == {"batch": 1}


def test_what_an_earlier_project_noted_is_not_carried_over(read):
    marked = {**TUTOR, "metadata": {"orch.owner": "p/assistant.tutor", "orch.baseline": "x", "team": "maths"}}
    [live] = read(marked).assistants
    assert live.marks is None
    assert {path for path in live.fields if path.startswith("metadata.")} == {"metadata.team"}


def test_stores_that_are_searched_are_there_even_where_the_export_lacks_them(read):
    entry = {"id": "file-1", "object": "vector_store.file", "vector_store_id": "vs_1"}
    dump = read(
        SEARCHING, STORE, entry, {**entry, "id": "file-2"}, {"id": "file-1", "object": "file", "filename": "a.md"}
    )
    assert [(live.id, live.fields.get("display_name")) for live in dump.stores] == [("vs_1", "Papers")]
    assert [file.name for file in dump.files["vs_1"]] == ["a.md", "file-2"]
    assert [(live.id, dict(live.fields)) for live in read(SEARCHING).stores] == [("vs_1", {})]


def test_a_thread_is_told_in_order_with_what_was_called(read):
    dump = read(
        message("m3", "user", "thanks", 9),
        message("m2", "assistant", "here", 8, run_id="run_1", assistant_id="asst_1"),
        message("m1", "user", "quiz", 1),
        RUN,
        step("s1", ("quiz", '{"n": 1}', '"a"'), ("broken", "{", None)),
        {"id": "s2", "object": "thread.run.step", "run_id": "run_1", "thread_id": "thread_1", "step_details": {}},
    )
    [talk] = dump.talks
    calls = (AnsweredCall("quiz", {"n": 1}, None, '"a"'), AnsweredCall("broken", {}, "{", None))
    assert (talk.id, talk.assistant_id) == ("thread_1", "asst_1")
    assert talk.said == (Said("quiz", ("here",), calls), Said("thanks", ()))


def test_messages_of_one_second_are_in_the_order_of_the_list(read):
    oldest_first = [message("m1", "user", "a", 1), message("m2", "assistant", "b", 1), message("m3", "user", "c", 2)]
    for listed in (oldest_first, oldest_first[::-1]):
        [talk] = read({"object": "list", "data": listed}).talks
        assert [(each.user, each.replies) for each in talk.said] == [("a", ("b",)), ("c", ())]


def test_what_is_said_in_several_messages_and_what_is_no_text(read):
    picture = message("m2", "user", "see", 2, attachments=[{"file_id": "f"}])
    picture["content"].append({"type": "image_file", "image_file": {"file_id": "f"}})
    [talk] = read(message("m0", "assistant", "welcome", 0), message("m1", "user", "look", 1), picture).talks
    assert talk.said == (Said("look\n\nsee", (), (), ("image_file f", "attachment f")),)
    assert talk.lost == ("m0: left out, for the assistant said it before the user said anything",)


def test_calls_of_a_run_without_a_message_belong_to_what_was_said_before(read):
    dump = read(message("m1", "user", "a", 1), message("m2", "user", "b", 5), RUN, step("s1", ("f", "{}", "x")))
    [talk] = dump.talks
    assert len(talk.said) == 1, "both were said before anybody answered"
    answered = message("m3", "assistant", "ok", 3, run_id="run_0")
    dump = read(
        message("m1", "user", "a", 1), answered, message("m2", "user", "b", 5), RUN, step("s1", ("f", "{}", "x"))
    )
    [talk] = dump.talks
    assert [[call.name for call in each.calls] for each in talk.said] == [["f"], []]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "dump.json:1:1: this is not JSON"),
        ('{"a": 1', "dump.json:1:8: this is not JSON"),
        ('{"a": 1}\n{"b": \n', "dump.json:2: this line is not JSON"),
        ('{"a": 1}\n\n' + "[" * 100_000, "dump.json:3: this line is not JSON: nested too deep"),
        ("{}", "there are no assistants, vector stores or threads"),
        ('{"object": "assistant", "id": "asst_1"}', "asst_1: this is no assistant: it lacks model"),
        ('{"object": "thread.message", "id": "m", "role": "user"}', "it lacks thread_id, content"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_export_says_where_and_why(read, text, told):
    with pytest.raises(UsageError) as caught:
        read(text=text)
    assert told in caught.value.message


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    for path, told in (
        (tmp_path / "gone.json", "No such file"),
        (tmp_path / "latin.json", "this is not UTF-8: byte 7"),
    ):
        with pytest.raises(UsageError, match=told):
            read_dump([path])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no file in it"):
        read_dump([tmp_path / "empty"])


def test_a_broken_line_is_left_out_by_its_number_and_the_rest_goes_on(read):
    lines = [json.dumps(TUTOR), "", '{"id": "asst_2", "obj', json.dumps({**TUTOR, "id": "asst_3"})]
    dump = read(text="\n".join(lines), name="dump.jsonl")
    assert [live.id for live in dump.assistants] == ["asst_1", "asst_3"]
    [(where, why)] = dump.broken
    assert where.endswith("dump.jsonl:3")
    assert why.startswith("this line is not JSON: ")
    assert read(text="\n".join(lines[2:]), name="cut.jsonl").broken[0][0].endswith("cut.jsonl:1")


def test_what_unicode_calls_the_end_of_a_line_is_none(read):
    named = {**TUTOR, "name": "a\u2028b\x85c"}
    dump = read(text="\n".join(json.dumps(each, ensure_ascii=False) for each in (named, STORE)))
    assert [live.fields["display_name"] for live in dump.assistants] == ["a\u2028b\x85c"]
    assert dump.broken == []


def test_what_is_not_as_the_api_gives_it_is_left_out_by_its_id(read):
    dump = read(TUTOR, {**TUTOR, "id": "asst_2", "tools": "all"}, name="dump.jsonl")
    assert [live.id for live in dump.assistants] == ["asst_1"]
    assert dump.broken == [("asst_2", "this is no assistant: its `tools` is not as the API gives it")]


def test_what_orch_has_no_word_for_is_told(read):
    dump = read(
        {**TUTOR, "file_ids": ["file-9"]},
        {**STORE, "status": "expired"},
        {"id": "thread_2", "object": "thread", "tool_resources": {"file_search": {"vector_store_ids": ["vs_7"]}}},
    )
    assert dump.unsaid == [("asst_1", "file_ids", ["file-9"])]
    assert dump.expired == ("vs_1",)
    [talk] = dump.talks
    assert talk.lost == ("left out what a scenario cannot say of a thread: tool_resources",)


def test_what_replies_hold_besides_text_and_calls_of_no_run_are_told(read):
    reply = message("m2", "assistant", "see", 3, run_id="run_1", assistant_id="asst_1")
    reply["content"].append({"type": "image_file", "image_file": {"file_id": "file-3"}})
    lost = {**step("s9", ("f", "{}", "x"), run="run_9")}
    [talk] = read(message("m1", "user", "a", 1), reply, RUN, lost).talks
    assert talk.lost == (
        "m2: left out of a reply: image_file file-3",
        "s9: its calls are left out, for its run run_9 is not there",
    )


def test_an_export_takes_little_memory_however_long_its_lines_are(tmp_path):
    file = tmp_path / "dump.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for number in range(1500):
            thread = f"thread_{number}"
            said = message(f"m{number}", "user", "hi", 1, thread)
            run = {**RUN, "id": f"run_{number}", "thread_id": thread, "instructions": "Be kind. " * 1000}
            lines.write(f"{json.dumps(said)}\n{json.dumps(run)}\n")
    tracemalloc.start()
    try:
        dump = read_dump([file])
        talks = sum(1 for talk in dump.talks if talk.said)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert talks == 1500
    assert peak < file.stat().st_size / 4
