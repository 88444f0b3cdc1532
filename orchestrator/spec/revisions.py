"""What git knows of the specs: the revision they stand at, and how they were at another one.

The specs of another revision are taken out of the repository beside the working copy, which stays as it is.
"""

import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import OrchError
from orchestrator.model.project import STATE_FOLDER
from orchestrator.spec.sources import PROJECT_FILE

DIRTY = "-dirty"
"""Ends a revision whose specs were changed and not committed."""
_QUICK, _LONG = 10, 300  # seconds: a look into the repository; an archive, whose large files may have to be fetched
_HASH = re.compile(r"[0-9a-f]{4,64}")
_SHOWN = 5  # names in a message


class RevisionError(OrchError):
    """A revision whose specs cannot be had."""


def run_git(folder: Path, *arguments: str, timeout: float = _QUICK) -> str | None:
    """Run git in a folder and give what it prints; None where it fails, is missing, or takes over `timeout` s."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def read_revision(root: Path) -> str | None:
    """Give the git revision the specs stand at, with `-dirty` where they differ from it; None outside of git.

    Files that git does not know yet are a difference; what is in the repository beside the project is none.
    """
    head = run_git(root, "rev-parse", "--verify", "HEAD")
    if head is None:
        return None
    changed = run_git(root, "--no-optional-locks", "status", "--porcelain", "--", ".", f":(exclude){STATE_FOLDER}")
    return head.strip() + ("" if changed == "" else DIRTY)


@contextmanager
def specs_of(root: Path, revision: str) -> Iterator[Path]:
    """Give a folder that holds the project folder `root` as it was at a revision, while the context lasts.

    It is a temporary one, complete or not there at all. Raises `RevisionError`.
    """
    short = revision[:7]
    _check(root, revision)
    files = _list(root, revision)
    if PROJECT_FILE not in files:
        message = f"at {short} there was no {PROJECT_FILE} in {root}"
        raise RevisionError(message, "the project was elsewhere or not there yet; " + _by_hand(short))
    with tempfile.TemporaryDirectory(prefix="orch-") as name:
        folder, archive = Path(name, "specs"), Path(name, "specs.tar")
        if run_git(root, "archive", "--format=tar", f"--output={archive}", revision, timeout=_LONG) is None:
            message = f"git cannot give {root} as it was at {short}"
            raise RevisionError(message, f"see what `git archive {short}` says in that folder")
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except tarfile.TarError as error:  # a link that leads out of the project, a name no file may have
            raise RevisionError(f"the specs of {short} cannot be taken out of git: {error}", _by_hand(short)) from error
        missing = [file for file in files if not os.path.lexists(folder / file)]
        if missing:  # specs without these would say something else
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            message = f"git leaves out of {short}: {', '.join(missing[:_SHOWN])}{more}"
            raise RevisionError(message, f"see `export-ignore` in .gitattributes; {_by_hand(short)}")
        yield folder


def _check(root: Path, revision: str) -> None:
    """Raise `RevisionError` where git does not have the revision here."""
    if not _HASH.fullmatch(revision):
        raise RevisionError(f"`{revision}` is no git revision", "`orch history` shows the revisions there are")
    if run_git(root, "--version") is None:
        raise RevisionError("git cannot be run", "the specs of a revision come from git: install it")
    if run_git(root, "rev-parse", "--git-dir") is None:
        message = f"{root} is not in a git repository"
        raise RevisionError(message, "the specs of a revision come from git; run this in a clone of the repository")
    if run_git(root, "cat-file", "-e", f"{revision}^{{commit}}") is None:
        message = f"git does not know revision {revision[:7]} here"
        hint = "`git fetch --all` gets what others have pushed, `git fetch --unshallow` what a shallow clone lacks"
        raise RevisionError(message, hint)


def _list(root: Path, revision: str) -> list[str]:
    """Give the files of the revision below `root`, relative to it."""
    lines = (run_git(root, "ls-tree", "-r", "-z", revision) or "").split("\0")
    return [line.partition("\t")[2] for line in lines if " blob " in line.partition("\t")[0]]


def _by_hand(short: str) -> str:
    return f"`git worktree add ../{short} {short}` and `orch apply` there do it by hand"
