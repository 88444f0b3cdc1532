"""Files that specs name: found, kept inside the project, read or hashed.

A path is relative to the spec that names it. Symlinks are followed before it is judged, so nothing outside the
project is ever read.
"""

import glob
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages"])
# What vector stores take as text or PDF (API facts 2.3); the rest is refused by the API as unsupported_file.
_TEXT = "c cpp cs css go html java js json md php py rb sh tex ts txt"
TEXT_SUFFIXES = frozenset(f".{word}" for word in _TEXT.split(" "))
SUFFIXES = TEXT_SUFFIXES | {".pdf", ".doc", ".docx", ".pptx"}


def show(path: Path, cwd: Path) -> str:
    """Give a path as people like to read it: relative to the current folder where it lies below it."""
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else str(path)


def inside(root: Path, path: Path) -> bool:
    """Tell whether a path lies in the project once every symlink is followed."""
    return path.resolve().is_relative_to(root.resolve())


def matching(folder: Path, pattern: str) -> list[Path]:
    """Give the files a path or glob names, sorted; hidden files and folders are not matched by `*`."""
    found = glob.glob(pattern, root_dir=folder, recursive=True)
    paths = (Path(os.path.normpath(folder / name)) for name in found)
    return sorted(path for path in paths if path.is_file() and not SKIPPED.intersection(path.parts))


def spec_files(root: Path, patterns: list[str]) -> Iterator[Path]:
    """Give the spec files of a project, sorted; a folder below with its own orch.yaml is another project."""
    found = {path for pattern in patterns for path in matching(root, pattern)}
    others = {path.parent for path in found if path.name == "orch.yaml" and path.parent != root}
    for path in sorted(found):
        if not others.intersection(path.parents):
            yield path


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file's content, in hex, without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def why_unreadable(path: Path) -> str | None:
    """Say why a vector store could not take this file, from its name and first bytes; None where nothing is seen."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return f"a vector store cannot read {suffix or 'a file without a suffix'}"
    with path.open("rb") as file:
        head = file.read(64 * 1024)
        if suffix == ".pdf":
            file.seek(max(0, path.stat().st_size - 2048))
            if b"%PDF-" not in head[:1024]:
                return "a broken PDF: it does not begin as one"
            return None if b"%%EOF" in file.read() else "a broken PDF: its end is missing"
    if suffix in TEXT_SUFFIXES and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        if b"\0" in head:
            return "binary data where text is meant"
        try:
            head[: len(head) - 4 if len(head) == 64 * 1024 else None].decode("utf-8")
        except UnicodeDecodeError as error:
            if len(head) - error.start > 4:
                return "text that is neither UTF-8 nor UTF-16"
    return None
