"""What the log of a run keeps comes back as it was; what is damaged is named by its line, half a line passed over."""

import json
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model import conversation as talk
from orchestrator.providers.scripted_conversation import says
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Problem, ScenarioResult, TurnResult, Verdict
from orchestrator.scenario.results_log import (
    Entry,
    Key,
    Log,
    ResultsLog,
    ResultsLogError,
    get_results_file,
    read_log,
    restored,
    to_entry,
)
from orchestrator.scenario.transcript import Exchange
from tests.reporting.conftest import CITED
from tests.scenario.finished import finished

KEY = Key("51f6", "09ab")
HEAD = Log("tutoring", "local", "2026-03-01T12:00:00Z")
CLEANER = Cleaner(["s3cr3t-value"])
STEADY = settings(max_examples=100, deadline=None, derandomize=True)


def unwritten(message):
    raise AssertionError(message)


def written(file, *results, kept=()):
    log = ResultsLog(file, HEAD, kept, unwritten)
    for result in results:
        log.add(to_entry(result, KEY, CLEANER))
    log.close()


@pytest.fixture
def file(tmp_path):
    return get_results_file(tmp_path, "local")


@pytest.mark.parametrize("name", ["quiz", "papers", "lookup", "busy"])
def test_a_result_comes_back_as_it_was(file, name):
    result = finished(name, [CITED, says("네.")] if name == "papers" else None)
    written(file, result)
    log = read_log(file, "results")
    assert log is not None
    assert (log.project, log.target, log.started, log.shown) == ("tutoring", "local", HEAD.started, "results")
    entry = log.entries[name]
    assert (entry.key, entry.status, entry.earlier, entry.line) == (KEY, result.status, False, 2)
    back = restored(entry, result.located, "results")
    assert back == replace(result, taken_over=True)


def test_half_a_surrogate_pair_becomes_what_a_file_can_hold(file):
    written(file, finished("papers"))
    log = read_log(file, "results")
    assert log is not None
    back = restored(log.entries["papers"], LOCATED, "results")
    assert back.attempts[0].turns[1].exchange.text == "네.\x1b[31m\n네.\ufffd"


