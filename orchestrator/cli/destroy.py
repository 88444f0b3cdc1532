"""`orch destroy`: delete what this project owns on a target."""

from pathlib import Path

import click

from orchestrator.cli.applying import ApplyOptions, carry_out
from orchestrator.cli.asking import somebody_is_there
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project, select
from orchestrator.cli.options import concurrency, format_option, only, paths, quietness, target, yes
from orchestrator.reconcile.history import Command
from orchestrator.reconcile.planner import PlanOptions


@click.command(
    epilog=examples(
        "orch destroy --target staging",
        "orch destroy specs/old.yaml --yes",
        "orch destroy --only 'vector_store.*'",
    )
)
@paths
@target
@only
@yes
@format_option(markdown=True)
@concurrency
@quietness("Show neither the plan (unless you are asked about it) nor progress.")
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    yes: bool,
    format_: str,
    concurrency: int,
    quiet: bool,
) -> int:
    """Delete what this project owns on the target.

    Shows what will be deleted and asks for confirmation on a terminal. What is protected, or still used by something
    that stays, is blocked. The limit on how many objects `apply --prune` deletes at once does not apply: deleting is
    what you asked for. The specs stay as they are, and what other projects own is never touched.

    PATHS are spec files or folders of one project: only what they declare is deleted. Without PATHS, or with the
    project's folder, everything is, including what the specs no longer declare.

    Exit codes: 0 done or nothing to do; 1 error, or you said no; 4 a guard blocked a delete; 5 only part of it was
    deleted.
    """
    project = load_project(paths, target, variables, may_be_empty=True)
    options = ApplyOptions(
        plan=PlanOptions(destroy=True, only=select(project, paths, only)),
        question=f"Delete this from {project.target_name}?",
        ask=somebody_is_there(yes),
        format_=format_,
        concurrency=concurrency,
        quiet=quiet,
        nothing=f"Nothing to destroy: {project.name} owns nothing of this on {project.target_name}.",
        command=Command.DESTROY,
    )
    return carry_out(project, options)
