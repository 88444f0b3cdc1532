import json

import pytest

from orchestrator.model.address import Kind
from orchestrator.model.ownership import Marks
from orchestrator.providers.interface import Live
from orchestrator.reconcile.adopt import Refused
from orchestrator.reconcile.picks import Skipped
from orchestrator.reporting.import_report import Imported, ImportReport, import_json, import_text
from tests.reconcile.building import address

A = Imported(address("assistant.a"), "asst_1", "specs/a.yaml")
B = Imported(address("vector_store.b"), "vs_2", None)
HOSTILE = Live(Kind.ASSISTANT, "asst_3", {"display_name": "x\ny\x1b[2J\ud800"}, None)
THEIRS = Skipped(Live(Kind.ASSISTANT, "asst_4", {}, Marks("other", A.address)), "other/assistant.a")
OURS = Skipped(Live(Kind.ASSISTANT, "asst_5", {}, Marks("shop", A.address)), "shop/assistant.a")


def report(imported=(), refused=(), skipped=(), files=()) -> ImportReport:
    return ImportReport("shop", "local", imported, refused, skipped, files, 4)


def test_what_was_imported_refused_and_left():
    made = report((A, B), (Refused(HOSTILE, "why\x1b"),), (THEIRS, OURS), ("specs/a.yaml",))
    assert import_text(made).plain == (
        "Imported\n  + assistant.a  asst_1  specs/a.yaml\n  + vector_store.b  vs_2  declared already\n\n"
        "Refused\n  ! asst_3  x y\\x1b[2J\\ud800\n      not imported: why\\x1b\n\n"
        "Left alone\n    asst_4\n      owned: other/assistant.a\n\n"
        "Imported: 2 objects. 1 not imported. 1 file written.\n4 requests"
    )


def test_the_report_for_scripts():
    made = report((A, B), (Refused(HOSTILE, "why"),), (OURS,), ("specs/a.yaml",))
    assert json.loads(json.dumps(import_json(made)).encode()) == {
        "format": "orch.import/1",
        "project": "shop",
        "target": "local",
        "summary": {"imported": 2, "refused": 1, "skipped": 1},
        "imported": [
            {"address": "assistant.a", "id": "asst_1", "file": "specs/a.yaml"},
            {"address": "vector_store.b", "id": "vs_2", "file": None},
        ],
        "refused": [{"kind": "assistant", "id": "asst_3", "name": "x\ny\x1b[2J\ufffd", "reason": "why"}],
        "skipped": [{"kind": "assistant", "id": "asst_5", "name": None, "owner": "shop/assistant.a", "hint": None}],
        "files": ["specs/a.yaml"],
        "requests": {"total": 4},
    }


@pytest.mark.parametrize(
    ("imported", "refused", "code"),
    [((A,), (), 0), ((), (), 0), ((A,), (Refused(HOSTILE, "x"),), 5), ((), (Refused(HOSTILE, "x"),), 1)],
)
def test_the_exit_code(imported, refused, code):
    assert report(imported, refused).exit_code == code


def test_nothing_to_import():
    assert import_text(report(skipped=(OURS,))).plain == "Nothing to import: everything is owned already.\n4 requests"
