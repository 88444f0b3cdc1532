from typing import Any

import pytest

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref
from orchestrator.model.ownership import Baseline, Marks, files_digest
from orchestrator.providers.interface import Live, LiveFile
from orchestrator.reconcile.diff import after, awaited, covers, diff, mismatches, with_references
from tests.reconcile.building import FILE, OTHER_FILE, STORES, address, assistant, live, resource, store

DEFAULTS = {"temperature": 1, "response_format": "auto", "tools.file_search.max_num_results": 20}


def of(spec: dict[str, Any], now: dict[str, Any], was: dict[str, Any], **more: Any) -> list[tuple[Any, ...]]:
    desired = resource("assistant.tutor", spec, **more)
    found = diff(desired, live(desired, now, was), DEFAULTS)
    return [(change.path, change.old, change.new, change.who.value) for change in found]


@pytest.mark.parametrize(
    ("spec", "now", "was", "expected"),
    [
        pytest.param({"model": "a"}, {"model": "a"}, {"model": "a"}, [], id="nothing moved"),
        pytest.param({"model": "b"}, {"model": "a"}, {"model": "a"}, [("model", "a", "b", "spec")], id="spec moved"),
        pytest.param({"model": "a"}, {"model": "b"}, {"model": "a"}, [("model", "b", "a", "outside")], id="outside"),
        pytest.param({"model": "c"}, {"model": "b"}, {"model": "a"}, [("model", "b", "c", "both")], id="both moved"),
        pytest.param({"model": "b"}, {"model": "b"}, {"model": "a"}, [], id="both moved to the same"),
        pytest.param(
            {"temperature": 0.2}, {}, {"temperature": 0.2}, [("temperature", 1, 0.2, "default")], id="fell back, absent"
        ),
        pytest.param(
            {"temperature": 0.2},
            {"temperature": 1},
            {"temperature": 0.2},
            [("temperature", 1, 0.2, "default")],
            id="fell back",
        ),
        pytest.param({"temperature": 1}, {}, {}, [], id="declared what is the default anyway"),
        pytest.param({"temperature": 1.0}, {"temperature": 1}, {}, [], id="numbers compare as numbers"),
        pytest.param({"strict": True}, {"strict": 1}, {"strict": 1}, [("strict", 1, True, "spec")], id="true is no 1"),
        pytest.param({"d": None}, {}, {}, [], id="declared as nothing, nothing there"),
        pytest.param({"d": "x"}, {}, {"d": "x"}, [("d", None, "x", "outside")], id="removed outside"),
        pytest.param({"d": "x"}, {}, {}, [("d", None, "x", "spec")], id="newly declared, missing"),
        pytest.param({"temperature": 0}, {}, {}, [("temperature", 1, 0, "spec")], id="newly declared, at its default"),
        pytest.param({"d": "x"}, {"d": "y"}, {}, [("d", "y", "x", "both")], id="newly declared, set outside"),
        pytest.param({}, {"temperature": 0.2}, {}, [], id="never declared is left alone"),
        pytest.param(
            {}, {"temperature": 0.2}, {"temperature": 0.2}, [("temperature", 0.2, 1, "spec")], id="no longer declared"
        ),
        pytest.param(
            {}, {"temperature": 0.4}, {"temperature": 0.2}, [("temperature", 0.4, 1, "both")], id="dropped and moved"
        ),
        pytest.param({}, {"temperature": 1}, {"temperature": 0.2}, [], id="no longer declared, at its default"),
        pytest.param({}, {"d": "x"}, {"d": "x"}, [("d", "x", None, "spec")], id="no longer declared, no default"),
        pytest.param({"o": {"a": 1, "b": 2}}, {"o": {"b": 2, "a": 1}}, {}, [], id="key order means nothing"),
        pytest.param({"l": [1, 2]}, {"l": [2, 1]}, {"l": [1, 2]}, [("l", [2, 1], [1, 2], "outside")], id="list order"),
    ],
)
def test_who_moved(spec, now, was, expected):
    assert of(spec, now, was) == expected


