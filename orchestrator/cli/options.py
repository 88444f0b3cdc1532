"""Arguments and options that several commands share; what they mean is said by `loading`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def paths(command: Decorated) -> Decorated:
    """Take spec files and folders; the current folder where none is given."""
    return click.argument("paths", nargs=-1, type=click.Path(path_type=Path))(command)


def target(command: Decorated) -> Decorated:
    """Take the target and values for variables."""
    text = "Target to use instead of the project's default."
    return click.option("--target", metavar="NAME", help=text)(variables(command))


def variables(command: Decorated) -> Decorated:
    """Take values for variables."""
    text = "A value for vars.NAME."
    return click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help=text)(command)


def start(command: Decorated) -> Decorated:
    """Take a place in the project, of a command whose arguments are none."""
    place = click.Path(path_type=Path)
    text = "A folder or file of the project; the current folder by default."
    return click.option("--project", "start", type=place, default=Path(), metavar="PATH", help=text)(command)


def yes(command: Decorated) -> Decorated:
    """Take the answer to what would be asked."""
    text = "Do not ask; without a terminal nothing is ever asked."
    return click.option("-y", "--yes", is_flag=True, help=text)(command)


def format_option(*, markdown: bool = False) -> Callable[[Decorated], Decorated]:
    """Take the output format; `markdown` is one of what people also show in a pull request."""
    kinds = click.Choice(["text", "json", *(["markdown"] if markdown else [])])
    return click.option("--format", "format_", type=kinds, default="text", show_default=True, help="Output format.")


def offline_models(command: Decorated) -> Decorated:
    """Take the wish not to ask when models are shut down."""
    text = "Do not ask the target when its models are shut down (it is asked once a day)."
    return click.option("--offline-models", is_flag=True, help=text)(command)


def refreshing(command: Decorated) -> Decorated:
    """Take the wishes to look at every file, and to send those again that could not be indexed."""
    again = "Resend files that the target could not index, even if they are unchanged."
    refresh = "Read every file again, here and in the vector stores, whatever was recorded about it."
    retried = click.option("--retry-failed", is_flag=True, help=again)(command)
    return click.option("--refresh", is_flag=True, help=refresh)(retried)


def only(command: Decorated) -> Decorated:
    """Take addresses to look at."""
    text = "Only this resource, for example assistant.math-tutor or 'assistant.*' (repeatable)."
    return click.option("--only", multiple=True, metavar="ADDRESS", help=text)(command)


def concurrency(command: Decorated) -> Decorated:
    """Take how many requests may be under way at a time."""
    return _concurrency_option("How many requests may be under way at a time.")(command)


def conversations(command: Decorated) -> Decorated:
    """Take how many conversations may be under way at a time."""
    return _concurrency_option("How many conversations may be under way at a time.")(command)


def _concurrency_option(text: str) -> Callable[[Decorated], Decorated]:
    kind = click.IntRange(1, 256)
    return click.option("--concurrency", type=kind, default=8, show_default=True, metavar="N", help=text)


def quietness(text: str) -> Callable[[Decorated], Decorated]:
    """Take the wish to hear less on the way; `text` says what is left out."""
    return click.option("-q", "--quiet", is_flag=True, help=text)


def verbosity(text: str) -> Callable[[Decorated], Decorated]:
    """Take the wish to see everything; `text` says what that is."""
    return click.option("-v", "--verbose", is_flag=True, help=text)
