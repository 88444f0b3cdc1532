"""A recording as a file: back as it was, readable, whole or the old one, and errors that say where."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.model.conversation import (
    Call,
    Citation,
    CodeRun,
    Evidence,
    Failure,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.recording_file import (
    FORMAT,
    Recording,
    RecordingError,
    Step,
    from_data,
    read,
    same_talk,
    to_text,
    write,
)
from orchestrator.scenario.seen import Seen

SAW = Seen({"instructions": "aa"}, {"a.md": "bb"})
EVIDENCE = Evidence(
    (Search((Passage("file_1", "a.md", 0.5, "one\ntwo"),)),), (CodeRun("print(1)\nprint(2)", "1\n2\n", 1),)
)
CALLED = Reply(
    ReplyStatus.NEEDS_ANSWERS,
    calls=(Call("call_1", "f", {"text": "a\nb", "lines": ["a", "b"]}), Call("call_2", "g", {}, "{broken\n")),
    evidence=EVIDENCE,
    recorded_ms=12,
)
SAID = Reply(
    ReplyStatus.COMPLETED,
    (Message("one\n\ntwo", (Citation("file_1", "a.md", "[1]"),), ()), Message("")),
    usage=Usage(3, 4),
    failure=Failure("code", "why\nso"),
    recorded_ms=0,
)
WHOLE = Recording(
    SAW,
    (
        (Step(CALLED, user="안녕\n하세요"), Step(SAID, outputs={"call_1": "x\ny", "call_2": ""})),
        (Step(SAID, user="hi"),),
    ),
)


def test_what_is_written_is_read_back(tmp_path):
    file = tmp_path / "deep" / "quiz.json"
    write(file, to_text(WHOLE, Cleaner()))
    assert read(file, "quiz.json") == WHOLE
    assert [path.name for path in file.parent.iterdir()] == ["quiz.json"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\n\r"\\'), max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("text"), inner, max_size=3),
    max_leaves=6,
)
REPLIES = st.builds(
    Reply,
    status=st.sampled_from(ReplyStatus),
    messages=st.lists(st.builds(Message, TEXTS, st.tuples(st.builds(Citation, st.just("file_1"), TEXTS, TEXTS)))).map(
        tuple
    ),
    calls=st.tuples(
        st.builds(Call, st.just("call_1"), TEXTS, st.dictionaries(TEXTS, JSON_VALUES, max_size=3), st.none() | TEXTS)
    ),
    evidence=st.builds(Evidence, code_runs=st.lists(st.builds(CodeRun, TEXTS, TEXTS), max_size=2).map(tuple)),
    usage=st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    failure=st.none() | st.builds(Failure, TEXTS, TEXTS),
    recorded_ms=st.integers(0, 10**6),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.builds(Step, REPLIES, TEXTS, st.just({"call_1": "a\n"})), min_size=1, max_size=3).map(tuple))
def test_whatever_was_said_is_read_back(lane):
    recording = Recording(SAW, (lane,))
    assert from_data(json.loads(to_text(recording, Cleaner())), "quiz.json") == recording


def test_the_file_is_for_people():
    text = to_text(WHOLE, Cleaner())
    assert "안녕" in text
    assert text.endswith("}\n")
    data = json.loads(text)
    first, second = data["conversations"][0]
    assert list(first) == ["user", "reply"]
    assert first["user"] == ["안녕", "하세요"]
    assert first["reply"]["calls"][0]["arguments"] == {"text": "a\nb", "lines": ["a", "b"]}
    assert second["outputs"] == {"call_1": ["x", "y"], "call_2": ""}
    assert second["reply"]["messages"][0]["text"] == ["one", "", "two"]
    assert "citations" not in second["reply"]["messages"][1]


def test_secrets_and_ids_are_not_written():
    call = Call("call_abcdefghijklmnop", "f", {"key": "topsecret"})
    lane = (Step(Reply(ReplyStatus.NEEDS_ANSWERS, calls=(call,)), user="my topsecret"),)
    text = to_text(Recording(SAW, (lane,)), Cleaner(["topsecret"]))
    assert "topsecret" not in text
    assert "abcdefghijklmnop" not in text
    assert text.count("***") == 2


def test_the_same_talk_in_another_time_is_the_same(tmp_path):
    file = tmp_path / "quiz.json"
    assert not same_talk(file, to_text(WHOLE, Cleaner()))
    write(file, to_text(WHOLE, Cleaner()))
    slower = to_text(WHOLE, Cleaner()).replace('"recorded_ms": 12', '"recorded_ms": 99')
    assert "99" in slower
    assert same_talk(file, slower)
    assert not same_talk(file, slower.replace("하세요", "히"))


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    file = tmp_path / "quiz.json"
    write(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write(file, "new \ud800")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["quiz.json"]


def broken(change) -> str:
    data = json.loads(to_text(WHOLE, Cleaner()))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (to_text(WHOLE, Cleaner())[:200], "rec/quiz.json:", "restore it from git"),
        ("<<<<<<< HEAD\n{}\n", "rec/quiz.json:1:1: ", "record it again"),
        ("[]", "format: this is not a recording: expected 'orch.recording/1'", "record it again"),
        (broken(lambda d: d.update(format="orch.recording/2")), "orch.recording/2 is of a newer orch", "update orch"),
        (broken(lambda d: d.update(format="orch.recording/x")), "this is not a recording", "record it again"),
        (broken(lambda d: d.update(saw=1)), "quiz.json: saw", "record it again"),
        (broken(lambda d: d.update(conversations={})), "conversations: expected a list", "record it again"),
        (broken(lambda d: d["conversations"].append([1])), "conversations.2.0: ", "record it again"),
        (
            broken(lambda d: d["conversations"][1][0]["reply"].update(status="great")),
            "conversations.1.0.reply.status: ",
            "record it again",
        ),
        (
            broken(lambda d: d["conversations"][0][0]["reply"]["calls"][1].pop("name")),
            "conversations.0.0.reply.calls.1.name: Field required",
            "record it again",
        ),
        ("[" * 100_000, "rec/quiz.json", "record it again"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_with_a_next_step(tmp_path, text, said, hint):
    file = tmp_path / "quiz.json"
    file.write_text(text)
    with pytest.raises(RecordingError) as raised:
        read(file, "rec/quiz.json")
    assert raised.value.message.startswith("rec/quiz.json:")
    assert said in raised.value.message
    assert raised.value.hint
    assert hint in raised.value.hint


def test_bytes_that_are_no_text_and_a_folder_are_errors_too(tmp_path):
    file = tmp_path / "quiz.json"
    file.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(RecordingError, match="this is not a recording"):
        read(file, "quiz.json")
    with pytest.raises(RecordingError, match="cannot be read"):
        read(tmp_path, "quiz.json")


def test_the_format_is_named_in_the_file():
    assert json.loads(to_text(WHOLE, Cleaner()))["format"] == FORMAT == "orch.recording/1"
