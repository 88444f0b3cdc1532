"""Which files stay out of stores: patterns as in .gitignore, in `exclude` and in the project's `.orchignore`.

The patterns are git's own (gitignore(5)): `*.tmp` anywhere, `drafts/` a folder, `/top.md` beside the file with the
patterns, `!kept.md` taken back. As in git, nothing is taken back out of a folder that stays out as a whole: folders are
judged from the top, and what decides is the last pattern that fits the folder or the file itself.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

FILE = ".orchignore"
NO_PATTERN = "write one as in .gitignore"
_EVERYTHING = "."
"""How the library writes a pattern that fits whatever there is."""


def is_pattern(text: str) -> bool:
    """Tell whether git would take a line of .gitignore for a pattern, or for none of its business."""
    try:
        GitIgnoreSpec.from_lines([text])
    except ValueError:
        return False
    return True


class Ignoring:
    """Patterns, and the folder they are relative to."""

    def __init__(self, folder: Path, patterns: Sequence[str], root: Path | None = None) -> None:
        """A file that is not below the folder is named relative to `root`; raises ValueError for what is no pattern."""
        self._folders = [f"{path}/" for path in (folder, root) if path is not None]
        self._rules = [rule for text in patterns for rule in _rules(text)]
        self._rules.reverse()  # the last one that fits decides
        self._known: dict[str, bool] = {}

    def __bool__(self) -> bool:
        """Whether there is any pattern: without one, nothing stays out."""
        return bool(self._rules)

    def covers(self, path: str) -> bool:
        """Tell whether a file stays out."""
        start = next((folder for folder in self._folders if path.startswith(folder)), "")
        name = path.removeprefix(start).lstrip("/")
        return self._has_out(name.rpartition("/")[0]) or self._fits(name)

    def _has_out(self, folder: str) -> bool:
        """Tell whether a folder, or one that it lies in, stays out."""
        if not folder:
            return False
        if folder not in self._known:
            self._known[folder] = self._has_out(folder.rpartition("/")[0]) or self._fits(f"{folder}/")
        return self._known[folder]

    def _fits(self, name: str) -> bool:
        return next((out for regex, out in self._rules if regex.search(name)), False)


def _rules(text: str) -> list[tuple[re.Pattern[str], bool]]:
    """Give the rule of a line, if it has one: what it fits by itself, and whether that stays out.

    The library's patterns fit what lies in a folder together with it; here a folder is asked for by itself, with a `/`
    at its end.
    """
    rules = []
    text = re.sub(r"(\*\*/)+", "**/", text)  # several say no more than one
    for pattern in GitIgnoreSpec.from_lines([text]).patterns:
        if pattern.include is None or pattern.regex is None:
            continue
        written, bare = pattern.regex.pattern, text.rstrip()
        if bare.removeprefix("!") == "/**/":
            written = r"/\Z"
        elif bare.endswith("/**") and written != _EVERYTHING:
            written = f"(?:{written})."  # what lies in it
        elif bare.endswith("/**/"):
            written = rf"(?:{written}).*/\Z"
        elif written != _EVERYTHING:
            written = rf"(?:{written})\Z"
        rules.append((re.compile(written, re.DOTALL), bool(pattern.include)))
    return rules
