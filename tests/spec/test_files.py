"""Files that specs name: globs, links, other projects, and what a vector store could not take."""

import hashlib
import os
from pathlib import Path

import pytest

from orchestrator.spec.files import inside, matching, same_file, searchable_sha256, sha256, show, spec_files


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def names(root: Path, pattern: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in matching(root, pattern)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.md", ["a.md"]),
        ("./sub/../a.md", ["a.md"]),
        ("*.md", ["a.md", "가.md"]),
        ("?.md", ["a.md", "가.md"]),
        ("[ab].*", ["a.md", "b.txt"]),
        ("sub/*", ["sub/c.md"]),
        ("**/*.md", ["a.md", "sub/c.md", "sub/deep/d.md", "가.md"]),
        ("**/deep/*.md", ["sub/deep/d.md"]),
        ("**/**/d.md", ["sub/deep/d.md"]),
        ("sub/**", ["sub/c.md", "sub/deep/d.md"]),
        (".hidden/*", [".hidden/e.md"]),
        (".*/e.md", [".hidden/e.md"]),
        (".dot.md", [".dot.md"]),
        ("sub", []),
        ("gone/*.md", []),
        ("A.md", []),
        ("", []),
        ("a\0.md", []),
        ("*\ud800*", []),
        ("x" * 5000, []),
    ],
)
def test_a_pattern_names_files(tmp_path, pattern, found):
    make(tmp_path, "a.md", "b.txt", "가.md", "sub/c.md", "sub/deep/d.md", ".hidden/e.md", ".dot.md")
    make(tmp_path, "node_modules/f.md", "sub/__pycache__/g.md", "venv/lib/site-packages/h.md")
    assert names(tmp_path, pattern) == found


def test_a_project_may_lie_in_a_folder_that_is_skipped_below_it(tmp_path):
    make(tmp_path, "site-packages/it/a.md")
    assert names(tmp_path / "site-packages/it", "**/*.md") == ["a.md"]


def test_links_that_lead_round_in_a_circle_are_not_followed(tmp_path):
    make(tmp_path, "a.md", "sub/b.md")
    for number in range(6):
        os.symlink(tmp_path, tmp_path / f"sub/back{number}")
    os.symlink("loop.md", tmp_path / "loop.md")
    assert names(tmp_path, "**/*.md") == ["a.md", "sub/b.md"]
    assert names(tmp_path, "sub/back1/a.md") == ["sub/back1/a.md"]
    assert inside(tmp_path, tmp_path / "loop.md")


def test_a_link_counts_where_it_leads(tmp_path):
    make(tmp_path, "project/a.md", "other/secret.md")
    project = tmp_path / "project"
    os.symlink("../other/secret.md", project / "link.md")
    os.symlink("../other", project / "folder")
    os.symlink("a.md", project / "same.md")
    os.symlink(project, tmp_path / "alias")
    assert not inside(project, project / "link.md")
    assert not inside(project, project / "folder/secret.md")
    assert not inside(project, project / "../other/secret.md")
    assert not inside(project, Path("/etc/passwd"))
    assert not inside(project, tmp_path / "project2")
    assert inside(project, project / "same.md")
    assert inside(tmp_path / "alias", project / "a.md")
    assert inside(project, project / "not/there.md")
    assert same_file(project / "same.md", project / "a.md")
    assert not same_file(project / "link.md", project / "a.md")
    assert not same_file(project / "a\0", project / "a.md")


def test_a_folder_with_its_own_project_file_is_another_project(tmp_path):
    make(tmp_path, "orch.yaml", "a.yaml", "sub/b.yaml", "nested/orch.yaml", "nested/c.yaml", "nested/deep/d.yaml")
    make(tmp_path, "nestedmore/e.yaml")
    every = [path.relative_to(tmp_path).as_posix() for path in spec_files(tmp_path, ["**/*.yaml", "sub/*.yaml"])]
    assert every == ["a.yaml", "nestedmore/e.yaml", "orch.yaml", "sub/b.yaml"]
    some = [path.relative_to(tmp_path).as_posix() for path in spec_files(tmp_path, ["**/[cde].yaml"])]
    assert some == ["nestedmore/e.yaml"]  # although the pattern does not match nested/orch.yaml


def test_a_path_is_shown_from_here_where_it_lies_below(tmp_path):
    assert show(tmp_path / "a/b.md", tmp_path) == "a/b.md"
    assert show(tmp_path / "a", tmp_path / "b") == str(tmp_path / "a")


def test_a_files_digest(tmp_path):
    make(tmp_path, "a.md")
    assert sha256(tmp_path / "a.md") == hashlib.sha256(b"a.md").hexdigest()


KOREAN = "가" * 30_000
PDF = b"%PDF-1.4\n" + b"x" * 100_000 + b"\n%%EOF\n"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.md", b"text", None),
        ("A.MD", b"text", None),
        ("a.txt", b"", "is empty: there is nothing in it to find"),
        ("a.txt", "퀴즈".encode(), None),
        ("a.txt", "퀴즈".encode("utf-16"), None),
        ("a.txt", "퀴즈".encode("cp949"), "text that is neither UTF-8 nor UTF-16"),
        ("a.txt", "퀴즈".encode()[:-1], "text that is neither UTF-8 nor UTF-16"),
        ("a.py", b"\x7fELF\0\0", "binary data where text is meant"),
        ("a.pdf", PDF, None),
        ("a.pdf", b"\n" + PDF, None),
        ("a.pdf", PDF[:50_000], "a broken PDF: its end is missing"),
        ("a.pdf", b"<html>" + b"x" * 2000 + PDF, "a broken PDF: it does not begin as one"),
        ("a.pdf", b"", "is empty: there is nothing in it to find"),
        ("a.docx", b"PK\x03\x04\0", None),
        ("a.png", b"\x89PNG", "a vector store cannot read .png"),
        ("LICENSE", b"text", "a vector store cannot read a file without a suffix"),
        *[("a.md", b"x" * shift + KOREAN.encode(), None) for shift in range(3)],
    ],
)
def test_what_a_vector_store_could_not_take(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    hash = None if why else hashlib.sha256(content).hexdigest()
    assert searchable_sha256(tmp_path / name) == (hash, why)


def test_a_file_that_is_gone_or_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        searchable_sha256(tmp_path / "a.md")
    (tmp_path / "b.md").mkdir()
    with pytest.raises(IsADirectoryError):
        searchable_sha256(tmp_path / "b.md")