texts = st.text()
problems = st.builds(Problem, texts, st.none() | texts, st.none() | texts)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
arguments = st.dictionaries(texts, json_values, max_size=3)
tuples = {"max_size": 2}
replies = st.builds(
    talk.Reply,
    status=st.sampled_from(talk.ReplyStatus),
    messages=st.lists(
        st.builds(
            talk.Message,
            texts,
            st.lists(st.builds(talk.Citation, texts, st.none() | texts, texts), max_size=2).map(tuple),
            st.lists(st.builds(talk.MadeFile, texts, st.none() | texts), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    calls=st.lists(st.builds(talk.Call, texts, texts, arguments, st.none() | texts), max_size=2).map(tuple),
    evidence=st.builds(
        talk.Evidence,
        st.lists(
            st.builds(
                talk.Search,
                st.lists(st.builds(talk.Passage, texts, texts, st.floats(0, 1), texts), max_size=2).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
        st.lists(st.builds(talk.CodeRun, texts, texts, st.integers(0, 9)), max_size=2).map(tuple),
        st.lists(texts, max_size=2).map(tuple),
    ),
    usage=st.builds(talk.Usage, st.integers(0, 9), st.integers(0, 9)),
    failure=st.none() | st.builds(talk.Failure, texts, texts),
    recorded_ms=st.none() | st.integers(0, 9),
)
durations = st.floats(0, 1e9)
verdicts = st.lists(st.builds(Verdict, texts, st.booleans(), st.floats(0, 1), texts, st.floats(0, 9)), max_size=2).map(
    tuple
)
exchanges = st.builds(
    Exchange,
    texts,
    st.lists(replies, max_size=2).map(tuple),
    st.lists(st.lists(st.builds(talk.Answer, texts, texts), max_size=2).map(tuple), max_size=2).map(tuple),
    st.none() | durations,
)
statuses = st.sampled_from(Status)
positions = st.builds(Position, texts, st.integers(1, 9), st.integers(1, 9))
warnings = st.lists(st.builds(Diagnostic, texts, positions, st.none() | texts, st.none() | texts), max_size=2)
attempts = st.builds(
    Attempt,
    statuses,
    st.lists(st.builds(TurnResult, statuses, exchanges, verdicts, durations, st.none() | problems), max_size=2).map(
        tuple
    ),
    verdicts,
    durations,
    st.integers(0, 9),
    st.none() | problems,
    st.none() | problems,
    warnings.map(tuple),
    st.none() | durations,
)
LOCATED = finished("quiz").located


@STEADY
@given(statuses, st.lists(attempts, min_size=1, max_size=2))
def test_whatever_a_result_holds_comes_back(status, made):
    result = ScenarioResult(LOCATED, status, tuple(made))
    line = json.dumps(to_entry(result, KEY, Cleaner()).attempts)
    entry = Entry("quiz", KEY, status, json.loads(line))
    assert restored(entry, LOCATED, "results") == replace(result, taken_over=True)


def test_no_secret_is_kept(file):
    result = finished("quiz")
    [attempt] = result.attempts
    leaky = "the key is s3cr3t-value, or sk-abcdefghijklmnopqrstuvwxyz"
    written(file, replace(result, attempts=(replace(attempt, problem=Problem(leaky, leaky)),)))
    text = file.read_text()
    assert "s3cr3t-value" not in text
    assert "sk-abcdef" not in text
    assert "the key is ***, or ***" in text


def test_a_line_is_there_as_soon_as_it_is_added_and_none_before(file):
    quiz, busy = finished("quiz"), finished("busy")
    log = ResultsLog(file, HEAD, (), unwritten)
    assert not file.exists()
    for number, result in enumerate((quiz, busy), start=2):
        log.add(to_entry(result, KEY, CLEANER))
        assert file.read_bytes().count(b"\n") == number
    log.close()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_log_before_stays_until_there_is_something_to_write(file):
    written(file, finished("quiz"))
    before = file.read_bytes()
    log = ResultsLog(file, HEAD, (), unwritten)
    assert file.read_bytes() == before
    log.close()
    assert file.read_bytes() == before
    written(file, finished("busy"))
    found = read_log(file, "results")
    assert found is not None
    assert list(found.entries) == ["busy"]


def test_what_is_kept_of_the_log_before_stands_first_and_says_of_when_it_is(file):
    written(file, finished("quiz"))
    before = read_log(file, "results")
    assert before is not None
    written(file, finished("busy"), kept=[replace(entry, earlier=True) for entry in before.entries.values()])
    after = read_log(file, "results")
    assert after is not None
    assert [(entry.name, entry.earlier) for entry in after.entries.values()] == [("quiz", True), ("busy", False)]
    assert after.entries["quiz"].attempts == before.entries["quiz"].attempts


@pytest.mark.parametrize("left", [1, 30, -2, -1])
def test_half_a_line_at_the_end_is_passed_over(file, left):
    written(file, finished("quiz"), finished("busy"))
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][:left])
    log = read_log(file, "results")
    assert log is not None
    assert list(log.entries) == ["quiz"]


def test_there_may_be_no_log(file):
    assert read_log(file, "results") is None


def damaged(file, change):
    written(file, finished("quiz"), finished("busy"))
    lines = file.read_bytes().splitlines(keepends=True)
    change(lines)
    file.write_bytes(b"".join(lines))
    return file


@pytest.mark.parametrize(
    ("number", "line", "said"),
    [
        (1, b"", "results:1: this is not a log of results: expected the format orch.results/1"),
        (1, b"[]\n", "results:1: this is not a log of results"),
        (1, b'{"format": "orch.results/2"}\n', "results:1: orch.results/2 is of another orch"),
        (1, b'{"format": "orch.results/1"}\n', "results:1: this is not a log of results"),
        (2, b"{\n", "results:2: this is no JSON: "),
        (2, b"\xff\n", "results:2: this is no JSON: "),
        (2, b"[" * 100_000 + b"\n", "results:2: this is no JSON: "),
        (2, b"\n", "results:2: this is no JSON: "),
        (2, b'{"name": "quiz"}\n', "results:2: this is not what came of a scenario"),
        (3, b'{"name": "q", "key": {}, "status": "passed", "attempts": []}\n', "results:3: this is not what came"),
    ],
)
def test_a_damaged_line_is_named(file, number, line, said):
    damaged(file, lambda lines: lines.__setitem__(number - 1, line))
    with pytest.raises(ResultsLogError) as caught:
        read_log(file, "results")
    assert caught.value.message.startswith(said)
    assert caught.value.hint
    assert "without --resume" in caught.value.hint


def test_an_empty_file_is_no_log(file):
    file.parent.mkdir()
    file.write_bytes(b"")
    with pytest.raises(ResultsLogError, match="results:1: this is no JSON"):
        read_log(file, "results")


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        ([], "results:7: attempts: there is none"),
        ([{}], "results:7: attempts.0.status: Field required"),
        ([{"status": "great", "turns": [], "verdicts": [], "duration_ms": 1, "requests": 1}], "results:7: attempts.0"),
    ],
)
def test_a_damaged_attempt_is_named_when_it_is_wanted(attempts, said):
    with pytest.raises(ResultsLogError) as caught:
        restored(Entry("quiz", KEY, Status.PASSED, attempts, line=7), LOCATED, "results")
    assert caught.value.message.startswith(said)


def test_a_log_that_cannot_be_written_is_told_of_once_and_ends_nothing(tmp_path):
    (tmp_path / ".orch").write_text("in the way")
    told: list[str] = []
    log = ResultsLog(get_results_file(tmp_path, "local"), HEAD, (), told.append)
    for _ in range(2):
        log.add(to_entry(finished("quiz"), KEY, CLEANER))
    log.close()
    [message] = told
    assert message.startswith("the results are not kept: ")


def test_a_duration_without_end_is_kept(file):
    result = finished("quiz")
    written(file, replace(result, attempts=(replace(result.attempts[0], duration_ms=inf),)))
    log = read_log(file, "results")
    assert log is not None
    assert restored(log.entries["quiz"], LOCATED, "results").attempts[0].duration_ms == inf
