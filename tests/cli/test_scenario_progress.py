"""Progress: a line that moves on a terminal, few lines elsewhere, none where nobody wants any."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from orchestrator.cli.scenario_progress import Lines, Moving, Watch, watching
from orchestrator.scenario.results import ScenarioResult
from tests.reporting.counting import counted
from tests.scenario.finished import finished

PASSED, FAILED, ERRORED = finished("quiz"), finished("papers"), finished("busy")
PRICED = counted().results[1]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lines(total, taken=0):
    clock, shown = Clock(), list[str]()
    return Watch(Lines(total, shown.append, clock), taken), clock, shown


def test_a_short_run_shows_nothing():
    watch, clock, shown = lines(10)
    for _ in range(10):
        clock.now += 0.09
        watch.scenario_finished(PASSED)
    assert shown == []


def test_a_line_each_tenth_but_none_within_a_second_and_none_at_the_end():
    watch, clock, shown = lines(20)
    for _ in range(20):
        clock.now += 0.6
        watch.scenario_finished(PASSED)
    assert shown[:2] == ["2 of 20 scenarios done after 1 s", "4 of 20 scenarios done after 2 s"]
    assert [line.split()[0] for line in shown] == ["2", "4", "6", "8", "10", "12", "14", "16", "18"]


def test_a_line_each_ten_seconds_where_little_gets_done():
    watch, clock, shown = lines(1000)
    for _ in range(30):
        clock.now += 1
        watch.turn_finished(PASSED.located, 0, PASSED.attempts[0].turns[0])
    watch.scenario_finished(PASSED)
    assert shown == [f"0 of 1000 scenarios done after {seconds} s" for seconds in (10, 20, 30)]


def test_it_says_what_came_of_them_and_what_was_spent():
    watch, clock, shown = lines(100)
    clock.now += 5
    results: list[ScenarioResult] = [PASSED, FAILED, ERRORED, replace(FAILED, quarantined=True), PRICED]
    for result in results * 2:
        watch.scenario_finished(result)
    assert shown == ["10 of 100 scenarios done after 5 s, 2 failed, 2 errored, $0.0002 spent"]


def test_what_is_taken_over_is_done_and_cost_nothing_now():
    watch, clock, shown = lines(100, taken=60)
    clock.now += 10
    watch.scenario_finished(PASSED)
    assert shown == ["61 of 100 scenarios done after 10 s"]


def test_a_recorded_attempt_cost_nothing_now():
    [attempt] = PRICED.attempts
    [turn] = attempt.turns
    reply = replace(turn.exchange.replies[0], recorded_ms=3)
    recorded = replace(turn, exchange=replace(turn.exchange, replies=(reply,)))
    watch, clock, shown = lines(100)
    clock.now += 10
    watch.scenario_finished(replace(PRICED, attempts=(replace(attempt, turns=(recorded,)),)))
    assert shown == ["1 of 100 scenarios done after 10 s"]


def test_a_terminal_gets_a_line_that_moves():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("{task.fields[state]}", markup=False))
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=4, state="")
        watch = Watch(Moving(progress, task))
        watch.scenario_started(FAILED.located)
        watch.turn_finished(FAILED.located, 1, FAILED.attempts[0].turns[1])
        watch.scenario_finished(FAILED)
        shown = progress.tasks[0]
        assert (shown.description, shown.completed, shown.fields["state"]) == ("papers 2/3", 1, "1 failed")
        watch.stopping(2)
    assert isinstance(console.file, io.StringIO)
    assert "Interrupted: closing 2 conversations under way" in console.file.getvalue()


@pytest.mark.parametrize("quiet", [True, False])
def test_a_pipe_gets_no_cursor_moves_and_is_told_of_ctrl_c_even_where_quiet(capsys, quiet):
    with watching(2, quiet) as watch:
        watch.scenario_started(PASSED.located)
        watch.scenario_finished(PASSED)
        watch.stopping(1)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "Interrupted: closing 1 conversation under way; Ctrl-C again stops at once.\n",
    )
