"""Specs that a program writes: texts that read back as what was meant, and files that replace nothing.

Every text is read again before it is given, as the loader reads it. What the language cannot hold raises
`UnwritableError` and is never lost on the way.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import OrchError, UsageError
from orchestrator.model.fields import equal
from orchestrator.spec.nodes import YamlError, compose
from orchestrator.spec.reader import CONFLICT
from orchestrator.spec.template import render
from orchestrator.spec.values import Builder
from orchestrator.spec.verbatim import verbatim
from orchestrator.spec.whole_files import write_whole
from orchestrator.spec.writer import composed

LINE = 100
"""Characters above which a prompt gets a file of its own."""


class UnwritableError(OrchError):
    """A value that no spec can hold."""


def spec_text(data: Mapping[str, Any], comments: Sequence[str] = ()) -> str:
    """Give a spec as the text of a file, under some comments; raises `UnwritableError`."""
    head = [f"# {line if line.isprintable() else ascii(line)}" for line in comments]
    for quoted in (False, True):
        text = "\n".join([*head, composed(data, quoted)])
        if _encodable(text) and _reads_as(text, data):
            return text
    raise UnwritableError("it holds a character or a number that YAML cannot hold")


def prompt_text(text: str) -> str | None:
    """Give the text of a prompt file that reads back as `text`; None where only YAML can hold it.

    Empty lines at the ends of a prompt file are no part of the prompt (`prompts`).
    """
    written = verbatim(text, as_file=True)
    unfit = "\0" in text or CONFLICT.search(written.replace("\r", "\n")) or not _encodable(text)
    return f"{written}\n" if not unfit and render(written, {}).strip("\n") == text else None


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False  # half a surrogate pair, which JSON can hold and UTF-8 cannot
    return True


def _reads_as(text: str, wanted: Any) -> bool:
    builder = Builder()
    try:
        found = [builder.build(root) for root in compose(text)]
    except YamlError:
        return False
    return not builder.problems and len(found) == 1 and equal(_rendered(found[0]), wanted)


def _rendered(value: Any) -> Any:
    match value:
        case str():
            return render(value, {})
        case dict():
            return {key: _rendered(item) for key, item in value.items()}
        case list():
            return [_rendered(item) for item in value]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and can be taken away again."""

    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    """Folders that were made for them, each after the one it lies in."""

    def remove(self) -> None:
        """Take the files away, and the folders where nothing else has come into them."""
        for file in self.files:
            file.unlink(missing_ok=True)
        for folder in reversed(self.folders):
            with suppress(OSError):
                folder.rmdir()


def write_new(files: Mapping[Path, str]) -> Written:
    """Write files in their order, each whole or not at all, and give what was written.

    One that is there already with the very same text stays and is not part of it, so that what was broken off can be
    done again. Raises `UsageError` for one that is there and differs; then, and after any error, nothing stays.
    """
    missing = [path for path in files if not os.path.lexists(path)]
    for path, text in files.items():
        if path not in missing and not _holds(path, text):
            raise UsageError(f"{path} exists already", "choose another folder; nothing was written")
    written, folders = [], []
    try:
        for path in missing:
            for folder in _missing_folders(path):
                folder.mkdir()
                folders.append(folder)
            write_whole(path, files[path].encode("utf-8"), new=True)
            written.append(path)
    except BaseException:
        Written(tuple(written), tuple(folders)).remove()
        raise
    return Written(tuple(written), tuple(folders))


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode("utf-8")
    except OSError:
        return False


def _missing_folders(path: Path) -> list[Path]:
    return [folder for folder in reversed(path.parents) if not folder.exists()]
