"""`moved:` from the project file to the live object, and the question where it is missing."""

import json

from tests.cli.planting import PROJECT

TUTOR = "---\nkind: Assistant\nname: {}\ndisplay_name: T\nmodel: m\ninstructions: Teach\n"


def outcomes(done):
    return json.loads(done.out)["outcomes"]


def test_a_rename_keeps_the_id_and_plan_asks_where_nobody_declared_it(orch, tmp_path):
    file = tmp_path / "orch.yaml"
    file.write_text(PROJECT + TUTOR.format("a"))
    (id,) = [item["id"] for item in outcomes(orch("apply", "--format", "json"))]
    file.write_text(PROJECT + TUTOR.format("b"))
    asked = orch("plan").out
    assert (
        "Remarks\n    did you rename assistant.a to assistant.b?\n"
        "    If so, keep the live object: add to orch.yaml\n"
        "      moved:\n        - {from: assistant.a, to: assistant.b}\n"
    ) in asked
    assert json.loads(orch("plan", "--format", "json").out)["remarks"] == [
        {
            "remark": "did you rename assistant.a to assistant.b?",
            "moved": {"from": "assistant.a", "to": "assistant.b"},
        }
    ]
    markdown = orch("plan", "--format", "markdown").out
    assert "<code>did you rename assistant.a to assistant.b?</code>" in markdown
    assert "```yaml\nmoved:\n  - {from: assistant.a, to: assistant.b}\n```" in markdown

    pasted = "\n".join(asked.partition("add to orch.yaml\n")[2].split("\n")[:2]).replace("      ", "", 1)
    file.write_text(PROJECT + pasted + "\n" + TUTOR.format("b"))
    shown = orch("plan").out
    assert "moved: the same object, assistant.a until now" in shown
    assert "Remarks" not in shown
    (change,) = json.loads(orch("plan", "--format", "json").out)["changes"]
    assert (change["action"], change["id"], change["moved_from"]) == ("update", id, "assistant.a")
    assert "moved, <code>assistant.a</code> until now" in orch("plan", "--format", "markdown").out
    assert [item["id"] for item in outcomes(orch("apply", "--format", "json"))] == [id]
    assert orch("plan", "--detailed-exitcode").code == 0
    (live,) = json.loads(orch("list", "--format", "json").out)["objects"]
    assert (live["id"], live["owner"]) == (id, "shop/assistant.b")


def test_what_was_renamed_is_drifted_accepted_and_destroyed_under_its_new_name(orch, tmp_path):
    file = tmp_path / "orch.yaml"
    file.write_text(PROJECT + TUTOR.format("a"))
    orch("apply")
    file.write_text(PROJECT + "moved: [{from: assistant.a, to: assistant.b}]\n" + TUTOR.format("b"))
    assert orch("drift").code == 0
    gone = outcomes(orch("destroy", "--format", "json"))
    assert [(item["address"], item["status"]) for item in gone] == [("assistant.b", "applied")]
    assert json.loads(orch("list", "--format", "json").out)["objects"] == []
