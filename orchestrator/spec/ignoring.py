"""Which files stay out of stores: patterns as in .gitignore, in `exclude` and in the project's `.orchignore`.

The patterns are git's own (gitignore(5)): `*.tmp` anywhere, `drafts/` a folder, `/top.md` beside the file with the
patterns, `!kept.md` taken back.
"""

from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

FILE = ".orchignore"
NO_PATTERN = "write one as in .gitignore"


def is_pattern(text: str) -> bool:
    """Tell whether git would take a line of .gitignore for a pattern, or for none of its business."""
    try:
        GitIgnoreSpec.from_lines([text])
    except ValueError:
        return False
    return True


class Ignoring:
    """Patterns, and the folder they are relative to."""

    def __init__(self, folder: Path, patterns: Sequence[str]) -> None:
        """Raises ValueError for a pattern that is none."""
        self._folder = f"{folder}/"
        self._spec = GitIgnoreSpec.from_lines(patterns)

    def __bool__(self) -> bool:
        """Whether there is any pattern: without one, nothing stays out."""
        return bool(self._spec.patterns)

    def covers(self, path: str) -> bool:
        """Tell whether a file stays out; one that is not below the folder is named as from the root of the disk."""
        return self._spec.match_file(path.removeprefix(self._folder).lstrip("/"))
