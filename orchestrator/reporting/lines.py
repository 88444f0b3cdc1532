"""Lines of a story: labelled texts that a terminal shows in styles, and JUnit and Markdown without."""

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.reporting.characters import visible

_WIDTH = len("assistant: ")


class Part(StrEnum):
    """What a line speaks of; a report may give each its own style."""

    TURN = "turn"
    SAID = "said"
    DONE = "done"
    WRONG = "wrong"
    HINT = "hint"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled text; more lines of it stand under the first."""

    part: Part
    depth: int
    """Steps of indentation, two spaces each."""
    label: str
    text: str

    def __str__(self) -> str:
        start = "  " * self.depth + (f"{self.label}: ".ljust(_WIDTH) if self.label else "")
        first, *rest = visible(self.text).split("\n")
        return "\n".join([(start + first).rstrip(), *((" " * len(start) + line).rstrip() for line in rest)])
