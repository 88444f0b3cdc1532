"""`orch apply`: make the target what the specs say."""

from pathlib import Path

import click

from orchestrator.cli.applying import Wish, carry_out
from orchestrator.cli.asking import somebody_is_there
from orchestrator.cli.options import (
    concurrency,
    load_project,
    only,
    paths,
    quietness,
    reports,
    select,
    target,
    verbosity,
)
from orchestrator.project import read_revision
from orchestrator.reconcile.planner import PlanOptions


@click.command(epilog="Examples: `orch apply specs/`, `orch apply --target foundry --yes`, `orch apply --prune`.")
@paths
@target
@only
@click.option("--prune", is_flag=True, help="Also delete what this project owns and the specs do not declare any more.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask; without a terminal nothing is ever asked.")
@reports
@concurrency
@quietness
@verbosity
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    prune: bool,
    yes: bool,
    format_: str,
    concurrency: int,
    quiet: bool,
    verbose: bool,
) -> int:
    """Make the target what the specs say.

    Shows the plan, asks on a terminal, then creates and updates what differs; every write is read back. Ctrl-C
    finishes what is under way and leaves the rest for the next apply.

    Exits 0 when done or with nothing to do, 1 on an error, 4 where a guard blocked a change, 5 where only a part was
    applied.
    """
    project = load_project(paths, target, variables)
    wish = Wish(
        options=PlanOptions(prune=prune, only=select(project, paths, only), revision=read_revision(project.root)),
        question=f"Apply this to {project.target_name}?",
        ask=somebody_is_there(yes, format_),
        format_=format_,
        concurrency=concurrency,
        quiet=quiet,
        verbose=verbose,
    )
    return carry_out(project, wish)
