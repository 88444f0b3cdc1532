"""`orch rollback` with a real repository, on the local target."""

import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.planting import read
from tests.repositories import CI, Repository

ORCH = [sys.executable, "-m", "orchestrator"]
CANARY = "sk-canary-7f3a9d"
HEAD = "kind: Project\nname: shop\nenv: [SECRET]\ntargets: {local: {provider: local}}\n"
SUPPORT = """kind: Assistant
name: support
model: {model}
{more}instructions: {{file: prompts/support.md}}
tools: [{{file_search: {{vector_stores: [policies]}}}}]
"""
STORE = "kind: VectorStore\nname: policies\nfiles: [{path: 'policies/*.md'}]\n"
OLD = {
    "specs/orch.yaml": HEAD,
    "specs/support.yaml": SUPPORT.format(model="gpt-4o", more="description: old\n"),
    "specs/policies.yaml": STORE,
    "specs/prompts/support.md": "Be brief.\n\nAlways.",
    "specs/policies/refunds.md": "30 days",
}
NEW = {
    "specs/support.yaml": SUPPORT.format(model="gpt-4.1", more="temperature: 0.2\n"),
    "specs/helper.yaml": "kind: Assistant\nname: helper\nmodel: m\n",
    "specs/prompts/support.md": "Be long. {{ env.SECRET }}",
    "specs/policies/refunds.md": "14 days",
    "specs/policies/returns.md": "never",
}


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    """A repository with two commits, each applied."""
    for name in CI:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRET", CANARY)
    return Repository.begin(tmp_path)


@pytest.fixture
def two(orch, repository) -> tuple[str, str]:
    """Two revisions, both applied."""
    first = repository.commit(OLD)
    assert orch("apply", "specs/").code == 0
    second = repository.commit(NEW)
    assert orch("apply", "specs/").code == 0
    return first, second


def live(root: Path) -> dict[str, dict[str, Any]]:
    """Live objects by owner, as the API has them."""
    (assistants, stores) = read(root, ["/assistants", "/vector_stores"])
    return {item["metadata"]["orch.owner"]: item for item in [*assistants["data"], *stores["data"]]}


def contents(root: Path) -> set[str]:
    with sqlite3.connect(root / ".orch" / "local.db") as database:
        rows = database.execute("select body from documents where kind = 'file'").fetchall()
    database.close()
    return {json.loads(body)["filename"] for (body,) in rows}


