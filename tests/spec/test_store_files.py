"""What keeps files out of a store; what else can be wrong with them is in `test_links`."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import SpecError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import file_label
from orchestrator.spec.loader import Ask, load

DOCS = Address(Kind.VECTOR_STORE, "docs")


@pytest.fixture
def root(tmp_path):
    for name in ("a.md", "draft-a.md", "old/b.md", "old/keep.md", "new/c.md", "new/c.txt", "가/draft.md"):
        path = tmp_path / "papers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def labels(root, entry, ignored=None):
    if ignored is not None:
        (root / ".orchignore").write_text(ignored)
    head = "{kind: Project, name: p, targets: {local: {provider: local}}}\n---\n"
    (root / "orch.yaml").write_text(f"{head}{{kind: VectorStore, name: docs, files: [{entry}]}}\n")
    fields = load(Ask(start=root, cwd=root)).resources[DOCS].fields
    return [label.removeprefix("papers/") for path in fields if (label := file_label(path)) is not None]


def told(root, entry, ignored=None) -> list[Diagnostic]:
    with pytest.raises(SpecError) as error:
        labels(root, entry, ignored)
    return list(error.value.diagnostics)


ALL = ["a.md", "draft-a.md", "new/c.md", "new/c.txt", "old/b.md", "old/keep.md", "가/draft.md"]


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        ("[]", ALL),
        ("['*.txt', 'draft*']", ["a.md", "new/c.md", "old/b.md", "old/keep.md"]),
        ("['papers/old/']", [label for label in ALL if not label.startswith("old/")]),
        ("['papers/old/*', '!keep.md']", [label for label in ALL if label != "old/b.md"]),
        ("['/draft-a.md']", ALL),
        ("['/papers/draft-a.md']", [label for label in ALL if label != "draft-a.md"]),
        ("['가']", [label for label in ALL if not label.startswith("가")]),
    ],
)
def test_an_entry_leaves_out_what_it_excludes(root, exclude, left):
    assert labels(root, f"{{path: 'papers/**', exclude: {exclude}}}") == left


def test_patterns_of_an_entry_are_relative_to_its_spec(root):
    (root / "orch.yaml").write_text("{kind: Project, name: p, targets: {local: {provider: local}}}\n")
    entry = "{path: '**/*.md', exclude: [/draft-a.md]}"
    (root / "papers" / "docs.yaml").write_text(f"{{kind: VectorStore, name: docs, files: [{entry}]}}\n")
    found = load(Ask(start=root, cwd=root)).resources[DOCS].fields
    assert 'files["papers/draft-a.md"]' not in found
    assert 'files["papers/a.md"]' in found


def test_orchignore_keeps_out_what_globs_find_and_not_what_is_named(root):
    ignored = "# drafts are nobody's business\n\ndraft*\n/papers/old/\n*.txt\n"
    assert labels(root, "{path: 'papers/**'}", ignored) == ["a.md", "new/c.md"]
    assert labels(root, "{path: papers/draft-a.md}", ignored) == ["draft-a.md"]


AS_NOBODY = """
import os, sys
from pathlib import Path
from orchestrator.errors import SpecError
from orchestrator.spec.loader import Ask, load

def found(root):
    try:
        load(Ask(start=root, cwd=root))
    except SpecError as error:
        return [(str(each.position), each.message) for each in error.diagnostics]
    return []

found(Path(sys.argv[1]))  # root reads everything; and nobody may not be able to import anything
if os.geteuid() == 0:
    os.seteuid(65534)
print(found(Path(sys.argv[1])))
"""


def test_a_folder_that_cannot_be_read_is_never_an_empty_one(root):
    labels(root, "{path: 'papers/**'}")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "p"
        shutil.copytree(root, project)
        for path in (Path(folder), project):
            path.chmod(0o755)
        (project / "papers" / "old").chmod(0)
        command = [sys.executable, "-c", AS_NOBODY, str(project)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == "[('orch.yaml:3:48', 'papers/old cannot be read: Permission denied')]\n", done.stderr
        (project / ".orchignore").write_text("old/\n")
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_link_to_nothing_is_told(root):
    (root / "papers" / "new" / "z.md").symlink_to("gone.md")
    (problem,) = told(root, "{path: 'papers/**/*.md'}")
    assert problem.message == "papers/new/z.md is a link to nothing"
    (problem,) = told(root, "{path: papers/new/z.md}")
    assert problem.message == "papers/new/z.md is a link to nothing"
    assert "new/z.md" not in labels(root, "{path: 'papers/**/*.md', exclude: [z.md]}")


def test_a_link_that_leads_out_is_named(root, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "x.md"
    other.write_text("x")
    (root / "papers" / "z.md").symlink_to(other)
    (problem,) = told(root, "{path: 'papers/*.md'}")
    assert problem.message == "papers/z.md leads outside the project"


def test_a_name_that_is_not_utf8_is_told(root):
    path = os.fsencode(root / "papers") + b"/caf\xe9.md"
    with open(path, "w") as file:
        file.write("x")
    (problem,) = told(root, "{path: 'papers/*.md'}")
    assert problem.message == "papers/caf\ufffd.md: its name is not UTF-8, in which the API takes names"


def test_an_orchignore_of_a_windows_editor_is_read(root):
    assert labels(root, "{path: 'papers/*.md'}", "\ufeff/papers/a.md\r\n") == ["draft-a.md"]


def test_patterns_for_files_beside_the_specs_do_not_see_where_the_project_lies(tmp_path):
    root = tmp_path / "drafts" / "p"
    (root / "docs" / "drafts").mkdir(parents=True)
    (root / "specs").mkdir()
    for name in ("docs/a.md", "docs/drafts/b.md"):
        (root / name).write_text(name)
    (root / "orch.yaml").write_text("{kind: Project, name: p, targets: {local: {provider: local}}}\n")
    entry = "{path: '../docs/**', exclude: [drafts/]}"
    (root / "specs" / "docs.yaml").write_text(f"{{kind: VectorStore, name: docs, files: [{entry}]}}\n")
    fields = load(Ask(start=root, cwd=root)).resources[DOCS].fields
    assert [label for path in fields if (label := file_label(path)) is not None] == ["docs/a.md"]


def test_where_nothing_is_left_it_says_what_kept_it_out(root):
    (problem,) = told(root, "{path: 'papers/*.md', exclude: ['*.md']}")
    assert problem.message == "no file matches `papers/*.md`: all 2 that do are kept out"
    assert problem.hint == "see `exclude` and .orchignore"
    (problem,) = told(root, "{path: 'papers/*.pdf'}")
    assert problem.message == "no file matches `papers/*.pdf`"


def test_a_pattern_that_is_none_is_told_at_its_place(root):
    problems = told(root, "{path: 'papers/*.md', exclude: ['*.txt', '!']}", "fine\n!\n")
    assert [(str(each.position), each.message) for each in problems] == [
        (".orchignore:2:1", "`!` is no pattern"),
        ("orch.yaml:3:82", "`!` is no pattern"),
    ]


def test_an_orchignore_that_is_no_text_is_told(root):
    (root / ".orchignore").write_bytes(b"\xff\xfe")
    problems = told(root, "{path: 'papers/*.md'}")
    assert [(str(each.position), each.message) for each in problems] == [
        (".orchignore:1:1", "cannot be read: it is not UTF-8")
    ]


def test_braces_in_a_name_are_only_braces(root):
    (root / "papers" / "{0}.bin").write_text("x")
    (problem,) = told(root, "{path: 'papers/*.bin'}")
    assert problem.message == "papers/{0}.bin: a vector store cannot read .bin"
