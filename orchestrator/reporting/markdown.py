"""Markdown for pull requests, built so that no content can break out of it and no report grows too long.

GitHub takes 65,536 characters in a comment. Everything shown comes from specs, from a live API or from a model, so
text stands in `<code>`, escaped as HTML and as Markdown, or in a fence longer than any run of backticks inside; in
neither does GitHub look for mentions and issues.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.reporting.characters import visible

LIMIT = 65_000
"""Characters of a report; some stay free for what a bot puts around it."""
MOST_OF_ONE = 6_000
"""Characters of one section's code; a single long prompt shall not push out everything else."""
MOST_INLINE = 300
"""Characters of one piece of inline code."""
_MARKS = re.compile(r"[\\`*_{}\[\]#|~@!]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_RUNS = re.compile(r"`+")


def code(text: str) -> str:
    """Give text as inline code, fit for a table's cell and a summary, whatever it holds."""
    one_line = _shortened(" ".join(visible(text).split()))
    escaped = one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # In HTML, so that backticks and bars need no care; Markdown inside of a tag is still read, hence the entities.
    return f"<code>{_MARKS.sub(lambda found: f'&#{ord(found[0])};', escaped)}</code>"


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_INLINE else f"{text[:MOST_INLINE]}…"


def fence(lines: Sequence[str], language: str = "") -> str:
    """Give lines as a code block whose fence is longer than any run of backticks inside; long ones are cut."""
    body = visible("\n".join(lines))
    if len(body) > MOST_OF_ONE:
        body = f"{body[:MOST_OF_ONE]}\n… {len(body) - MOST_OF_ONE:,} more characters"
    ticks = "`" * max(3, *(len(run) + 1 for run in _RUNS.findall(body)), 3)
    return f"{ticks}{language}\n{body}\n{ticks}"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report: a line that is always readable, and what folds away under it."""

    title: str
    """Escaped already."""
    body: str = ""
    """Markdown, escaped already."""
    open: bool = False
    """Whether it is shown unfolded."""

    def __str__(self) -> str:
        if not self.body:
            return f"- {self.title}"
        if self.open:
            return f"- {self.title}\n\n{self.body}"
        return f"<details><summary>{self.title}</summary>\n\n{self.body}\n\n</details>"


def report(head: Iterable[str], sections: Sequence[Section], limit: int = LIMIT) -> str:
    """Give head and sections in their order within `limit` characters; what does not fit is cut with a note.

    A section that does not fit whole is shown by its title alone, and where not even titles fit the rest is counted.
    """
    text = "\n\n".join(head)
    if len(text) > limit // 2:
        raise ValueError("the head of a report is short by construction")
    room = limit - len(text) - 200  # for the closing note
    parts: list[str] = []
    folded = 0
    for number, section in enumerate(sections):
        whole = str(section)
        # Every section still to come keeps room for its title while there is any.
        short = str(Section(section.title))
        if len(whole) + 2 <= room:
            parts.append(whole)
        elif len(short) + 2 <= room:
            parts.append(short)
            folded += 1
        else:
            left = len(sections) - number
            parts.append(f"*… and {left:,} more; this report is cut at {limit:,} characters.*")
            break
        room -= len(parts[-1]) + 2
    if folded:
        parts.append(f"*{folded:,} shown without their contents; this report is cut at {limit:,} characters.*")
    return "\n\n".join([text, *parts])
