"""Question lists: what a vector store has to find, in YAML and in files, told where it does not."""

import json
from pathlib import Path

import pytest

SPECS = """
kind: Project
name: shop
targets:
  local: {provider: local}
  responses: {provider: local, speaks: responses, db: .orch/responses.db}
---
kind: VectorStore
name: handbook
files: [{path: 'docs/**/*'}]
---
kind: Assistant
name: clerk
model: scripted
---
kind: Scenario
name: greeting
assistant: clerk
turns: [{user: hello}]
---
kind: ScriptedModel
name: scripted
rules: [{reply: Hello.}]
"""
LISTED = """
kind: Knowledge
name: answers
store: handbook
questions:
  - {question: how long may I return a chair, file: returns.md}
  - {question: what does a chair cost, file: [docs/prices.md]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "orch.yaml").write_text(SPECS)
    (tmp_path / "answers.yaml").write_text(LISTED)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "returns.md").write_text("Goods are taken back within 30 days of their return.")
    (tmp_path / "docs" / "prices.md").write_text("A chair costs 40.")
    return tmp_path


@pytest.mark.parametrize("target", ["local", "responses"])
def test_a_question_list_is_searched_and_no_model_is_asked(orch, shop, target):
    on = ("--target", target)
    assert orch("test", *on).code != 0, "nothing was applied"
    assert orch("apply", "--yes", *on).code == 0
    done = orch("test", "--name", "answers", "--format", "json", *on)
    assert done.code == 0, done.out
    [told] = json.loads(done.out)["scenarios"]
    assert (told["name"], told["store"], told["status"]) == ("answers", "handbook", "passed")
    assert "2 passed" in orch("test", *on).out


def test_what_is_not_found_is_listed(orch, shop):
    (shop / "docs" / "returns.md").write_text("Nothing of it.")
    assert orch("apply", "--yes").code == 0
    done = orch("test", "--name", "answers")
    assert done.code == 1
    assert "recall@5 is 0.50 over 2 questions" in done.out
    assert '"how long may I return a chair" lacks returns.md; found: docs/prices.md' in done.out
    (shop / "answers.yaml").write_text(LISTED + "recall: 0.5\n")
    assert orch("test", "--name", "answers").code == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.csv", "question,file\nwhat does a chair cost,prices.md\nreturn or cost of a chair,returns.md; prices.md\n"),
        (
            "q.jsonl",
            '{"question": "what does a chair cost", "file": "prices.md"}\n'
            '{"question": "return or cost of a chair", "file": ["returns.md", "prices.md"]}\n',
        ),
        (
            "q.yaml",
            "- {question: what does a chair cost, file: prices.md}\n"
            "- {question: return or cost of a chair, file: [returns.md, prices.md]}\n",
        ),
    ],
)
def test_questions_are_read_from_files(orch, shop, name, text):
    (shop / name).write_text(text)
    (shop / "answers.yaml").write_text(f"kind: Knowledge\nname: answers\nstore: handbook\nquestions: {name}\n")
    assert orch("apply", "--yes").code == 0
    done = orch("test", "--name", "answers", "--format", "json")
    assert done.code == 0, done.out
    [told] = json.loads(done.out)["scenarios"]
    [attempt] = told["attempts"]
    assert "recall@5 is 1.00 over 2 questions" in json.dumps(attempt)


def test_a_list_is_recorded_and_replayed_without_a_target(orch, shop):
    assert orch("apply", "--yes").code == 0
    assert orch("test", "--name", "answers", "--record", "new").code == 0
    (shop / ".orch" / "local.db").unlink()
    assert orch("test", "--name", "answers", "--record", "none").code == 0
    (shop / "docs" / "prices.md").write_text("A chair costs 50.")
    stale = orch("test", "--name", "answers", "--record", "none")
    assert stale.code != 0
    assert "docs/prices.md" in stale.out + stale.err


def test_models_have_no_part_in_it(orch, shop):
    assert orch("apply", "--yes").code == 0
    done = orch("test", "--model", "scripted", "--name", "answers")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (LISTED.replace("returns.md", "return.md"), "answers.yaml:6:5: error: vector_store.handbook has no file"),
        (LISTED.replace("returns.md", "return.md"), "hint: did you mean `returns.md`?"),
        (LISTED.replace("handbook", "handbok"), "answers.yaml:4:8: error: "),
        (LISTED.replace("what does a chair cost", "how long may I return a chair"), "is asked twice"),
        (LISTED.replace("name: answers", "name: greeting"), "answers.yaml:3:7: error: a Scenario is called `greeting`"),
        (LISTED.partition("questions:")[0] + "questions: []\n", "answers.yaml:5:12: error: there are no questions"),
        (LISTED.partition("questions:")[0] + "questions: none.csv\n", "there is no file `none.csv`"),
        (LISTED.partition("questions:")[0] + "questions: ../q.csv\n", "lies outside the project"),
        (LISTED.partition("questions:")[0] + "questions: bad.csv\n", "bad.csv:3:1: error: a row is a question and"),
        (
            LISTED.partition("questions:")[0] + "questions: noted.csv\n",
            "noted.csv:1:6: error: a question list has no column",
        ),
        (
            LISTED.partition("questions:")[0] + "questions: noted.csv\n",
            "`note`\n  hint: its columns are question and file",
        ),
        (
            LISTED.partition("questions:")[0] + "questions: named.jsonl\n",
            "named.jsonl:1:1: error: a question list has no",
        ),
        (
            LISTED.partition("questions:")[0] + "questions: named.jsonl\n",
            "`fil`\n  hint: did you mean `file`?\n1 problem",
        ),
        (LISTED.replace("returns.md", "old/returns.md"), "hint: did you mean `docs/returns.md`?"),
        (LISTED.replace("returns.md", "same.md"), "answers.yaml:6:5: error: `same.md` is the name of 2 files"),
        (LISTED.replace("returns.md", "same.md"), "hint: write docs/a/same.md or docs/b/same.md"),
        (LISTED + "recall: 1.5\n", "answers.yaml:8:9: error: "),
    ],
)
def test_what_is_wrong_with_a_list_is_told_at_its_place(orch, shop, written, said):
    (shop / "noted.csv").write_text("file,note,question\nprices.md,!,what does a chair cost\nprices.md,?,cost\n")
    (shop / "named.jsonl").write_text('{"question": "what does a chair cost", "fil": "prices.md"}\n')
    for folder in ("a", "b"):
        (shop / "docs" / folder).mkdir()
        (shop / "docs" / folder / "same.md").write_text("The same.")
    (shop / "bad.csv").write_text("question,file\nwhat does a chair cost,prices.md\n  ,prices.md\n")
    (shop / "answers.yaml").write_text(written)
    done = orch("validate")
    assert done.code == 1
    assert said in done.err, done.err
