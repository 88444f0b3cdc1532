"""Options that several commands share, and what they load."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.spec.loader import Ask, load

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


def load_project(
    given: tuple[Path, ...],
    target_name: str | None = None,
    variables: tuple[str, ...] = (),
    may_be_empty: bool = False,
    refresh: bool = False,
) -> Project:
    """Load the project that the paths belong to; raises `SpecError` or `UsageError`.

    `may_be_empty` is for commands that make sense before anything is declared; `refresh` reads every file anew.
    """
    ask = asking(given[0] if given else Path(), target_name, variables)
    project = load(replace(ask, may_be_empty=may_be_empty, refresh=refresh))
    cwd = Path.cwd()
    for path in given:
        absolute = (cwd / path).absolute()
        if not absolute.exists():
            raise UsageError(f"there is no {path}", "check the path")
        if not absolute.is_relative_to(project.root) and not project.root.is_relative_to(absolute):
            raise UsageError(f"{path} is not part of the project in {project.root}", "run once for each project")
    return project


def asking(start: Path, target_name: str | None, variables: tuple[str, ...]) -> Ask:
    """Give what the command line asks to load; raises `UsageError` for a variable that is none."""
    values = {}
    for item in variables:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(f"--var {item!r} is not NAME=VALUE", "for example --var tone=formal")
        values[name] = value
    return Ask(start=start, cwd=Path.cwd(), target=target_name, variables=values, env=dict(os.environ))


def find_into(folder: Path) -> tuple[Path, Path]:
    """Give the folder that specs are written into, absolute, and the nearest at or above it that is there."""
    into = Path(os.path.normpath(Path.cwd() / folder))
    return into, next(each for each in (into, *into.parents) if each.is_dir())


def within(given: tuple[Path, ...], file: Path) -> bool:
    """Tell whether a spec file lies at or below one of the paths; all do where none is given."""
    cwd = Path.cwd()
    return not given or any(file.is_relative_to((cwd / path).absolute()) for path in given)


def select(project: Project, given: tuple[Path, ...], only: tuple[str, ...], prune: bool = False) -> tuple[str, ...]:
    """Give the address globs to plan: those asked for, else of what the paths declare; none means everything.

    Raises `UsageError` where the paths declare nothing, and where what is declared no more is to be deleted: a part of
    the project does not tell what that is.
    """
    if only or not given or within(given, project.root):
        return only
    if prune:
        message = f"--prune looks at the whole project, and {given[0]} is a part of the one in {project.root}"
        raise UsageError(message, "give the folder of orch.yaml, or name what goes: --only ADDRESS")
    cwd = Path.cwd()
    here = [a for a, r in project.resources.items() if within(given, (cwd / r.position.file).absolute())]
    if not here:
        raise UsageError(f"{given[0]} declares no resource", "give the project's folder, or a file with an Assistant")
    return tuple(str(address) for address in here)


def number_and_path(given: tuple[str, ...]) -> tuple[int | None, Path]:
    """Tell an entry's number from a path, the current folder where none is given; raises `UsageError`.

    A folder whose name is a number is meant by `./7`.
    """
    numbers = [int(word) for word in given if word.isascii() and word.isdecimal()]
    paths = [Path(word) for word in given if not (word.isascii() and word.isdecimal())]
    if len(numbers) > 1 or len(paths) > 1:
        raise UsageError("one number and one path at most", "`--help` shows examples")
    return next(iter(numbers), None), next(iter(paths), Path())