@pytest.mark.parametrize(
    ("now", "was", "expected"),
    [
        pytest.param({"tools.b": "function"}, {}, [("tools.b", "function", None, "outside")], id="added outside"),
        pytest.param(
            {"tools.b": "function"},
            {"tools.b": "function"},
            [("tools.b", "function", None, "spec")],
            id="taken out of the spec",
        ),
        pytest.param(
            {"tools.b": "moved"},
            {"tools.b": "function"},
            [("tools.b", "moved", None, "both")],
            id="taken out, and moved",
        ),
        pytest.param({"tools.file_search.max_num_results": 20}, {}, [], id="filled in by the target"),
        pytest.param(
            {"tools.file_search.max_num_results": 5},
            {},
            [("tools.file_search.max_num_results", 5, 20, "outside")],
            id="set outside within the whole",
        ),
        pytest.param({"tools.b.description": None}, {}, [], id="nothing is nothing to remove"),
        pytest.param({"toolset": "x"}, {}, [], id="a prefix ends at a dot"),
        pytest.param({"tools.unknown:telepathy": {"type": "telepathy"}}, {}, [], id="beyond the language"),
    ],
)
def test_what_is_whole_is_the_whole_set(now, was, expected):
    assert of({}, now, was, whole={"tools"}) == expected


def test_ignored_fields_are_not_compared():
    spec = {"description": "a", "metadata.team": "x", "model": "m"}
    now = {"description": "b", "metadata.team": "y", "model": "n", "metadata.more": "z"}
    assert of(spec, now, spec, ignore=("description", "metadata")) == [("model", "n", "m", "outside")]
    assert of({}, {"metadata.team": "y"}, {"metadata.team": "y"}, ignore=("metadata.team",)) == []


def test_declared_changes_come_in_their_order_and_removed_ones_by_path():
    spec = {"model": "b", "display_name": "b"}
    now = {"display_name": "a", "model": "a", "z": 1, "a": 1}
    assert [path for path, *_ in of(spec, now, now)] == ["model", "display_name", "a", "z"]


def test_an_object_without_marks_has_no_baseline():
    desired = assistant(fields={"temperature": 0.5})
    found = diff(desired, Live(Kind.ASSISTANT, "asst_1", {"model": "x", "display_name": "tutor"}, None), DEFAULTS)
    assert [(c.path, c.who.value) for c in found] == [("model", "both"), ("temperature", "spec")]


A, B = 'files["a.md"]', 'files["b.md"]'


@pytest.mark.parametrize(
    ("spec", "now", "recorded", "expected"),
    [
        pytest.param({A: FILE}, None, "as declared", [], id="not read counts as equal"),
        pytest.param({A: FILE}, {A: FILE}, "as declared", [], id="equal"),
        pytest.param({A: FILE}, {}, "as declared", [(A, "outside")], id="removed outside"),
        pytest.param({A: FILE}, {A: FILE, B: FILE}, "as declared", [(B, "outside")], id="added outside"),
        pytest.param({A: OTHER_FILE}, {A: FILE}, {A: FILE}, [(A, "spec")], id="content moved in the spec"),
        pytest.param({A: FILE}, {A: FILE, B: FILE}, {A: FILE, B: FILE}, [(B, "spec")], id="taken out of the spec"),
        pytest.param({A: OTHER_FILE}, {}, {A: FILE}, [(A, "both")], id="both moved"),
        pytest.param({A: FILE}, {A: OTHER_FILE}, None, [(A, "spec")], id="without a record, other content of ours"),
        pytest.param({A: FILE}, {}, None, [(A, "spec")], id="never recorded, missing"),
        pytest.param(
            {A: FILE, B: FILE}, {A: OTHER_FILE}, None, [(A, "spec"), (B, "spec")], id="without a record, file by file"
        ),
        pytest.param({}, {A: FILE}, None, [(A, "spec")], id="without a record, ours and not declared"),
    ],
)
def test_files_move_as_one_set(spec, now, recorded, expected):
    desired = store(fields=spec, whole={"files"})
    digest = files_digest(recorded) if isinstance(recorded, dict) else recorded
    files = None if now is None else {path[7:-2]: LiveFile(f"file_{path}", value, True) for path, value in now.items()}
    fields = {"display_name": "papers"} | (now or {})
    found = diff(desired, live(desired, fields, files=files, recorded_files=digest), {})
    assert [(change.path, change.who.value) for change in found] == expected


