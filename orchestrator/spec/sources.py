"""Where a project is and what its files hold: the folder of orch.yaml, and every document below it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.errors import NoProjectError, SpecError
from orchestrator.spec.files import inside, show, spec_files
from orchestrator.spec.reader import NO_TEXTS, Document, Texts, read_documents

PROJECT_FILE = "orch.yaml"
_DOCUMENT = re.compile(r"^---", re.MULTILINE)
_KIND = re.compile(r"^kind:\s*([\"']?)(\w+)\1\s*(?:#.*)?$", re.MULTILINE)
_NAME = re.compile(r"^name:\s*([\"']?)([\w-]+)\1\s*(?:#.*)?$", re.MULTILINE)


def find_root(start: Path, cwd: Path) -> Path:
    """Give the folder of the orch.yaml at or above `start`; raises `NoProjectError` where there is none."""
    path = (cwd / start).absolute()
    if not path.exists():
        raise SpecError([Diagnostic("there is no such file or folder", Position(show(path, cwd)), "check the path")])
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        if (candidate / PROJECT_FILE).is_file():
            return candidate
    below = sorted(folder.glob(f"*/{PROJECT_FILE}"))
    hint = f"give its folder: {show(below[0].parent, cwd)}/" if below else "run `orch init DIR` to begin a project"
    message = f"no {PROJECT_FILE} here or above"
    raise NoProjectError([Diagnostic(message, Position(show(folder / PROJECT_FILE, cwd)), hint)])


@dataclass(slots=True)
class Sources:
    """The documents of some files, and what is wrong with the files."""

    cwd: Path
    texts: Texts = field(default_factory=lambda: NO_TEXTS)
    documents: list[Document] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    lost: set[tuple[str, str]] = field(default_factory=set)
    """Kind and name of documents that could not be read, as far as their text tells."""

    def read(self, path: Path) -> None:
        """Read a file."""
        reading = read_documents(path, show(path, self.cwd), self.texts)
        self.documents += reading.documents
        self.problems += reading.problems
        if reading.problems:
            self.lost |= set(_guess(path)) - {_identity(document) for document in reading.documents}

    def read_specs(self, root: Path, patterns: list[str]) -> None:
        """Read all spec files of a project but the project file itself."""
        for path in spec_files(root, patterns):
            if path == root / PROJECT_FILE:
                continue
            if inside(root, path):
                self.read(path)
            else:
                position = Position(show(path, self.cwd))
                self.problems.append(Diagnostic("a spec file outside the project", position, "copy it in"))


def _identity(document: Document) -> tuple[str, str]:
    data = document.data if isinstance(document.data, dict) else {}
    return str(data.get("kind")), str(data.get("name"))


def _guess(path: Path) -> Iterator[tuple[str, str]]:
    """Guess what a broken file declares, so that nobody is told that it does not exist."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for part in _DOCUMENT.split(text):
        kind, name = _KIND.search(part), _NAME.search(part)
        if name is not None and (kind is not None or path.suffix == ".md"):
            yield kind.group(2) if kind is not None else "Assistant", name.group(2)
