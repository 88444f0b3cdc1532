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
    text = "Target to use, instead of the project's default."
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
    return click.option("--format", "format_", type=kinds, default="text", show_default=True, help="Output.")


def offline_models(command: Decorated) -> Decorated:
    """Take the wish not to ask when models are shut down."""
    text = "Do not ask the target when its models are shut down (asked once a day)."
    return click.option("--offline-models", is_flag=True, help=text)(command)


def refreshing(command: Decorated) -> Decorated:
    """Take the wishes to look at every file, and to send those again that could not be indexed."""
    again = "Send files again that the target could not index, though their content is the same."
    refresh = "Look at every file, here and in the vector stores, whatever is recorded of it."
    retried = click.option("--retry-failed", is_flag=True, help=again)(command)
    return click.option("--refresh", is_flag=True, help=refresh)(retried)


def only(command: Decorated) -> Decorated:
    """Take addresses to look at."""
    text = "Only this resource, for example assistant.math-tutor or 'assistant.*' (repeatable)."
    return click.option("--only", multiple=True, metavar="ADDRESS", help=text)(command)


def concurrency(command: Decorated) -> Decorated:
    """Take how many things go on at once."""
    return click.option(
        "--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, metavar="N", help="At once."
    )(command)


def quietness(command: Decorated) -> Decorated:
    """Take the wish to hear less on the way."""
    return click.option("-q", "--quiet", is_flag=True, help="Show no progress and no plan.")(command)


def verbosity(command: Decorated) -> Decorated:
    """Take the wish to see everything."""
    return click.option("-v", "--verbose", is_flag=True, help="Show everything: long texts whole, what went well.")(
        command
    )
