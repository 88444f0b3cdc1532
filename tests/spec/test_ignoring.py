"""Patterns held to git itself."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.spec.ignoring import Ignoring, is_pattern

PATHS = [
    *("a.md", "b.bak", "drafts/x.md", "drafts/keep.md", "sub/drafts/y.md", "sub/a.md", "sub/b.bak", "logs/1/z.md"),
    *("logs/keep/z.md", "foo/bar/baz.md", "#h.md", "!n.md", "sp .md", "한글/문서.md", "a[1].md", "A.MD"),
    *("sub/deep/a.md", "docs.md/in.md", "foo/foo/foo.md"),
]
SETS = [
    *(["drafts/", "!drafts/keep.md"], ["*", "!a.md"], ["logs/**", "!logs/keep/**"], ["sub/*/", "!sub/deep/a.md"]),
    *(["drafts/*", "!drafts/keep.md"], ["*", "!*/", "!*.md"], ["/*", "!/sub"], ["*.md", "!sub/"], ["*.bak", "!b.bak"]),
    *(["**/*.md", "!sub/**"], ["foo/**/baz.md"], ["foo/**/"], ["foo/foo/**"], ["**/foo/**"], ["\\#h.md"], ["\\!n.md"]),
    *(["sp\\ .md"], ["한글/문*"], ["a[1].md"], ["a\\[1].md"], ["docs.md/"], ["docs.md"], ["deep/"], ["sub/deep"]),
    *(["*", "!drafts", "!drafts/keep.md"], ["[!a].md"], ["sub/", "!sub/a.md"], ["/drafts/", "!/drafts/"], ["**/"]),
    *(["logs/**", "!logs/keep/"], ["logs/**", "!logs/keep/", "!logs/keep/**"], ["# nothing", ""]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root: Path = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "--quiet", root], check=True)
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    return root


def out_by_git(folder, patterns):
    (folder / ".gitignore").write_text("\n".join(patterns) + "\n")
    command = ["git", "-C", folder, "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(command, input="\0".join(PATHS).encode(), capture_output=True, check=False)
    return {path for path in done.stdout.decode().split("\0") if path}


def out(folder, patterns):
    ignoring = Ignoring(folder, patterns)
    return {path for path in PATHS if ignoring.covers(f"{folder}/{path}")}


@pytest.mark.parametrize("patterns", SETS, ids=" ".join)
def test_what_stays_out_is_what_git_ignores(folder, patterns):
    assert out(folder, patterns) == out_by_git(folder, patterns)


NAMES = st.sampled_from(["a.md", "*.md", "*", "sub", "drafts", "deep", "foo", "logs", "keep.md", "**", "b*", "keep"])
PATTERNS = st.builds(
    lambda negated, anchored, names, folder: (
        f"{'!' if negated else ''}{'/' if anchored else ''}{'/'.join(names)}{'/' if folder else ''}"
    ),
    st.booleans(),
    st.booleans(),
    st.lists(NAMES, min_size=1, max_size=3),
    st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERNS.filter(is_pattern), min_size=1, max_size=3))
def test_any_patterns_keep_out_what_git_ignores(folder, patterns):
    assert out(folder, patterns) == out_by_git(folder, patterns)


def test_where_the_checkout_lies_keeps_nothing_out(tmp_path):
    specs, root = tmp_path / "build" / "p" / "specs", tmp_path / "build" / "p"
    ignoring = Ignoring(specs, ["build/", "drafts/"], root)
    assert not ignoring.covers(f"{root}/docs/a.md")
    assert ignoring.covers(f"{root}/docs/drafts/a.md")
    assert ignoring.covers(f"{specs}/build/a.md")
