"""The visible text of an HTML page; a script of its own, run by documents.py in a child process.

Python's tolerant HTML parser takes quadratic time on some broken pages, so a deadline has to be able to end it.
It reads UTF-8 from standard input and writes UTF-8 text to standard output; exit status 0.
"""

import contextlib
import re
import sys
from html.parser import HTMLParser

if sys.platform != "win32":
    import resource

_HIDDEN = frozenset(["script", "style"])
_LINES = frozenset(
    re.findall(r"\w+", "address article aside br dd div dt figcaption footer form header li main nav option tr")
)
_PARAGRAPHS = frozenset(re.findall(r"\w+", "blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre section table title ul"))


class VisibleText(HTMLParser):
    """Collects what a reader sees: block elements become lines, scripts and styles vanish, `pre` keeps its lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = self._templates = self._before = 0
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, or a stretch nobody sees."""
        self._hidden += tag in _HIDDEN
        if tag == "template":
            self._before = self._before if self._templates else len(self.parts)
            self._templates += 1
        self._preformatted += tag == "pre"
        self._border(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A void element, for example `<br/>`: a border only."""
        self._border(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a block; an end tag without its start changes nothing."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag == "template" and self._templates:  # one that is never closed hides nothing
            self._templates -= 1
            if not self._templates:
                del self.parts[self._before :]
        if tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        self._border(tag)

    def handle_data(self, data: str) -> None:
        """Keep text that shows, with runs of blanks as one blank outside `pre`."""
        if self._hidden:
            return
        if not self._preformatted:
            data = re.sub(r"\s+", " ", data)
            if self.parts and self.parts[-1].endswith((" ", "\n")):
                data = data.removeprefix(" ")
        if data:
            self.parts.append(data)

    def _border(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")
        elif tag in ("td", "th") and self.parts and not self.parts[-1].endswith((" ", "\n")):
            self.parts.append(" ")


def read_html(page: str) -> str:
    """The visible text of a page, at most one empty line in a row."""
    parser = VisibleText()
    parser.feed(page)
    parser.close()
    text = re.sub(r"[ \t\f\v]+\n", "\n", "".join(parser.parts))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def main(memory_bytes: int) -> int:
    """Limit this process, read standard input, write standard output."""
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands, or macOS knows none
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    sys.stdout.buffer.write(read_html(sys.stdin.buffer.read().decode()).encode(errors="replace"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
