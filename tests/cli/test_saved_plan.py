"""`orch plan --out`, `orch apply PLAN.json` and `--approve`: what was reviewed is what is done."""

import json
import sqlite3

import pytest

from tests.cli.test_plan_apply import edit

MARKDOWN = "prompts/math-tutor.md"


def meddle(root, field, value):
    """Change every live assistant as somebody in a console would."""
    with sqlite3.connect(root / ".orch" / "local.db") as database:
        for seq, text in database.execute("select seq, body from documents where kind = 'assistant'").fetchall():
            body = json.dumps({**json.loads(text), field: value})
            database.execute("update documents set body = ? where seq = ?", (body, seq))
    database.close()


def outcomes(done):
    return {item["address"]: item["status"] for item in json.loads(done.out)["outcomes"]}


def test_a_saved_plan_is_carried_out_and_then_there_is_nothing_to_do(orch, tutor):
    made = orch("plan", "specs/", "--out", "plan.json")
    saved = json.loads((tutor.parent / "plan.json").read_text(encoding="utf-8"))
    assert (
        made.err
        == f"saved to plan.json; apply it with `orch apply specs plan.json`; its hash is {saved['hash'][:12]}\n"
    )
    done = orch("apply", "specs/", "plan.json", "--format", "json")
    assert (done.code, outcomes(done)) == (0, {"vector_store.papers": "applied", "assistant.math-tutor": "applied"})
    assert orch("plan", "specs/", "--detailed-exitcode").code == 0


def test_a_plan_that_lies_in_the_project_says_which_project(orch, tutor):
    orch("plan", "specs/", "--out", "specs/plan.json")
    assert orch("apply", "specs/plan.json").code == 0


def test_the_json_of_plan_is_a_saved_plan_too(orch, tutor):
    (tutor.parent / "plan.json").write_text(orch("plan", "specs/", "--format", "json").out, encoding="utf-8")
    assert orch("apply", "specs/", "plan.json").code == 0


def test_a_saved_plan_does_what_was_reviewed_and_not_what_the_specs_say_by_now(orch, tutor):
    orch("plan", "specs/", "--out", "plan.json")
    edit(tutor / MARKDOWN, "개인 수학 교사", "친절한 수학 교사")
    assert orch("apply", "specs/", "plan.json").code == 0
    (change,) = [
        item for item in json.loads(orch("plan", "specs/", "--format", "json").out)["changes"] if item["fields"]
    ]
    assert [field["path"] for field in change["fields"]] == ["instructions"]


def test_what_moved_since_is_refused_one_by_one(orch, tutor):
    orch("apply", "specs/")
    edit(tutor / MARKDOWN, "개인 수학 교사", "친절한 수학 교사")
    edit(tutor / "papers.yaml", "machine learning", "library")
    orch("plan", "specs/", "--out", "plan.json")
    meddle(tutor, "description", "theirs")
    done = orch("apply", "specs/", "plan.json", "--format", "json")
    assert outcomes(done) == {"vector_store.papers": "applied", "assistant.math-tutor": "blocked"}
    assert done.code == 5
    (blocked,) = [item for item in json.loads(done.out)["outcomes"] if item["status"] == "blocked"]
    assert blocked["error"].startswith("moved since planned: asst_")
    again = orch("apply", "specs/", "plan.json")
    assert "moved since planned: " in again.out
    assert again.code == 4


def test_a_plan_that_was_applied_is_not_applied_twice(orch, tutor):
    orch("plan", "specs/", "--out", "plan.json")
    orch("apply", "specs/", "plan.json")
    done = orch("apply", "specs/", "plan.json", "--format", "json")
    assert done.code == 4
    assert set(outcomes(done).values()) == {"blocked"}
    assert json.loads(done.out)["requests"]["total"] == 2


def test_a_document_changed_since_is_not_uploaded_in_the_planned_ones_place(orch, tutor):
    orch("plan", "specs/", "--out", "plan.json")
    paper = tutor / "papers" / "language-models.pdf"
    paper.write_bytes(paper.read_bytes() + b"\n")
    done = orch("apply", "specs/", "plan.json", "--format", "json")
    assert outcomes(done) == {"vector_store.papers": "blocked", "assistant.math-tutor": "skipped"}
    assert "papers/language-models.pdf is not the file that was planned" in done.out


