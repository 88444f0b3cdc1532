"""`orch test`: run scenarios."""

import asyncio
import os
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import click

from orchestrator.cli.budget import budget, check_prices
from orchestrator.cli.messages import show_note, show_warning
from orchestrator.cli.options import concurrency, formats, load_project, paths, quietness, target, verbosity, within
from orchestrator.cli.output import as_json, show_text
from orchestrator.cli.recording import ask_recordings, recording, show_recorded
from orchestrator.cli.resuming import Keeping, Kept, Wish, keeping, last_run
from orchestrator.cli.scenario_progress import watching
from orchestrator.errors import UsageError
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.project import opening
from orchestrator.reporting.junit import junit_xml
from orchestrator.reporting.rates import cannot_pass
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_text import run_text
from orchestrator.scenario.recorded_run import Recordings, run_recorded
from orchestrator.scenario.results import Run, exit_code
from orchestrator.scenario.runner import RunOptions, run

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="Examples: `orch test specs/`, `orch test --name 'quiz*'`, `orch test --tag smoke --junit report.xml`, "
    "`orch test --repeat 10 --json after.json`, `orch test --budget 2.50`, `orch test --resume`, "
    "`orch test --last-failed`."
)
@paths
@target
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only scenarios with this tag (repeatable).")
@click.option("--name", "names", multiple=True, metavar="GLOB", help="Only scenarios of this name (repeatable).")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Play each scenario N times, all of which have to pass, whatever it says under `repeat`.",
)
@click.option("--fail-fast", is_flag=True, help="Begin no scenario after one that did not pass.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the report as JSON.")
@click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write the report as JUnit XML.")
@last_run
@budget
@recording
@formats
@concurrency
@quietness
@verbosity
def command(
    paths: tuple[Path, ...],
    target: str | None,
    variables: tuple[str, ...],
    tags: tuple[str, ...],
    names: tuple[str, ...],
    repeat: int | None,
    fail_fast: bool,
    json_file: Path | None,
    junit_file: Path | None,
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

    Talks to the assistants as they are on the target, which have to be what the specs say: apply first. A scenario is
    played as often as it says under `repeat`; attempts stop once the verdict is decided.

    Ctrl-C ends a run early, with its reports; --resume goes on with it, also after a crash.

    Exits 2 where a scenario could not be run, else 1 where one failed, else 5 where the budget was reached before the
    end, else 4 where one is inconclusive, else 0.
    """
    if Path("-") in (json_file, junit_file):
        raise UsageError("a report goes to a file; `-` is none", "--format json prints the JSON report")
    project = load_project(paths, target, variables)
    chosen = _repeated(_choose(project, paths, tags, names), repeat)
    for located in chosen:
        if problem := cannot_pass(located.scenario.repeat):
            show_warning(located.position, *problem)
    check_prices(project, chosen, budget_usd)
    today = date.today()
    options = RunOptions(concurrency=concurrency, fail_fast=fail_fast, budget_usd=budget_usd, today=today)
    recorded = ask_recordings(project, record, recordings)
    with keeping(project, chosen, Wish(resumed, last_failed, today)) as kept:
        done = kept.whole(asyncio.run(_run(project, kept, options, quiet, recorded)))
    show_recorded(recorded)
    report = as_json(run_json(done, project=project.name, target=project.target_name))
    _write(json_file, report)
    _write(junit_file, junit_xml(done, project=project.name, target=project.target_name))
    if format_ == "json":
        click.echo(report)
    else:
        show_text(run_text(done, verbose))
    kept.advise(done)
    return exit_code(done)


def _choose(
    project: Project, paths: tuple[Path, ...], tags: tuple[str, ...], names: tuple[str, ...]
) -> list[LocatedScenario]:
    here = [located for located in project.scenarios if within(paths, located.path)]
    chosen = [
        located
        for located in here
        if (not tags or set(tags) & set(located.scenario.tags))
        and (not names or any(fnmatchcase(located.scenario.name, name) for name in names))
    ]
    if chosen:
        return chosen
    if not here:
        raise UsageError("there are no scenarios here", "write one: kind: Scenario, assistant: NAME, turns: [...]")
    known = ", ".join(sorted({tag for located in here for tag in located.scenario.tags})) or "none"
    message = f"none of {len(here)} scenarios has that tag or name"
    raise UsageError(message, f"tags: {known}; names: {', '.join(sorted(located.scenario.name for located in here))}")


def _repeated(chosen: list[LocatedScenario], repeat: int | None) -> list[LocatedScenario]:
    """Give the scenarios with the number of attempts the command line asks for in place of their own."""
    if repeat is None:
        return chosen
    update = {"repeat": repeat}
    return [replace(located, scenario=located.scenario.model_copy(update=update)) for located in chosen]


async def _run(project: Project, kept: Keeping, options: RunOptions, quiet: bool, recordings: Recordings | None) -> Run:
    open_target, to_play = opening(project, os.environ), kept.to_play
    with watching(len(to_play) + kept.taken, quiet, kept.taken) as watch:
        listener = Kept(kept, watch)
        options = replace(options, on_interrupt=watch.stopping)
        if not to_play:
            return Run((), 0.0)
        if recordings is not None:
            return await run_recorded(to_play, recordings, open_target, options, listener)
        async with open_target(to_play) as open_conversation:
            return await run(to_play, open_conversation, options, listener)


def _write(file: Path | None, report: str) -> None:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(report, encoding="utf-8")
        show_note(f"wrote {file}")
