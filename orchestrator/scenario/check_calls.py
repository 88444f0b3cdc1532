"""Judging function calls: which were made, how often, with which arguments."""

from collections.abc import Sequence

from orchestrator.diagnostics import nearest
from orchestrator.model.check_calls import Called, CallPattern, ToolCalled, ToolNotCalled
from orchestrator.model.language import Count
from orchestrator.scenario.matching import Difference, find_difference
from orchestrator.scenario.quoting import shown, shown_call, shown_calls
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import AnsweredCall, Exchange
from orchestrator.scenario.verdicts import failed, passed


def judge_called(check: ToolCalled, exchanges: Sequence[Exchange]) -> Verdict:
    """Judge `tool_called`: as many calls as said have the name and, where given, these arguments among theirs."""
    wanted = check.tool_called if isinstance(check.tool_called, Called) else Called(name=check.tool_called)
    least, most = _bounds(wanted.times)
    calls = calls_of(exchanges)
    named = [call for call in calls if call.name == wanted.name]
    differences = [(call, call_difference(wanted, call)) for call in named]
    found = [call for call, difference in differences if difference is None]
    if least <= len(found) and (most is None or len(found) <= most):
        return passed("tool_called", f"{wanted.name} was called {_times(len(found))}{with_arguments(wanted)}")
    lines = [f"expected: {wanted.name} called {_bounds_text(least, most)}{with_arguments(wanted)}"]
    if not named:
        lines.append(f"got:      {'no call of it, but' if calls else 'no function call'}")
        lines += [shown_calls(calls)] if calls else []
        if near := nearest(wanted.name, {call.name for call in calls}):
            lines.append(f"did you mean {near}?")
    else:
        lines.append(f"got:      {_times(len(found))}{', of these calls' if wanted.arguments else ', in these calls'}")
        for call, difference in differences[:10]:
            lines.append(f"  {shown_call(call.name, call.arguments, call.invalid)}")
            lines += [f"    {difference}"] if difference else []
    return failed("tool_called", "\n".join(lines))


def judge_not_called(check: ToolNotCalled, exchanges: Sequence[Exchange]) -> Verdict:
    """Judge `tool_not_called`: no call has the name."""
    calls = tuple(call for call in calls_of(exchanges) if call.name == check.tool_not_called)
    if not calls:
        return passed("tool_not_called", f"{check.tool_not_called} was not called")
    return failed(
        "tool_not_called",
        f"expected: no call of {check.tool_not_called}\ngot:      {_times(len(calls))}\n{shown_calls(calls)}",
    )


def calls_of(exchanges: Sequence[Exchange]) -> tuple[AnsweredCall, ...]:
    """Give all function calls, in order."""
    return tuple(call for exchange in exchanges for call in exchange.calls)


def call_difference(wanted: CallPattern, call: AnsweredCall) -> Difference | str | None:
    """Say in what the arguments of a call that has the wanted name are not the wanted ones; None where they are."""
    if wanted.arguments is None:
        return None
    if call.invalid is not None:
        return "the arguments are not a JSON object"
    return find_difference(wanted.arguments, call.arguments)


def _bounds(times: int | Count | None) -> tuple[int, int | None]:
    match times:
        case None:
            return 1, None
        case Count():
            return times.min, times.max
        case _:
            return times, times


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _bounds_text(least: int, most: int | None) -> str:
    if most is None:
        return f"{_times(least)} or more"
    return _times(least) if least == most else f"{least} to {most} times"


def with_arguments(wanted: CallPattern) -> str:
    """Give ` with {...}` for the arguments that are wanted; nothing where none are."""
    return f" with {shown(wanted.arguments)}" if wanted.arguments else ""
