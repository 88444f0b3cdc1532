"""`orch history`: what was applied, when and by whom. Reads one file."""

from dataclasses import replace
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import number_and_path
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import format_option
from orchestrator.cli.output import as_json, show_text
from orchestrator.errors import UsageError
from orchestrator.reconcile.history import History, get_history_file, read_history
from orchestrator.reporting.history_list import history_json, history_text, newest_first
from orchestrator.spec.sources import find_root


@click.command(
    epilog=examples(
        "orch history",
        "orch history specs/ --target foundry --limit 5",
        "orch history 12",
    )
)
@click.argument("given", nargs=-1, metavar="[N] [PATH]")
@click.option("--target", metavar="NAME", help="Show only what was applied to this target.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show only the newest N entries.")
@format_option()
@click.option("-v", "--verbose", is_flag=True, help="Show the outcome of every change.")
def command(given: tuple[str, ...], target: str | None, limit: int | None, format_: str, verbose: bool) -> int:
    """Show what was applied, when and by whom.

    Newest first: number, local time, who applied it, target, git revision of the specs, the plan's hash and the
    counts. With a number N, or --verbose, also the outcome of every change. The entries are this machine's own:
    `orch apply`, `destroy` and `rollback` write them to .orch/history.jsonl. Neither the specs nor the target are
    read; PATH only says which project.

    Exit codes: 0 done; 1 error.
    """
    number, path = number_and_path(given)
    file = get_history_file(find_root(path, Path.cwd()))
    whole = read_history(file)
    shown = _one(whole, number, target) if number is not None else _chosen(whole, target, limit)
    if whole.unreadable:
        lines = "1 line is" if whole.unreadable == 1 else f"{whole.unreadable} lines are"
        show_note(f"{file}: {lines} no entry, or one of a newer orch; left out")
    if format_ == "json":
        click.echo(as_json(history_json(shown)))
    elif shown.entries:
        show_text(history_text(shown, verbose or number is not None))
    else:
        on = f" to {target}" if target is not None else ""
        click.echo(f"Nothing was applied{on} from here yet: `orch apply`, `destroy` and `rollback` fill the history.")
    return 0


def _one(whole: History, number: int, target: str | None) -> History:
    """Give the history of one entry; raises `UsageError`."""
    entry = whole.entries.get(number)
    if entry is None:
        there = f"there are {min(whole.entries)} to {max(whole.entries)}" if whole.entries else "it is empty"
        raise UsageError(f"the history has no entry {number}", there)
    if target not in (None, entry.target):
        raise UsageError(f"entry {number} is of target {entry.target}, not {target}", "leave --target out")
    return replace(whole, entries={number: entry})


def _chosen(whole: History, target: str | None, limit: int | None) -> History:
    entries = [item for item in newest_first(whole.entries) if target in (None, item[1].target)]
    return replace(whole, entries=dict(entries[:limit]))