@pytest.mark.parametrize("length", [8, 12, 64])
def test_the_approved_plan_is_applied(orch, tutor, length):
    hash = json.loads(orch("plan", "specs/", "--format", "json").out)["hash"]
    assert orch("apply", "specs/", "--approve", hash[:length].upper()).code == 0


def test_a_plan_that_is_not_the_approved_one_changes_nothing(orch, tutor):
    hash = json.loads(orch("plan", "specs/", "--format", "json").out)["hash"]
    edit(tutor / MARKDOWN, "개인 수학 교사", "친절한 수학 교사")
    orch("plan", "specs/", "--out", "plan.json")
    now = json.loads((tutor.parent / "plan.json").read_text(encoding="utf-8"))["hash"]
    for given in (["specs/"], ["specs/", "plan.json"]):
        done = orch("apply", *given, "--approve", hash)
        assert done.code == 4
        assert f"the plan that was approved is {hash}; this one is {now[:12]}, so nothing was changed" in done.err
    assert json.loads(orch("list", "specs/", "--format", "json").out)["objects"] == []


def test_an_outside_change_makes_an_approval_void(orch, tutor):
    orch("apply", "specs/")
    edit(tutor / MARKDOWN, "개인 수학 교사", "친절한 수학 교사")
    hash = json.loads(orch("plan", "specs/", "--format", "json").out)["hash"]
    meddle(tutor, "model", "gpt-4.1")
    assert orch("apply", "specs/", "--approve", hash).code == 4


@pytest.mark.parametrize("approval", ["7f3a", "7f3a91c2-not-hex", ""])
def test_an_approval_that_is_no_hash_is_wrong_usage(orch, tutor, approval):
    done = orch("apply", "specs/", "--approve", approval)
    assert done.code == 64
    assert "at least 8" in done.err


@pytest.mark.parametrize("more", [["--prune"], ["--only", "assistant.*"], ["--target", "local"], ["plan.json"]])
def test_a_saved_plan_takes_no_second_choice(orch, tutor, more):
    orch("plan", "specs/", "--out", "plan.json")
    done = orch("apply", "specs/", "plan.json", *more)
    assert done.code == 64
    assert "was said when it was made" in done.err


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", 4), ("[]", 4), ('{"format": "orch.run/1"}', 4), ("\x00", 4)],
)
def test_a_file_that_is_no_plan_is_refused_with_a_next_step(orch, tutor, text, code):
    (tutor.parent / "plan.json").write_text(text, encoding="utf-8")
    done = orch("apply", "specs/", "plan.json")
    assert done.code == code
    assert "orch plan --out" in done.err


def test_a_plan_nested_without_end_is_refused(orch, tutor):
    (tutor.parent / "plan.json").write_text("[" * 200_000, encoding="utf-8")
    done = orch("apply", "specs/", "plan.json")
    assert (done.code, "is not a saved plan" in done.err) == (4, True)


def test_a_plan_for_another_address_is_refused(orch, tutor):
    assert orch("plan", "specs/", "--out", "plan.json").code == 0
    edit(tutor / "orch.yaml", "local: {provider: local}", "local: {provider: local, db: .orch/other.db}")
    done = orch("apply", "specs/", "plan.json")
    assert done.code == 4
    assert "target local had another address or database" in done.err
    assert "2 to create" in orch("plan", "specs/").out


def test_a_plan_that_is_not_there(orch, tutor):
    done = orch("apply", "specs/", "plan.json")
    assert (done.code, "there is no plan.json" in done.err) == (64, True)


def test_the_plan_of_another_project_is_refused(orch, tutor):
    orch("plan", "specs/", "--out", "plan.json")
    edit(tutor / "orch.yaml", "name: tutoring", "name: other")
    done = orch("apply", "specs/", "plan.json")
    assert done.code == 4
    assert "the plan is for tutoring on local, not for other on local" in done.err


def test_half_a_character_from_a_live_object_survives_saving(orch, tutor):
    orch("apply", "specs/")
    meddle(tutor, "description", "half \ud800")
    edit(tutor / MARKDOWN, "개인 수학 교사", "친절한 수학 교사")
    orch("plan", "specs/", "--out", "plan.json")
    done = orch("apply", "specs/", "plan.json", "--format", "json")
    assert outcomes(done) == {"assistant.math-tutor": "applied"}
