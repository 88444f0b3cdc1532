"""What a template may not do because it would take the machine with it: values that grow without bound.

Specs come with pull requests, and CI loads them before anybody has read them. Jinja2's sandbox guards attributes; sizes
are guarded here.
"""

import re
from typing import Any

from orchestrator.errors import OrchError

MAX_TEXT = 10 * 1024 * 1024
MAX_BITS = 4096
_WIDE = re.compile(r"[0-9]{5,}|\*")  # a width or precision of five digits, or one taken from the arguments
_HINT = "compute it outside"


class TemplateError(OrchError):
    """A template that cannot be rendered."""

    def __init__(
        self, message: str, line: int = 1, hint: str | None = None, name: str | None = None, part: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.line = line
        """Line within the text, from 1."""
        self.name = name
        """The name it lacks, where that is the trouble."""
        self.part = part
        """The included text in which it is; None is the text itself."""


class CircleError(TemplateError):
    """Variables that need each other."""


def check_operation(operator: str, left: Any, right: Any) -> None:
    """Check a `*`, `**` or `%` before it is carried out; raises `TemplateError`."""
    whole = isinstance(left, int) and isinstance(right, int)
    if operator == "**" and isinstance(right, int | float):
        if abs(right) > 100 or (isinstance(left, int) and left.bit_length() * abs(right) > MAX_BITS):
            raise TemplateError("a power in a template is too large", hint=_HINT)
    elif operator == "*" and whole:
        if left.bit_length() + right.bit_length() > MAX_BITS:
            raise TemplateError("a product in a template is too large", hint=_HINT)
    elif operator == "*":
        for text, times in ((left, right), (right, left)):
            if isinstance(text, str | list | tuple) and isinstance(times, int) and len(text) * times > MAX_TEXT:
                raise TemplateError("a repetition in a template is too large", hint=_HINT)
    elif operator == "%" and isinstance(left, str):
        check_format(left)


def check_format(text: str) -> None:
    """Check a format before it is filled; raises `TemplateError`."""
    if _WIDE.search(text):
        raise TemplateError("a width in a format is too large", hint="give at most four digits, as plain numbers")


def check_arguments(*args: Any, **named: Any) -> None:
    """Check what a filter or method is called with, such as a width; raises `TemplateError`."""
    for value in (*args, *named.values()):
        if isinstance(value, int) and abs(value) > MAX_TEXT:
            raise TemplateError("a number given to a filter or method is too large", hint=_HINT)
