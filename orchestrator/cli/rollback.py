"""`orch rollback`: apply the specs of an earlier revision again."""

from dataclasses import replace
from pathlib import Path

import click

from orchestrator.cli.applying import ApplyOptions, carry_out
from orchestrator.cli.asking import somebody_is_there
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import asking, number_and_path
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import concurrency, format_option, only, quietness, target, verbosity, yes
from orchestrator.diagnostics import Position
from orchestrator.errors import SpecError
from orchestrator.model.project import Project
from orchestrator.reconcile.history import Command, get_history_file, read_history, short_revision
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.rollback import choose
from orchestrator.spec.files import show
from orchestrator.spec.loader import Ask, load, load_head
from orchestrator.spec.revisions import RevisionError, read_revision, specs_of

DONE, PARTLY = 0, 5


@click.command(
    epilog=examples(
        "orch rollback",
        "orch rollback 12 specs/",
        "orch rollback --target foundry --prune",
    )
)
@click.argument("given", nargs=-1, metavar="[N] [PATH]")
@target
@only
@click.option("--prune", is_flag=True, help="Also delete what this project owns and the earlier specs do not declare.")
@yes
@format_option(markdown=True)
@concurrency
@quietness("Show neither the plan (unless you are asked about it) nor progress.")
@verbosity("Show long texts of the plan whole, every file of a store, and what is unchanged.")
def command(
    given: tuple[str, ...],
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
    """Apply the specs of an earlier revision again.

    Takes the specs out of git as they were at the revision of entry N of `orch history`. Without N, that is the last
    entry of the target that was applied completely and from another revision than the newest. The rest is an ordinary
    apply of those specs, with its plan, question and guards. The target's address and key are those of today's
    orch.yaml; PATH only says which project. The working copy is not touched, so the next apply goes forward again
    unless you make the rollback permanent with `git revert`.

    Exit codes: 0 done or nothing to do; 1 error, or you said no; 4 a guard blocked a change; 5 only part of it was
    applied.
    """
    number, path = number_and_path(given)
    ask = asking(path, target, variables)
    today = load_head(ask)
    number, revision = choose(read_history(get_history_file(today.root)), today.name, today.target_name, number)
    short = short_revision(revision)
    with specs_of(today.root, revision) as folder:
        project = _as_of(today, replace(ask, start=folder, cwd=folder, target=today.target_name), short)
        show_note(f"going back to {short}, the revision of entry {number}")
        options = ApplyOptions(
            plan=PlanOptions(prune=prune, only=only, revision=revision),
            question=f"Roll {project.target_name} back to {short}?",
            ask=somebody_is_there(yes),
            format_=format_,
            concurrency=concurrency,
            quiet=quiet,
            verbose=verbose,
            command=Command.ROLLBACK,
        )
        code = carry_out(project, options)
    if code in (DONE, PARTLY) and read_revision(today.root) != revision:
        shown = show(today.root, Path.cwd())
        show_note(
            "the specs in the working copy are still the newer ones, and the next `orch apply` applies them; to make "
            f"this last, `git revert` what came after {short}, or `git checkout --no-overlay {short} -- {shown}`"
        )
    return code


def _as_of(today: Project, ask: Ask, short: str) -> Project:
    """Load the specs of a revision for today's target and state; raises `SpecError` and `RevisionError`.

    What is wrong with them is told at REVISION:FILE, which is how `git show` takes it.
    """

    def at(position: Position) -> Position:
        return replace(position, file=f"{short}:{show(today.root / position.file, Path.cwd())}")

    try:
        then = load(ask)
    except SpecError as error:
        raise SpecError([replace(item, position=at(item.position)) for item in error.diagnostics]) from error
    if then.name != today.name:
        message = f"at {short} the project was called {then.name}, and this is {today.name}"
        raise RevisionError(message, "what is live belongs to a project by its name; go back to a revision of this one")
    resources = {address: replace(item, position=at(item.position)) for address, item in then.resources.items()}
    return replace(
        then, root=today.root, target=today.target, target_position=today.target_position, resources=resources
    )
