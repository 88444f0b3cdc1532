"""Prompts in files of their own: read, with what they include, and rendered.

`{% include "part.md" %}` is relative to the prompt that an assistant names. Nothing outside the project is read and a
circle of includes is found before anything is rendered.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position, nearest
from orchestrator.model.language import FileText
from orchestrator.spec.files import inside, show
from orchestrator.spec.reader import Document, Path_, read_text
from orchestrator.spec.template import TemplateError, includes, render


class PromptReader:
    """Reads the prompts of one project."""

    def __init__(self, root: Path, cwd: Path, context: Mapping[str, Any]) -> None:
        self._root, self._cwd, self._context = root, cwd, context

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
        if not file.is_file():
            near = nearest(file.name, [other.name for other in file.parent.glob("*") if other.is_file()])
            hint = f"did you mean `{near}`?" if near else f"paths are relative to {document.shown}"
            return document.diagnostic(f"there is no file `{written.file}`", path, hint)
        file = file.resolve()
        shown = show(file, self._cwd.resolve())
        text = read_text(file, shown)
        return text if isinstance(text, Diagnostic) else self._render(text.strip("\n"), file, shown, 1)

    def _render(self, text: str, file: Path, shown: str, first_line: int) -> str | Diagnostic:
        parts: dict[str, str] = {}
        problem = self._read_parts(text, Position(shown, first_line), file, (), parts)
        if problem is not None:
            return problem
        try:
            return render(text, self._context, parts.__getitem__)
        except TemplateError as error:
            at = Position(shown, first_line + error.line - 1)
            return Diagnostic(error.message, at, error.hint, text.split("\n")[error.line - 1])

    def _read_parts(
        self, text: str, start: Position, prompt: Path, chain: tuple[str, ...], parts: dict[str, str]
    ) -> Diagnostic | None:
        """Read what a text includes into `parts`, and what that includes; say what is wrong with the first bad one."""
        for name, number in includes(text):
            at, excerpt = Position(start.file, start.line + number - 1), text.split("\n")[number - 1]
            file = prompt.parent / name
            if not inside(self._root, file):
                return Diagnostic(f"`{name}` lies outside the project", at, "move it into the project", excerpt)
            if name in chain or file.resolve() == prompt.resolve():
                circle = " -> ".join([*chain, name])
                return Diagnostic(f"prompts include each other in a circle: {circle}", at, "break the circle", excerpt)
            if not file.is_file():
                hint = f"paths are relative to {show(prompt, self._cwd)}"
                return Diagnostic(f"there is no file `{name}`", at, hint, excerpt)
            shown = show(file.resolve(), self._cwd.resolve())
            read = read_text(file, shown)
            if isinstance(read, Diagnostic):
                return read
            parts[name] = read.strip("\n")
            problem = self._read_parts(parts[name], Position(shown), prompt, (*chain, name), parts)
            if problem is not None:
                return problem
        return None
