"""Who is at work, and what a plan tells of its revision."""

from pathlib import Path

import pytest

from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.remembering import get_revision, read_who, who
from tests.reconcile.building import assistant, planned, project
from tests.repositories import AUTHOR, Repository


@pytest.mark.parametrize(
    ("env", "author", "login", "expected"),
    [
        ({"GITHUB_ACTOR": "octocat"}, "a@b", "root", "octocat"),
        ({"GITHUB_ACTOR": "octocat", "GITHUB_TRIGGERING_ACTOR": "again"}, "a@b", "root", "again"),
        ({"GITLAB_USER_LOGIN": "fox"}, None, "root", "fox"),
        ({"BUILD_REQUESTEDFOR": "Kim Lee"}, None, "root", "Kim Lee"),
        ({"GITHUB_ACTOR": " ", "USER": "nobody", "TOKEN": "secret"}, "a@b\n", "root", "a@b"),
        ({}, None, "root", "root"),
        ({}, "", None, "unknown"),
    ],
)
def test_who(env, author, login, expected):
    assert who(env, author, login) == expected


def test_who_is_the_actor_then_the_author_then_the_login(tmp_path, monkeypatch):
    root: Path = tmp_path
    repository = Repository.begin(root)
    assert read_who(root, {"GITHUB_ACTOR": "octocat"}) == "octocat"
    assert read_who(root, {}) == AUTHOR
    repository.git("config", "--unset", "user.email")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    assert read_who(root, {}) == "An Author"
    repository.git("config", "--unset", "user.name")
    monkeypatch.setenv("LOGNAME", "kim")
    assert read_who(root, {}) == "kim"


def test_a_plan_tells_the_revision_it_writes():
    made = planned(MemoryProvider(), project(assistant()), PlanOptions(revision="a" * 40))
    assert get_revision(made) == "a" * 40
    assert get_revision(planned(MemoryProvider(), project(assistant()))) is None
    assert get_revision(planned(MemoryProvider(), {})) is None
