import json
from dataclasses import replace

from orchestrator.errors import TargetBusyError
from orchestrator.providers.memory import Fault, MemoryProvider
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reporting.apply_json import apply_json
from orchestrator.reporting.apply_text import apply_text
from orchestrator.reporting.plan_json import plan_json
from orchestrator.reporting.plan_text import plan_text
from tests.reconcile.building import FILE, applied, assistant, planned, project, searcher, store


def test_a_plan_in_the_contracts_shape():
    provider = MemoryProvider()
    applied(provider, project(assistant("old"), assistant("tutor", {"temperature": 0.2})))
    resources = project(assistant("tutor", {"temperature": 0.3}), searcher("lib", "papers"), store())
    plan = planned(provider, resources)
    marks = [change.marks.to_metadata() for change in plan.changes if change.marks is not None]
    assert plan.changes[0].seen is not None
    saved = json.loads(json.dumps(plan_json(plan)))
    assert len(saved.pop("seal")) == 64
    assert saved == {
        "format": "orch.plan/1",
        "project": "tutoring",
        "target": "local",
        "endpoint": "",
        "hash": plan.hash,
        "summary": {"create": 2, "update": 1, "replace": 0, "delete": 0, "noop": 0, "blocked": 0},
        "changes": [
            {
                "address": "assistant.tutor",
                "action": "update",
                "id": "asst_2",
                "blocked_by": None,
                "moved_from": None,
                "fields": [{"path": "temperature", "old": 0.2, "new": 0.3, "who": "spec"}],
                "after": dict(plan.changes[0].after),
                "marks": marks[0],
                "seen": {"fingerprint": plan.changes[0].seen.fingerprint, "files": False},
                "depends_on": [],
            },
            {
                "address": "vector_store.papers",
                "action": "create",
                "id": None,
                "blocked_by": None,
                "moved_from": None,
                "fields": [{"path": "display_name", "old": None, "new": "papers", "who": "spec"}],
                "after": {"display_name": "papers"},
                "marks": marks[1],
                "seen": None,
                "depends_on": [],
            },
            {
                "address": "assistant.lib",
                "action": "create",
                "id": None,
                "blocked_by": None,
                "moved_from": None,
                "fields": [
                    {"path": "display_name", "old": None, "new": "lib", "who": "spec"},
                    {"path": "model", "old": None, "new": "gpt-4o", "who": "spec"},
                    {"path": "tools.file_search", "old": None, "new": "file_search", "who": "spec"},
                    {
                        "path": "tools.file_search.vector_stores",
                        "old": None,
                        "new": ["${vector_store.papers}"],
                        "who": "spec",
                    },
                ],
                "after": {
                    "display_name": "lib",
                    "model": "gpt-4o",
                    "tools.file_search": "file_search",
                    "tools.file_search.vector_stores": ["${vector_store.papers}"],
                },
                "marks": marks[2],
                "seen": None,
                "depends_on": ["vector_store.papers"],
            },
        ],
        "leftovers": [{"address": "assistant.old", "id": "asst_1"}],
        "ids": {"assistant.old": "asst_1", "assistant.tutor": "asst_2"},
        "remarks": [],
        "kept": [],
        "unsearchable": [],
        "requests": {"total": 2},
        "warnings": [],
    }


def test_what_was_applied_in_the_contracts_shape():
    provider = MemoryProvider(faults=[Fault("POST /vector_stores", TargetBusyError("busy", "try later"))])
    result = applied(provider, project(assistant(), store()))
    assert json.loads(json.dumps(apply_json(result))) == {
        "format": "orch.apply/1",
        "project": "tutoring",
        "target": "local",
        "summary": {"applied": 1, "failed": 1, "blocked": 0, "skipped": 0, "noop": 0},
        "outcomes": [
            {
                "address": "assistant.tutor",
                "action": "create",
                "status": "applied",
                "id": "asst_1",
                "error": None,
                "hint": None,
            },
            {
                "address": "vector_store.papers",
                "action": "create",
                "status": "failed",
                "id": None,
                "error": "busy",
                "hint": "try later",
            },
        ],
        "interrupted": False,
        "unclear": [],
        "requests": {"total": 5},
    }


def test_neither_contents_nor_places_of_files_are_shown(tmp_path):
    """A canary: what lies in a file, and where, is in no plan and no report, whatever becomes of it."""
    canary = "canary-6f1d"
    path = tmp_path / canary
    path.write_text(canary)
    papers = store(fields={'files["a.md"]': FILE}, whole={"files"}, protect=True)
    resources = project(replace(papers, sources={"a.md": str(path)}))
    provider = MemoryProvider(faults=[Fault("POST /vector_stores/{id}/files", TargetBusyError("busy"))])
    shown = []
    for options in (PlanOptions(), PlanOptions(revision="abc"), PlanOptions(prune=True)):
        made = planned(provider, resources, options)
        result = applied(provider, resources, options)
        shown += [plan_text(made).plain, json.dumps(plan_json(made)), repr(made)]
        shown += [apply_text(result).plain, json.dumps(apply_json(result)), repr(result)]
    shown.append(repr(provider.objects))
    assert canary not in "".join(shown)


def test_a_breaking_schema_is_marked_and_no_other_field_is():
    def quiz(properties):
        parameters = {"type": "object", "properties": properties}
        return assistant(
            fields={"tools.q": "function", "tools.q.parameters": parameters, "description": str(properties)}
        )

    provider = MemoryProvider()
    applied(provider, project(quiz({"a": {}, "b": {}})))
    plan = planned(provider, project(quiz({"a": {}})))
    marked = {f["path"]: (f.get("breaking"), f.get("breaking_reason")) for f in plan_json(plan)["changes"][0]["fields"]}
    assert marked == {"tools.q.parameters": (True, "parameter b is gone"), "description": (None, None)}
    assert "        breaking: parameter b is gone\n" in plan_text(plan).plain
    widened = planned(provider, project(quiz({"a": {}, "b": {}, "c": {}})))
    assert not any("breaking" in field for field in plan_json(widened)["changes"][0]["fields"])