def entries(orch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(orch("history", "specs/", "--format", "json").out)["entries"]
    return found


def pending(orch) -> list[str]:
    plan = json.loads(orch("plan", "specs/", "--format", "json").out)
    return [change["address"] for change in plan["changes"] if change["action"] != "noop"]


def test_the_specs_of_the_revision_before_are_live_again(orch, repository, two):
    first, second = two
    root = repository.folder / "specs"
    before = live(root)["shop/assistant.support"]
    assert (before["model"], before["metadata"]["orch.revision"]) == ("gpt-4.1", second)
    done = orch("rollback", "specs/")
    assert done.code == 0, done.err
    after = live(root)["shop/assistant.support"]
    assert after["id"] == before["id"]
    assert (after["model"], after["description"], after["temperature"]) == ("gpt-4o", "old", 1)
    assert after["instructions"] == "Be brief.\n\nAlways."
    assert after["metadata"]["orch.revision"] == first
    assert contents(root) == {"refunds.md"}
    assert "shop/assistant.helper" in live(root)  # not without --prune
    assert f"going back to {first[:7]}, the revision of entry 1" in done.err
    assert "the specs in the working copy are still the newer ones" in done.err
    assert f"git checkout --no-overlay {first[:7]} -- specs" in done.err
    assert repository.git("rev-parse", "HEAD") == second
    assert repository.git("status", "--porcelain", "--untracked-files=no") == ""
    assert pending(orch)  # the newer specs are to be applied again
    repository.git("checkout", "--quiet", "--no-overlay", first[:7], "--", "specs")  # as the note says
    assert pending(orch) == []
    assert orch("drift", "specs/").code == 0


def test_a_rollback_is_an_entry_and_can_be_rolled_back(orch, repository, two):
    first, second = two
    assert orch("rollback", "specs/").code == 0
    newest = entries(orch)[0]
    assert (newest["number"], newest["command"], newest["revision"]) == (3, "rollback", first)
    assert orch("rollback", "specs/").code == 0
    newest = entries(orch)[0]
    assert (newest["command"], newest["revision"]) == ("rollback", second)
    assert pending(orch) == []
    again = orch("rollback", "2", "specs/")
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert "working copy" not in again.err  # it is at that revision
    assert len(entries(orch)) == 4


def test_a_number_prune_only_and_json(orch, repository, two):
    first, _ = two
    done = orch("rollback", "1", "specs/", "--only", "assistant.*", "--prune", "--format", "json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["format"] == "orch.apply/1"
    assert {(o["address"], o["action"]) for o in report["outcomes"]} == {
        ("assistant.helper", "delete"),
        ("assistant.support", "update"),
    }
    assert entries(orch)[0]["revision"] == first


def test_it_works_where_the_specs_of_today_are_broken(orch, repository, two):
    (repository.folder / "specs" / "support.yaml").write_text("kind: [")
    assert orch("apply", "specs/").code == 1
    assert orch("rollback", "specs/").code == 0
    assert live(repository.folder / "specs")["shop/assistant.support"]["model"] == "gpt-4o"


def test_the_target_is_todays(orch, repository):
    repository.commit(OLD)
    orch("apply", "specs/")
    moved = HEAD.replace("{provider: local}", "{provider: local, db: moved.db}")
    repository.commit({**NEW, "specs/orch.yaml": moved, ".gitignore": "moved.db*\n"})
    orch("apply", "specs/")
    assert orch("rollback", "specs/").code == 0
    assert live(repository.folder / "specs")["shop/assistant.support"]["model"] == "gpt-4o"
    assert (repository.folder / "specs" / "moved.db").exists()
    with sqlite3.connect(repository.folder / "specs" / ".orch" / "local.db") as database:
        ((body,),) = database.execute("select body from documents where kind = 'assistant'").fetchall()
    database.close()
    assert json.loads(body)["model"] == "gpt-4o"  # as the first apply left it; it is the target no more
    assert not any(path.name.startswith("orch-") for path in repository.folder.iterdir())


def test_guards_and_exit_codes_are_those_of_apply(orch, repository):
    repository.commit(OLD)
    orch("apply", "specs/")
    repository.commit({**NEW, "specs/helper.yaml": f"{NEW['specs/helper.yaml']}lifecycle: {{protect: true}}\n"})
    orch("apply", "specs/")
    done = orch("rollback", "specs/", "--prune")
    assert done.code == 5
    assert "protect" in done.out
    assert entries(orch)[0]["summary"] == {"applied": 2, "failed": 0, "blocked": 1, "skipped": 0}
    assert orch("rollback", "1", "specs/", "--prune").code == 4


def test_no_secret_is_in_the_history(orch, repository, two):
    orch("rollback", "specs/")
    orch("rollback", "specs/")
    root = repository.folder / "specs"
    assert CANARY in live(root)["shop/assistant.support"]["instructions"]  # where the specs want it
    for path in (root / ".orch").iterdir():
        if "local.db" not in path.name:
            assert CANARY not in path.read_text()
    assert len((root / ".orch" / "history.jsonl").read_text().splitlines()) == 4


# What is refused


def refused(orch, *arguments: str, code: int = 1) -> str:
    done = orch("rollback", *arguments)
    assert (done.code, done.out) == (code, ""), done.err
    assert "hint" in done.err
    return str(done.err)


def test_no_history(orch, repository):
    repository.commit(OLD)
    assert "nothing applied to local" in refused(orch, "specs/")
    assert "no entry 3" in refused(orch, "3", "specs/", code=64)


def test_outside_of_git(orch, tmp_path, tutor, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    orch("apply", "specs/")
    assert "entry 1 has no revision: it was applied outside of git" in refused(orch, "1", "specs/")


def test_the_repository_is_gone(orch, repository, two, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.folder.parent))
    (repository.folder / ".git").rename(repository.folder / ".gone")
    assert "is not in a git repository" in refused(orch, "specs/")


def test_specs_that_were_not_committed(orch, repository):
    repository.commit(OLD)
    orch("apply", "specs/")
    (repository.folder / "specs" / "support.yaml").write_text(NEW["specs/support.yaml"])
    orch("apply", "specs/")
    repository.commit(NEW)
    orch("apply", "specs/")
    message = refused(orch, "specs/")
    assert "entry 2 was applied from specs that were not committed" in message
    assert "`orch rollback 1` goes to" in message


def test_a_revision_nobody_has_fetched(orch, repository, two):
    file = repository.folder / "specs" / ".orch" / "history.jsonl"
    file.write_text(file.read_text().replace(two[0], "0123456789" * 4))
    assert "git fetch" in refused(orch, "specs/")


def test_another_target_and_another_project(orch, repository, two):
    root = repository.folder / "specs"
    (root / "orch.yaml").write_text(HEAD.replace("{local:", "{other: {provider: local, db: o.db}, local:"))
    assert "entry 1 is of target local, not other" in refused(orch, "1", "specs/", "--target", "other", code=64)
    (root / "orch.yaml").write_text(HEAD.replace("shop", "store"))
    assert "entry 1 is of project shop, and this is store" in refused(orch, "1", "specs/", code=64)
    assert "nothing applied to local" in refused(orch, "specs/")
    assert "--var" in refused(orch, "specs/", "--var", "x", code=64)


def test_what_is_wrong_with_the_old_specs_is_told_at_their_revision(orch, repository, two, monkeypatch):
    monkeypatch.delenv("SECRET")
    message = refused(orch, "2", "specs/")
    assert f"{two[1][:7]}:specs/prompts/support.md:1:" in message
    assert "env.SECRET" in message


def test_a_renamed_project_in_the_old_specs(orch, repository):
    repository.commit({**OLD, "specs/orch.yaml": HEAD.replace("shop", "before")})
    orch("apply", "specs/")
    file = repository.folder / "specs" / ".orch" / "history.jsonl"
    file.write_text(file.read_text().replace('"before"', '"shop"'))  # edited by hand: the specs have the last word
    repository.commit({"specs/orch.yaml": HEAD})
    assert "the project was called before, and this is shop" in refused(orch, "1", "specs/")


def test_a_terminal_is_asked_and_no_means_no(repository, two):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*ORCH, "rollback", "specs/"],
        cwd=repository.folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        close_fds=True,
    )
    os.close(follower)
    shown = b""
    question = f"Roll local back to {two[0][:7]}?".encode()
    while question not in shown:
        shown += os.read(leader, 4096)
    os.write(leader, b"n\n")
    assert process.wait(timeout=30) == 1
    rest = os.read(leader, 4096)
    os.close(leader)
    assert b"working copy" not in rest
    assert live(repository.folder / "specs")["shop/assistant.support"]["model"] == "gpt-4.1"


def test_the_help_names_what_is_not_touched(orch):
    assert re.search(r"working copy\s+is\s+not\s+touched", orch("rollback", "--help").out)
