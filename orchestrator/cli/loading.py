"""What paths, names and numbers of a command line mean, and the project they belong to."""

import os
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.spec.loader import Ask, load


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
