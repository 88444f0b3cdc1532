"""Checking function calls: which were made, how often, with which arguments."""

from collections.abc import Sequence

from orchestrator.diagnostics import did_you_mean
from orchestrator.model.check_calls import Called, CallPattern, ToolCalled, ToolNotCalled
from orchestrator.model.conversation import AnsweredCall
from orchestrator.scenario.counting import count_text, get_bounds, range_text
from orchestrator.scenario.matching_calls import describe_wanted, find_misfit
from orchestrator.scenario.quoting import shown_call, shown_calls
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed


def check_called(check: ToolCalled, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `tool_called`: as many calls as said have the name and, where given, these arguments among theirs."""
    wanted = check.tool_called if isinstance(check.tool_called, Called) else Called(name=check.tool_called)
    least, most = get_bounds(wanted.times)
    calls = calls_of(exchanges)
    named = [call for call in calls if call.name == wanted.name]
    differences = [(call, call_difference(wanted, call)) for call in named]
    found = [call for call, difference in differences if difference is None]
    if least <= len(found) and (most is None or len(found) <= most):
        return passed("tool_called", f"{wanted.name} was called {count_text(len(found))}{with_arguments(wanted)}")
    lines = [f"expected: {wanted.name} called {range_text(least, most)}{with_arguments(wanted)}"]
    if not named:
        lines.append(f"got:      {'no call of it, but' if calls else 'no function call'}")
        lines += [shown_calls(calls)] if calls else []
        if meant := did_you_mean(wanted.name, {call.name for call in calls}):
            lines.append(meant)
    else:
        lines.append(f"got:      {count_text(len(found))}, {'in' if wanted.says_nothing else 'of'} these calls")
        for call, difference in differences[:10]:
            lines.append(f"  {shown_call(call.name, call.arguments, call.invalid)}")
            lines += [f"    {difference}"] if difference else []
    return failed("tool_called", "\n".join(lines))


def check_not_called(check: ToolNotCalled, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `tool_not_called`: no call has the name."""
    calls = tuple(call for call in calls_of(exchanges) if call.name == check.tool_not_called)
    if not calls:
        return passed("tool_not_called", f"{check.tool_not_called} was not called")
    return failed(
        "tool_not_called",
        f"expected: no call of {check.tool_not_called}\ngot:      {count_text(len(calls))}\n{shown_calls(calls)}",
    )


def calls_of(exchanges: Sequence[Exchange]) -> tuple[AnsweredCall, ...]:
    """Give all function calls, in order."""
    return tuple(call for exchange in exchanges for call in exchange.calls)


def call_difference(wanted: CallPattern, call: AnsweredCall) -> str | None:
    """Say in what the arguments of a call that has the wanted name are not the wanted ones; None where they are."""
    return find_misfit(wanted, call.arguments, call.invalid)


def with_arguments(wanted: CallPattern) -> str:
    """Give ` with {...}` for the arguments that are wanted; nothing where none are."""
    return describe_wanted(wanted)