def test_without_a_record_what_somebody_else_put_there_was_moved_outside():
    files = {"a.md": LiveFile("file_1", FILE, False)}
    desired = store(fields={}, whole={"files"})
    now = live(desired, {"display_name": "papers", A: FILE}, files=files, recorded_files=None)
    assert [(change.path, change.who.value) for change in diff(desired, now, {})] == [(A, "outside")]


def test_content_that_is_being_indexed_is_no_difference_and_is_not_sent_again():
    desired = store(fields={A: FILE})
    new = LiveFile("file_2", FILE, True, pending=True)
    files = {"a.md": LiveFile("file_1", OTHER_FILE, True, attempts=(new,))}
    now = live(desired, {"display_name": "papers", A: OTHER_FILE}, files=files, recorded_files=None)
    assert diff(desired, now, {}) == diff(desired, now, {}, retry_failed=True) == ()
    assert awaited(desired, now) == {A}


def test_files_no_longer_declared_at_all_go_where_they_are_ours():
    before = store(fields={A: FILE, B: FILE})
    files = {"a.md": LiveFile("file_1", FILE, True), "b.md": LiveFile("file_2", FILE, False)}
    now = live(before, before.fields, files=files)
    assert [change.path for change in diff(store(), now, {})] == [A]


def test_files_never_declared_are_left_alone():
    files = {"a.md": LiveFile("file_1", FILE, True)}
    now = live(store(), {"display_name": "papers", A: FILE}, files=files, recorded_files=None)
    assert diff(store(), now, {}) == ()


def test_ids_of_our_own_stores_become_references_and_others_stay():
    fields = {STORES: ["vs_1", "vs_9"], "model": "vs_1"}
    papers = address("vector_store.papers")
    assert with_references(fields, {"vs_1": papers}) == {STORES: [Ref(papers), "vs_9"], "model": "vs_1"}
    assert with_references({"model": "m"}, {"vs_1": papers}) == {"model": "m"}


def test_after_keeps_what_nobody_declared_and_takes_out_what_goes():
    desired = resource(
        "assistant.tutor", {"model": "b", "description": "ours"}, whole={"tools"}, ignore=("description",)
    )
    now = {
        "model": "a",
        "description": "theirs",
        "tools.quiz": "function",
        "tools.quiz.strict": False,
        "tools.quiz.description": None,
        "metadata.team": "x",
        "metadata.team.lead": "y",
        "temperature": 0.3,
    }
    was = {"metadata.team": "x", "tools.quiz": "function"}
    object_now = live(desired, now, was)
    changes = diff(desired, object_now, DEFAULTS)
    assert after(desired, object_now, changes) == {
        "model": "b",
        "description": "theirs",
        "metadata.team.lead": "y",
        "temperature": 0.3,
    }


def test_mismatches_name_field_asked_and_got():
    marks = Marks("p", Address(Kind.ASSISTANT, "a"), Baseline())
    got = Live(Kind.ASSISTANT, "asst_1", {"model": "b", A: {**FILE, "failed": "no text in it"}}, marks)
    asked = {"model": "a", "temperature": 0.2, "top_p": 1, A: FILE}
    assert mismatches(asked, frozenset(asked), got, {"temperature": 1, "top_p": 1}) == (
        f"{A}: not indexed: no text in it",
        "model: asked for 'a', got 'b'",
        "temperature: asked for 0.2, got 1",
    )
    assert mismatches({}, frozenset({"temperature"}), got, {"temperature": 1}) == ()
    assert mismatches({"d": "x" * 200}, frozenset({"d"}), got, {})[0] == f"d: asked for '{'x' * 76}…, got nothing"


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("tools", "tools.quiz", True),
        ("tools", "tools", True),
        ("files", 'files["a"]', True),
        ("tools", "toolset", False),
        ("tools.quiz", "tools", False),
        ("agents", "tools.agents:web_search", True),
        ("agents", "tools.assistants:mcp:docs", False),
    ],
)
def test_covers(prefix, path, expected):
    assert covers(prefix, path) is expected
