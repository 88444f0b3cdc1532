"""Where each field of an assistant, or of a judge, is written.

So that what a target cannot do is said at its line and column.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.own_settings import all_own_tools
from orchestrator.model.resources import Assistant, Function, FunctionTool
from orchestrator.spec.mentions import tool_name
from orchestrator.spec.reader import Document, Path_

_PARTS = ("description", "parameters", "strict")


@dataclass(frozen=True, slots=True)
class AssistantPlaces:
    """The documents in which an assistant's fields stand."""

    document: Document
    assistant: Assistant
    functions: Mapping[str, Function]
    """By the name they are listed by."""
    documents: Mapping[str, Document]
    """Where the functions are written, by the same name."""

    def locate(self, path: str, message: str, hint: str | None) -> Diagnostic:
        """Make a diagnostic at the place of a field (`model/fields.py`)."""
        document, where = self._place(path)
        return document.diagnostic(message, where, hint, key=bool(where) and isinstance(where[-1], str))

    def _place(self, path: str) -> tuple[Document, Path_]:
        first, _, rest = path.partition(".")
        if first == "tools":
            return self._tool(*rest.partition(".")[::2])
        if first == "display_name" and self.assistant.display_name is None:
            return self.document, ("name",)
        return self.document, (first, *([rest] if rest else []))

    def _tool(self, name: str, part: str) -> tuple[Document, Path_]:
        """Find the tool in the list; a part of a function where the function is written."""
        for number, tool in enumerate(self.assistant.tools or ()):
            if tool_name(tool, self.functions) != name:
                continue
            if isinstance(tool, FunctionTool) and part in _PARTS and tool.function in self.documents:
                return self.documents[tool.function], (part,)
            return self.document, ("tools", number, *([name, part] if part else []))
        for wire, number, own in all_own_tools(self.assistant):
            if name == own:
                return self.document, (wire, "tools", number)
        return self.document, ("tools",)


@dataclass(frozen=True, slots=True)
class JudgePlaces:
    """The document of a judge; what it does not say itself is said of the whole."""

    document: Document

    def locate(self, path: str, message: str, hint: str | None) -> Diagnostic:
        """Make a diagnostic at the place of a field."""
        return self.document.diagnostic(message, (path,), hint, key=True)
