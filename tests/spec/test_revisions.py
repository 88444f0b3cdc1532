"""Specs come out of git whole, as they were, and the working copy is not touched; or a message says why not."""

import os
import tempfile
from pathlib import Path

import pytest

from orchestrator.spec.revisions import RevisionError, read_revision, run_git, specs_of
from tests.repositories import Repository

HEAD = "kind: Project\nname: p\ntargets: {local: {provider: local}}\n"


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository.begin(tmp_path)


def refused(root: Path, revision: str) -> RevisionError:
    with pytest.raises(RevisionError) as caught, specs_of(root, revision):
        pass
    assert caught.value.hint
    return caught.value


def test_the_project_folder_as_it_was_and_nothing_beside_it(repository):
    files = {"specs/orch.yaml": HEAD, "specs/한글/é.md": "옛것\n", "README.md": "beside"}
    first = repository.commit(files)
    repository.commit({"specs/한글/é.md": None, "specs/new.yaml": "kind: Assistant\n"})
    repository.folder.joinpath("specs", "orch.yaml").write_text("being edited")
    with specs_of(repository.folder / "specs", first) as folder:
        found = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
        assert found == {"orch.yaml": HEAD, "한글/é.md": "옛것\n"}
    assert not folder.exists()
    assert (repository.folder / "specs" / "orch.yaml").read_text() == "being edited"
    assert repository.git("status", "--porcelain") == "M specs/orch.yaml"


def test_links_inside_the_project_are_kept_and_others_refused(repository):
    repository.commit({"specs/orch.yaml": HEAD, "specs/a.md": "text", "secret.md": "not of the project"})
    os.symlink("a.md", repository.folder / "specs" / "b.md")
    inside = repository.commit({})
    with specs_of(repository.folder / "specs", inside) as folder:
        assert (folder / "b.md").read_text() == "text"
    for target in ("../secret.md", str(repository.folder / "secret.md")):
        repository.folder.joinpath("specs", "b.md").unlink()
        os.symlink(target, repository.folder / "specs" / "b.md")
        outside = repository.commit({})
        error = refused(repository.folder / "specs", outside)
        assert "b.md" in error.message
        assert "git worktree add" in str(error.hint)


def test_a_file_that_archives_leave_out_is_named(repository):
    revision = repository.commit({"orch.yaml": HEAD, "papers/a.md": "a", ".gitattributes": "papers/* export-ignore\n"})
    error = refused(repository.folder, revision)
    assert "papers/a.md" in error.message
    assert "export-ignore" in str(error.hint)


def test_a_revision_without_the_project(repository):
    before = repository.commit({"README.md": "nothing yet"})
    repository.commit({"specs/orch.yaml": HEAD})
    assert "there was no orch.yaml" in refused(repository.folder / "specs", before).message


def test_a_revision_that_was_not_fetched(repository):
    repository.commit({"orch.yaml": HEAD})
    error = refused(repository.folder, "0123456789" * 4)
    assert error.message == "git does not know revision 0123456 here"
    assert "git fetch" in str(error.hint)


def test_what_is_no_revision_is_not_handed_to_git(repository):
    repository.commit({"orch.yaml": HEAD})
    for text in ("--output=stolen", "HEAD", "", "main", "a" * 40 + "-dirty"):
        assert "no git revision" in refused(repository.folder, text).message
    assert not (repository.folder / "stolen").exists()


def test_a_folder_outside_of_git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "is not in a git repository" in refused(tmp_path, "a" * 40).message


def test_a_machine_without_git(repository, monkeypatch):
    revision = repository.commit({"orch.yaml": HEAD})
    monkeypatch.setenv("PATH", str(repository.folder / "nothing"))
    assert run_git(repository.folder, "--version") is None
    assert refused(repository.folder, revision).message == "git cannot be run"


def test_nothing_is_left_behind_where_it_fails(repository, monkeypatch, tmp_path_factory):
    revision = repository.commit({"orch.yaml": HEAD, "a": "a", ".gitattributes": "a export-ignore\n"})
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    refused(repository.folder, revision)
    assert list(temporary.iterdir()) == []


# The revision the specs stand at


def test_a_revision_is_dirty_where_the_project_differs_and_only_there(repository):
    root = repository.folder / "specs"
    clean = repository.commit({"specs/orch.yaml": HEAD, "specs/a.yaml": "kind: Assistant\n", "other.txt": "x"})
    assert read_revision(root) == clean
    (repository.folder / "other.txt").write_text("changed beside the project")
    (root / ".orch").mkdir()
    (root / ".orch" / "history.jsonl").write_text("{}")
    assert read_revision(root) == clean
    (root / "new.yaml").write_text("not known to git yet")
    assert read_revision(root) == f"{clean}-dirty"
    (root / "new.yaml").unlink()
    (root / "a.yaml").write_text("changed")
    assert read_revision(root) == f"{clean}-dirty"


def test_there_is_no_revision_before_the_first_commit_or_outside_of_git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert read_revision(tmp_path) is None
    Repository.begin(tmp_path)
    assert read_revision(tmp_path) is None
