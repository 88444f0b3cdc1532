"""What a check may know besides what was said."""

from dataclasses import dataclass
from pathlib import Path

from orchestrator.model.prices import Price


@dataclass(frozen=True, slots=True)
class Setting:
    """The surroundings of a conversation; what is not known makes checks that ask for it fail and say so."""

    root: Path | None = None
    """Folder of the project, absolute: files that `python:` names lie below it."""
    price: Price | None = None
    """What the assistant's model costs."""
