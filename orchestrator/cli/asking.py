"""The one question commands ask: whether to go on."""

import signal
import sys

import click


def somebody_is_there(yes: bool, format_: str) -> bool:
    """Tell whether there is a terminal to ask at and its owner wants to be asked."""
    return not yes and format_ == "text" and sys.stdin.isatty() and sys.stdout.isatty()


def confirm(question: str) -> bool:
    """Ask; Ctrl-C ends the question at once, which the event loop's own handler would put off until the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return click.confirm(question)
    finally:
        signal.signal(signal.SIGINT, before)
