"""Files that specs name: found, kept inside the project, read or hashed.

A path is relative to the spec that names it. Symlinks are followed before it is judged, so nothing outside the
project is ever read.
"""

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages"])
# What vector stores take as text or PDF (API facts 2.3); the rest is refused by the API as unsupported_file.
_TEXT = "c cpp cs css go html java js json md php py rb sh tex ts txt"
TEXT_SUFFIXES = frozenset(f".{word}" for word in _TEXT.split(" "))
_HEAD = 64 * 1024  # bytes looked at
SUFFIXES = TEXT_SUFFIXES | {".pdf", ".doc", ".docx", ".pptx"}
MAX_BYTES = 512 * 1024**2
"""What one upload holds (API facts 2.1)."""


def show(path: Path, cwd: Path) -> str:
    """Give a path as people like to read it: relative to the current folder where it lies below it."""
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else str(path)


def inside(root: Path, path: Path) -> bool:
    """Tell whether a path lies in the project once every symlink is followed."""
    try:
        real = Path(os.path.realpath(path))  # Path.resolve raises on a circle of links
    except ValueError:  # a NUL, or what no file system can write: there is no such file anywhere
        return True
    return real.is_relative_to(os.path.realpath(root))


def same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file."""
    try:
        return os.path.realpath(one) == os.path.realpath(other)
    except ValueError:
        return False


def matching(folder: Path, pattern: str) -> list[Path]:
    """Give the files a path or glob names, sorted; see `matching_names`."""
    return [Path(name) for name in matching_names(folder, pattern)]


@dataclass(slots=True)
class Listed:
    """What was seen of folders, so that several patterns look at a folder once."""

    folders: dict[str, list[os.DirEntry[str]]] = field(default_factory=dict)
    """What they hold, by path."""
    unread: dict[str, str] = field(default_factory=dict)
    """Why folders and files that a pattern leads to cannot be read, by path: they may not count as absent."""


def matching_names(folder: Path, pattern: str, listed: Listed | None = None) -> list[str]:
    """Give the paths of the files a path or glob names, sorted; what could not be read is told in `listed`.

    `*` and `?` match no hidden names, `**` is any number of folders and follows no links to folders: they could lead
    round in a circle. What is named literally is found wherever it lies. Paths are texts here, for a store may have
    very many.
    """
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    start = "/" if pattern.startswith("/") else str(folder)
    known = listed if listed is not None else Listed()
    found = {os.path.normpath(name) if ".." in parts else name for name in _expand(start, parts, known)}
    return sorted(found, key=lambda name: name.split("/"))


def is_glob(pattern: str) -> bool:
    """Tell whether a pattern may name several files."""
    return any(character in pattern for character in "*?[")


def _expand(folder: str, parts: list[str], listed: Listed) -> Iterator[str]:
    """Give the files that match; `folder` is one, or what a literal part has made of it."""
    if not parts:
        if _is_there(folder, listed):
            yield folder
        return
    head, rest = parts[0], parts[1:]
    if head == "**":
        yield from _expand(folder, rest or ["*"], listed)
        for entry in _visible(folder, listed):
            if entry.is_dir(follow_symlinks=False):
                yield from _expand(entry.path, parts, listed)
    elif is_glob(head):
        fits = re.compile(translate(head)).match
        for entry in _visible(folder, listed, head.startswith(".")):
            if fits(entry.name):
                if rest:
                    yield from _expand(entry.path, rest, listed)
                elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and _is_there(entry.path, listed)):
                    yield entry.path
    else:
        yield from _expand(os.path.join(folder, head), rest, listed)


def _is_there(path: str, listed: Listed) -> bool:
    """Tell whether a path leads to a file; one that leads nowhere, or cannot be followed, is noted."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            listed.unread[path] = "is a link to nothing"
    except OSError as error:
        listed.unread[path] = f"cannot be read: {error.strerror}"
    except ValueError:  # a NUL, or what no file system can write: there is no such file anywhere
        pass
    return False


def _visible(folder: str, listed: Listed, hidden: bool = False) -> list[os.DirEntry[str]]:
    if folder not in listed.folders:
        listed.folders[folder] = []
        try:
            with os.scandir(folder) as entries:
                listed.folders[folder] = [entry for entry in entries if entry.name not in SKIPPED]
        except (FileNotFoundError, NotADirectoryError, ValueError):  # no folder: it has no files
            pass
        except OSError as error:
            listed.unread[folder] = f"cannot be read: {error.strerror}"
    found = listed.folders[folder]
    return found if hidden else [entry for entry in found if entry.name[0] != "."]


def spec_files(root: Path, patterns: list[str]) -> Iterator[Path]:
    """Give the spec files of a project, sorted; a folder below with its own orch.yaml is another project."""
    listed = Listed()
    found = {Path(name) for pattern in patterns for name in matching_names(root, pattern, listed)}
    others: dict[Path, bool] = {}
    for path in sorted(found):
        folders = [folder for folder in path.parents if folder != root and folder.is_relative_to(root)]
        for folder in folders:
            if folder not in others:
                others[folder] = os.path.isfile(folder / "orch.yaml")
        if not any(others[folder] for folder in folders):
            yield path


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file's content, in hex, without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def searchable_sha256(path: Path) -> tuple[str | None, str | None]:
    """Give the SHA-256 (hex) of what a vector store can take, or why it could not; a file is opened once.

    It is judged by its name, its first and its last bytes. Raises `OSError`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return None, f"a vector store cannot read {suffix or 'a file without a suffix'}"
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, os.fstat(file.fileno()).st_size - 2048))
        if why := _why_unfit(suffix, head, file.read()):
            return None, why
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest(), None


def _why_unfit(suffix: str, head: bytes, tail: bytes) -> str | None:
    if not head:
        return "is empty: there is nothing in it to find"
    if suffix == ".pdf":
        if b"%PDF-" not in head[:1024]:
            return "a broken PDF: it does not begin as one"
        return None if b"%%EOF" in tail else "a broken PDF: its end is missing"
    return _why_no_text(head) if suffix in TEXT_SUFFIXES else None


def _why_no_text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None  # UTF-16 says so
    if b"\0" in head:
        return "binary data where text is meant"
    try:
        # A character may be cut where the head ends, not where the file does.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD)
    except UnicodeDecodeError:
        return "text that is neither UTF-8 nor UTF-16"
    return None
