"""Prompts in files of their own: read, with what they include, and rendered.

`{% include "part.md" %}` is relative to the prompt that an assistant names. Nothing outside the project is read and a
circle of includes is found before anything is rendered.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, did_you_mean
from orchestrator.model.language import FileText
from orchestrator.spec.files import inside, same_file, show
from orchestrator.spec.reader import NO_TEXTS, Document, Path_, Texts, read_text
from orchestrator.spec.template import TemplateError, includes, render


class PromptReader:
    """Reads the prompts of one project."""

    def __init__(self, root: Path, cwd: Path, context: Mapping[str, Any], texts: Texts = NO_TEXTS) -> None:
        self._root, self._cwd, self._context, self._texts = root, cwd, context, texts

    def read_body(self, document: Document) -> str | Diagnostic:
        """Give the rendered Markdown below a document's front matter."""
        return self._render(document.body or "", document.path, document.shown, document.body_line)

    def read_file(self, document: Document, written: FileText) -> str | Diagnostic:
        """Give the rendered text of the file that a document's `instructions` name."""
        path: Path_ = ("instructions", "file")
        file = document.path.parent / written.file
        if not inside(self._root, file):
            hint = f"keep it below {show(self._root, self._cwd)}/"
            return document.diagnostic(f"`{written.file}` lies outside the project", path, hint)
        if not os.path.isfile(file):  # Path.is_file raises on a name that is too long or holds a NUL
            hint = did_you_mean(file.name, _names(file.parent)) or f"paths are relative to {document.shown}"
            return document.diagnostic(f"there is no file `{written.file}`", path, hint)
        shown = show(Path(os.path.normpath(file)), self._cwd)
        text = read_text(file, shown, self._texts)
        return text if isinstance(text, Diagnostic) else self._render(text, file, shown, 1)

    def _render(self, text: str, file: Path, shown: str, first_line: int) -> str | Diagnostic:
        main = _Part(text, shown, first_line)
        parts: dict[str, _Part] = {}
        problem = self._read_parts(main, file, (), parts)
        if problem is not None:
            return problem
        try:
            # Empty lines around a text are how files are written; they are no part of a prompt.
            return render(text, self._context, lambda name: parts[name].text.rstrip("\n")).strip("\n")
        except TemplateError as error:
            return parts.get(error.part or "", main).diagnostic(error)

    def _read_parts(
        self, part: "_Part", prompt: Path, chain: tuple[str, ...], parts: dict[str, "_Part"]
    ) -> Diagnostic | None:
        """Read what a text includes into `parts`, and what that includes; say what is wrong with the first bad one."""
        try:
            found = includes(part.text)
        except TemplateError as error:
            return part.diagnostic(error)
        for name, line in found:
            file = prompt.parent / name
            if not inside(self._root, file):
                hint = f"keep it below {show(self._root, self._cwd)}/"
                return part.at(line, f"`{name}` lies outside the project", hint, name)
            if name in chain or same_file(file, prompt):
                circle = " -> ".join([prompt.name, *chain, name])
                return part.at(line, f"prompts include each other in a circle: {circle}", "break the circle", name)
            if not os.path.isfile(file):
                hint = (
                    did_you_mean(file.name, _names(file.parent)) or f"paths are relative to {show(prompt, self._cwd)}"
                )
                return part.at(line, f"there is no file `{name}`", hint, name)
            if name in parts:
                continue
            shown = show(Path(os.path.normpath(file)), self._cwd)
            read = read_text(file, shown, self._texts)
            if isinstance(read, Diagnostic):
                return read
            parts[name] = _Part(read, shown)
            problem = self._read_parts(parts[name], prompt, (*chain, name), parts)
            if problem is not None:
                return problem
        return None


@dataclass(frozen=True, slots=True)
class _Part:
    """A text of a prompt, and where it is written."""

    text: str
    shown: str
    first_line: int = 1

    def diagnostic(self, error: TemplateError) -> Diagnostic:
        """Locate what is wrong with the text as a template."""
        return self.at(error.line, error.message, error.hint, error.name)

    def at(self, line: int, message: str, hint: str | None, word: str | None) -> Diagnostic:
        """Make a message about a line of the text, at `word` where it stands there."""
        lines = self.text.split("\n")
        excerpt = lines[line - 1] if line <= len(lines) else ""
        column = max(excerpt.find(word), 0) + 1 if word else 1
        return Diagnostic(message, Position(self.shown, self.first_line + line - 1, column), hint, excerpt)


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if os.path.isfile(folder / name)]
    except (OSError, ValueError):
        return []
