"""Checking calls and steps as a whole: their order, their number, and which were made together."""

from collections import Counter
from collections.abc import Callable, Sequence

from orchestrator.diagnostics import counted
from orchestrator.model.check_calls import CallPattern, MaxCalls, Mode, Parallel, Trajectory
from orchestrator.model.check_evidence import StepList, Steps
from orchestrator.model.conversation import AnsweredCall
from orchestrator.scenario.check_calls import call_difference, calls_of, with_arguments
from orchestrator.scenario.quoting import cut, shown_call, shown_calls
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.sequences import MEANING, Comparison, compare
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed

_SIGNS = "(- wanted and not there, + there and not wanted)"
_MOST = 40
"""Lines of a comparison shown."""


def check_trajectory(check: Trajectory, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `trajectory`: the function calls compare with the list as the mode says."""
    wanted = [c if isinstance(c, CallPattern) else CallPattern(name=c) for c in check.trajectory.calls]
    calls = calls_of(exchanges)

    def fits(w: int, m: int) -> bool:
        return wanted[w].name == calls[m].name and call_difference(wanted[w], calls[m]) is None

    found = compare(check.trajectory.mode, len(wanted), len(calls), fits)
    unpaired = [calls[row.made] for row in found.rows if row.made is not None and row.wanted is None]
    return _verdict(
        "trajectory",
        check.trajectory.mode,
        [f"{each.name}{with_arguments(each)}" for each in wanted],
        [shown_call(call.name, call.arguments, call.invalid) for call in calls],
        found,
        lambda w: _why_missing(wanted[w], unpaired),
    )


def check_steps(check: Steps, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `steps`: what the assistant did, functions and built-in tools and messages, compares with the list."""
    mode, wanted = (
        (check.steps.mode, check.steps.names) if isinstance(check.steps, StepList) else ("in_order", check.steps)
    )
    taken = [step for exchange in exchanges for step in exchange.steps]
    found = compare(mode, len(wanted), len(taken), lambda w, m: wanted[w] == taken[m])
    return _verdict("steps", mode, wanted, taken, found, lambda w: None)


def _verdict(
    name: str,
    mode: Mode,
    wanted: Sequence[str],
    made: Sequence[str],
    found: Comparison,
    why: Callable[[int], str | None],
) -> Verdict:
    """Tell a comparison; `why` says what is known of an entry that is missing."""
    expected = f"{', '.join(wanted)} {MEANING[mode]}"
    if found.holds:
        return passed(name, f"as expected: {cut(expected)}")
    lines = []
    for row in found.rows:
        if row.made is not None:
            lines.append(f"  {'+' if row.wrong else ' '} {made[row.made]}")
        elif row.wanted is not None:
            reason = why(row.wanted)
            lines += [f"  - {wanted[row.wanted]}", *([f"      {reason}"] if reason else [])]
    if len(lines) > _MOST:
        lines = [*lines[:_MOST], f"  and {len(lines) - _MOST} lines more"]
    nothing = "" if made else "nothing, "
    return failed(name, "\n".join([f"expected: {cut(expected)}", f"got:      {nothing}{_SIGNS}", *lines]), found.score)


def _why_missing(wanted: CallPattern, unpaired: Sequence[AnsweredCall]) -> str | None:
    """Say in what a call of that name, which nothing else asks for, is another."""
    call = next((each for each in unpaired if each.name == wanted.name), None)
    return call_difference(wanted, call) if call else None


def check_max_calls(check: MaxCalls, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `max_calls`: there are no more function calls than that."""
    calls, most = calls_of(exchanges), check.max_calls
    if len(calls) <= most:
        return passed("max_calls", f"{counted(len(calls), 'function call')}, at most {most} wanted")
    return failed(
        "max_calls", f"expected: at most {counted(most, 'function call')}\ngot:      {len(calls)}\n{shown_calls(calls)}"
    )


def check_parallel(check: Parallel, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `parallel`: one reply has calls of all these functions; a name listed twice is called twice in it."""
    rounds = [each.calls_of(index) for each in exchanges for index in range(len(each.replies))]
    rounds = [made for made in rounds if made]
    names = ", ".join(check.parallel)
    most = 0
    for made in rounds:
        together = (Counter(check.parallel) & Counter(call.name for call in made)).total()
        if together == len(check.parallel):
            return passed("parallel", f"called together: {names}")
        most = max(most, together)
    got = "these calls, one reply a line" if rounds else "no function call"
    lines = [f"expected: one reply that calls {names}", f"got:      {got}"]
    lines += [f"  {cut(', '.join(shown_call(c.name, c.arguments, c.invalid) for c in made))}" for made in rounds[:10]]
    return failed("parallel", "\n".join(lines), most / len(check.parallel))
