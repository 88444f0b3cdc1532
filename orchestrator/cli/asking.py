"""The one question commands ask: whether to go on."""

import signal
import sys

import click


def somebody_is_there(yes: bool) -> bool:
    """Tell whether there is a terminal to ask at and its owner wants to be asked.

    Where the output goes does not matter: who pipes a report into a file still answers at the terminal.
    """
    return not yes and sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask; Ctrl-C ends the question at once, which the event loop's own handler would put off until the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return click.confirm(question, err=True)
    finally:
        signal.signal(signal.SIGINT, before)
