"""`orch test`: run scenarios."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from orchestrator.cli.budget import budget, check_prices
from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project, within
from orchestrator.cli.messages import show_note, show_warning
from orchestrator.cli.options import conversations, format_option, paths, quietness, verbosity
from orchestrator.cli.recording import ask_recordings, recording, show_recorded
from orchestrator.cli.resuming import GO_ON, ResumeOptions, last_run, logged_run
from orchestrator.cli.run_reports import Files, show_reports
from orchestrator.cli.several_targets import Part, run_all, targets
from orchestrator.errors import UsageError
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.reporting.rates import cannot_pass
from orchestrator.scenario.by_model import with_models
from orchestrator.scenario.choosing import Shard, named
from orchestrator.scenario.results import exit_code
from orchestrator.scenario.runner import RunOptions

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog=examples(
        "orch test specs/",
        "orch test --name 'quiz*'",
        "orch test --name 'quiz[model=gpt-5,*'",
        "orch test --tag smoke --junit report.xml",
        "orch test --html report.html --markdown comment.md",
        "orch test --repeat 10 --json after.json",
        "orch test --model gpt-4o --model gpt-6-luna",
        "orch test --target local --target server --shard 1/4",
        "orch test --record none",
        "orch test --budget 2.50",
        "orch test --resume",
        "orch test --last-failed",
    )
)
@paths
@targets
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Run only scenarios with this tag (repeatable).")
@click.option("--name", "names", multiple=True, metavar="GLOB", help="Run only scenarios with this name (repeatable).")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Let this model answer instead of the assistants' own (repeatable: the first is compared with the others).",
)
@click.option("--shard", metavar="I/N", help="Run only the I-th of N equal parts, so that N machines share the work.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Run each scenario N times, all of which must pass, whatever its own `repeat` says.",
)
@click.option("--fail-fast", is_flag=True, help="Start no more scenarios after one that did not pass.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the report as JSON.")
@click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write the report as JUnit XML.")
@click.option("--html", "html_file", type=_FILE, metavar="FILE", help="Write the report as a single HTML page.")
@click.option("--markdown", "markdown_file", type=_FILE, metavar="FILE", help="Write the report as Markdown.")
@last_run
@budget
@recording
@format_option(markdown=True)
@conversations
@quietness("Show no progress.")
@verbosity("Also show the transcripts of scenarios that passed.")
def command(
    paths: tuple[Path, ...],
    targets: tuple[str, ...],
    variables: tuple[str, ...],
    tags: tuple[str, ...],
    names: tuple[str, ...],
    models: tuple[str, ...],
    shard: str | None,
    repeat: int | None,
    fail_fast: bool,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    markdown_file: Path | None,
    resumed: bool,
    last_failed: bool,
    budget_usd: float | None,
    record: str | None,
    recordings: Path | None,
    format_: str,
    concurrency: int,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run scenarios and check what comes back.

    Talks to the live assistants on the target, which must be as the specs declare them: apply first. Each scenario is
    run as often as its `repeat` says; attempts stop once the verdict is decided. Ctrl-C ends a run early and still
    writes its reports; --resume continues it, also after a crash.

    PATHS are spec files or folders of one project: only the scenarios in them are run. Without PATHS, all of the
    project that the current folder belongs to are.

    Exit codes: 0 passed; 1 failed; 2 could not run (an error, or interrupted); 4 inconclusive; 5 budget reached. If
    several apply, the first of 2, 1, 5, 4.
    """
    if Path("-") in (json_file, junit_file, html_file, markdown_file):
        raise UsageError("a report goes to a file; `-` is none", "--format json prints the JSON report")
    projects = [load_project(paths, name, variables) for name in dict.fromkeys(targets) or (None,)]
    found = [located for project in projects for located in _choose(project, paths, tags, names)]
    if models:
        found = with_models(found, _compared(models), projects[0].prices)
    chosen = _repeated(_part(found, shard), repeat)
    _warn(chosen)
    for project in projects:
        check_prices(project, [located for located in chosen if located.target == project.target_name], budget_usd)
    today = date.today()
    options = RunOptions(concurrency=concurrency, fail_fast=fail_fast, budget_usd=budget_usd, today=today)
    resuming = ResumeOptions(resumed, last_failed, today)
    with ExitStack() as stack:
        parts = [
            Part(
                project,
                stack.enter_context(
                    logged_run(project, [each for each in chosen if each.target == project.target_name], resuming)
                ),
                ask_recordings(project, record, recordings),
            )
            for project in projects
        ]
        done = asyncio.run(run_all(parts, options, quiet))
    for each in parts:
        show_recorded(each.recordings)
    files = Files(json_file, junit_file, html_file, markdown_file)
    show_reports(done, projects, files, format_, verbose, several_models=len(set(models)) > 1)
    if any(each.logged.can_go_on(done) for each in parts):
        show_note(GO_ON)
    return exit_code(done)


def _compared(models: tuple[str, ...]) -> tuple[str, ...]:
    """Give the models to compare; raises `UsageError` for one that is none, or that is named twice."""
    for number, model in enumerate(models):
        if not model.strip():
            raise UsageError("--model is empty", "name a model: --model gpt-4o")
        if model in models[:number]:
            raise UsageError(f"--model {model} is given twice", "there is nothing to compare a model with but another")
    return models


def _choose(
    project: Project, paths: tuple[Path, ...], tags: tuple[str, ...], names: tuple[str, ...]
) -> list[LocatedScenario]:
    files = {file: within(paths, file) for file in {located.path for located in project.scenarios}}
    here = [located for located in project.scenarios if files[located.path]]
    chosen = [located for located in here if not tags or set(tags) & set(located.scenario.tags)]
    chosen = named(chosen, names) if names else chosen
    if chosen:
        return chosen
    if not here:
        raise UsageError("there are no scenarios here", "write one: kind: Scenario, assistant: NAME, turns: [...]")
    known = ", ".join(sorted({tag for located in here for tag in located.scenario.tags})) or "none"
    message = f"none of {len(here)} scenarios has that tag or name"
    raise UsageError(message, f"tags: {known}; names: {', '.join(sorted({located.base for located in here}))}")


def _part(found: list[LocatedScenario], shard: str | None) -> list[LocatedScenario]:
    """Give the part of the scenarios that this machine plays."""
    if shard is None:
        return found
    taken = Shard.parse(shard).take(found)
    if not taken:
        show_note(f"part {shard} has no scenarios: there are {len(found)}")
    return taken


def _warn(chosen: list[LocatedScenario]) -> None:
    """Tell of repeats that nothing can pass."""
    weak = {(located.position, cannot_pass(located.scenario.repeat)) for located in chosen}
    for position, problem in sorted((position, problem) for position, problem in weak if problem):
        show_warning(position, *problem)


def _repeated(chosen: list[LocatedScenario], repeat: int | None) -> list[LocatedScenario]:
    """Give the scenarios with the number of attempts the command line asks for in place of their own."""
    if repeat is None:
        return chosen
    update = {"repeat": repeat}
    return [replace(located, scenario=located.scenario.model_copy(update=update)) for located in chosen]
