"""`orch apply`: make the target what the specs say."""

import json
import re
from pathlib import Path

import click

from orchestrator.cli.applying import ApplyOptions, carry_out
from orchestrator.cli.asking import somebody_is_there
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project, select
from orchestrator.cli.options import (
    concurrency,
    format_option,
    offline_models,
    only,
    paths,
    quietness,
    refreshing,
    target,
    verbosity,
    yes,
)
from orchestrator.errors import PlanError, UsageError
from orchestrator.reconcile.plan import Plan
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.saved import from_data
from orchestrator.spec.revisions import read_revision

SHORTEST = 8
"""Characters of a hash that are enough to approve a plan."""


@click.command(
    epilog=examples(
        "orch apply specs/",
        "orch apply --target foundry --yes",
        "orch apply --prune",
        "orch apply specs/ plan.json                # saved by `orch plan specs/ --out plan.json`",
        "orch apply specs/ --approve 7f3a91c2d04e    # the hash of the plan that was reviewed",
    )
)
@paths
@target
@only
@click.option("--prune", is_flag=True, help="Also delete what this project owns and the specs no longer declare.")
@click.option(
    "--approve",
    metavar="HASH",
    help="Carry out only the plan with this hash, as `orch plan --out` prints it; does not ask.",
)
@yes
@refreshing
@offline_models
@format_option(markdown=True)
@concurrency
@quietness("Show neither the plan (unless you are asked about it) nor progress.")
@verbosity("Show long texts of the plan whole, every file of a store, and what is unchanged.")
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    only: tuple[str, ...],
    prune: bool,
    approve: str | None,
    yes: bool,
    refresh: bool,
    retry_failed: bool,
    offline_models: bool,
    format_: str,
    concurrency: int,
    quiet: bool,
    verbose: bool,
) -> int:
    """Make the target what the specs say.

    Shows the plan, asks for confirmation on a terminal, then creates and updates what differs; every write is read
    back. Ctrl-C finishes what is under way and leaves the rest to the next apply.

    PATHS are spec files or folders of one project: only what they declare is applied. Without PATHS, or with the
    project's folder, everything is. A path that ends in .json is a plan saved by `orch plan --out`: it is carried out
    as it was reviewed, and a change whose object has changed on the target since then is blocked. If the plan lies
    outside the project's folder, give that folder too.

    Exit codes: 0 done or nothing to do; 1 error, or you said no; 4 a guard blocked a change, or the plan is not the
    approved one; 5 only part of it was applied.
    """
    saved = _saved_plan(paths, target, only, prune or refresh or retry_failed)
    if approve is not None and not re.fullmatch(f"[0-9a-fA-F]{{{SHORTEST},64}}", approve):
        raise UsageError(
            f"--approve {approve} is not the hash of a plan", f"give at least {SHORTEST} of its characters"
        )
    if saved is not None:
        paths, target = _folders(paths), saved.target
    project = load_project(paths, target, variables, refresh=refresh)
    planning = PlanOptions(
        prune=prune,
        only=select(project, paths, only, prune),
        refresh=refresh,
        retry_failed=retry_failed,
        revision=read_revision(project.root),
    )
    options = ApplyOptions(
        plan=planning if saved is None else saved,
        question=f"Apply this to {project.target_name}?",
        ask=approve is None and somebody_is_there(yes),
        format_=format_,
        concurrency=concurrency,
        quiet=quiet,
        verbose=verbose,
        approved=approve,
        offline_models=offline_models,
    )
    return carry_out(project, options)


def _folders(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Give where to look for the project: what is given beside the plan, else the plan's own folder."""
    others = tuple(path for path in paths if path.suffix != ".json")
    return others or (paths[0].parent,)


def _saved_plan(paths: tuple[Path, ...], target: str | None, only: tuple[str, ...], others: bool) -> Plan | None:
    """Read the saved plan that is given instead of specs, or None; raises `PlanError`, `UsageError`."""
    files = [path for path in paths if path.suffix == ".json"]
    if not files:
        return None
    if len(files) > 1 or target is not None or only or others:
        raise UsageError(
            f"{files[0]} is a saved plan: what it does, and where, was said when it was made",
            "give one plan, without --target, --only, --prune, --refresh and --retry-failed",
        )
    try:
        data = json.loads(files[0].read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no {files[0]}", "save one with `orch plan --out FILE`") from None
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{files[0]} is not a saved plan: {error}", "save one with `orch plan --out FILE`") from None
    return from_data(data)
