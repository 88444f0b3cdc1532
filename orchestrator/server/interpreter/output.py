"""What one call printed and showed, from the kernel's messages to a log as a notebook would show it.

The kernel runs the user's code in its own process, so its messages are as untrusted as the code: a field may be
missing or of any type, a text may hold half characters that no file or database takes.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from orchestrator.server.interpreter.limits import Limits

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ERROR_CHARACTERS = 2_000


class Output:
    """Collects the output of one call, up to the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pieces: list[str] = []
        self._length = 0
        self._last = "\n"
        self.images: list[bytes] = []
        self.error: str | None = None
        self.received_bytes = 0

    def feed(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take one message: a stream's text, a shown value, or the error that ended the call."""
        if kind == "stream":
            self._add(_text(content.get("text")))
        elif kind in ("execute_result", "display_data"):
            self._show(content.get("data"))
        elif kind == "error":
            self.error = _first(f"{_text(content.get('ename'))}: {_text(content.get('evalue'))}".removesuffix(": "))
            traceback = content.get("traceback")
            lines = traceback if isinstance(traceback, list) else []
            self.remark("\n".join(_text(line) for line in lines))

    def remark(self, text: str) -> None:
        """Add text on lines of its own."""
        if text:
            self._add(("" if self._last.endswith("\n") else "\n") + text + "\n")

    def get_logs(self) -> str:
        """Everything printed, in order, cut at the limit with a note."""
        logs = "".join(self._pieces)
        cut = self._length - len(logs)
        return f"{logs}\n[output cut: {cut} more characters]\n" if cut else logs

    def _show(self, data: object) -> None:
        if not isinstance(data, dict):
            return
        picture = data.get("image/png")
        if isinstance(picture, str):
            self._keep(picture)
        else:
            self.remark(_text(data.get("text/plain")))

    def _keep(self, picture: str) -> None:
        try:
            image = base64.b64decode(picture)
        except (binascii.Error, ValueError):
            return
        if len(self.images) < self._limits.images:
            self.images.append(image)
        else:
            self.remark(f"[image not kept: at most {self._limits.images} a call]")

    def _add(self, text: str) -> None:
        room = self._limits.log_characters - min(self._length, self._limits.log_characters)
        self._length += len(text)
        self._last = text[-1:] or self._last
        if room:
            self._pieces.append(text[:room])


def _text(value: object) -> str:
    """The value as text that can be stored: without colours, half characters replaced."""
    text = value if isinstance(value, str) else ""
    return _COLOURS.sub("", text).encode("utf-8", "replace").decode()


def _first(text: str) -> str:
    return text if len(text) <= _ERROR_CHARACTERS else text[:_ERROR_CHARACTERS] + "..."
