"""What a report of a run tells about one scenario, as lines of text: from its data, so that merged reports tell it too.

Up to where it went wrong, and why; the terminal's report (`explain`) tells the same from the run itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.diagnostics import counted
from orchestrator.scenario.quoting import cut, shown_call
from orchestrator.scenario.report_format import is_held

Data = Mapping[str, Any]
LIMIT = 1_000
"""Characters of one text."""


def get_status(scenario: Data) -> str:
    """Give the status people read: a scenario in quarantine is that, whatever became of it."""
    return "quarantined" if is_held(scenario) else str(scenario["status"])


def get_label(scenario: Data, with_target: bool) -> str:
    """Give a scenario's name, with its target where several are spoken of."""
    return f"{scenario['name']} on {scenario['target']}" if with_target else str(scenario["name"])


def get_rate(scenario: Data) -> str:
    """Give how often a repeated scenario passed; nothing for one that was played once."""
    found = scenario.get("statistics")
    if not found or len(scenario["attempts"]) < 2:
        return ""
    low, high = found["interval"]
    judged = found["passed"] + found["failed"]
    return f"{found['passed']}/{judged} passed, {100 * found['confidence']:g} % interval {low:.2f}-{high:.2f}"


def get_telling(scenario: Data) -> Data | None:
    """Give the attempt that speaks for a scenario: the first that ended as it did, else the first that did not pass.

    None where all passed.
    """
    attempts: Sequence[Data] = scenario["attempts"]
    not_passed = [each for each in attempts if each["status"] != "passed"]
    ended_so = (each for each in not_passed if each["status"] == scenario["status"])
    return next(ended_so, None) or next(iter(not_passed), None)


def get_headline(scenario: Data) -> str:
    """Give why a scenario did not pass, on one line; nothing where it did."""
    attempt = get_telling(scenario) if scenario["status"] != "passed" else None
    found = next(_wrong(attempt), "") if attempt else ""
    return cut(" ".join(found.split()), 200)


def tell(scenario: Data) -> list[str]:
    """Give the lines of the attempt that speaks for a scenario; none where no attempt went wrong."""
    attempt = get_telling(scenario)
    if attempt is None:
        return []
    lines = []
    for number, turn in enumerate(attempt["turns"], 1):
        if turn["status"] != "not_run":
            lines += [f"turn {number} of {len(attempt['turns'])}", *(f"  {line}" for line in _turn(turn))]
    if whole := [*_checks(attempt["checks"]), *_problem(attempt["problem"])]:
        lines += ["the whole conversation", *(f"  {line}" for line in whole)]
    return lines


def _wrong(attempt: Data) -> Iterator[str]:
    for number, turn in enumerate(attempt["turns"], 1):
        yield from (f"turn {number}: {text}" for text in _first(turn))
    yield from _first(attempt)


def _first(part: Data) -> Iterator[str]:
    if part["problem"]:
        yield str(part["problem"]["message"])
    yield from (f"{check['check']}: {_beginning(check['reason'])}" for check in part["checks"] if _counts(check))


def _beginning(reason: str) -> str:
    """Give a reason without the lines of a comparison, which stand indented under it."""
    return "\n".join(line for line in reason.split("\n") if not line.startswith("  "))


def _counts(check: Data) -> bool:
    return not check["passed"] and check.get("weight", 1) > 0


def _turn(turn: Data) -> Iterator[str]:
    yield from _labelled("user", cut(turn["user"], LIMIT))
    for kind, what in ordered(turn):
        yield from _labelled(*_LINES[kind](what))
    yield from _problem(turn["problem"])
    yield from _checks(turn["checks"])


def ordered(turn: Data) -> Iterator[tuple[str, Any]]:
    """Give what a turn led to in the order it came, each with its kind; where that is not told, messages come last."""
    messages = turn.get("messages") or ([turn["reply"]] if turn["reply"] else [])
    left = {
        "file_search": [*turn.get("searches", ())],
        "code_interpreter": [*turn.get("code_runs", ())],
        "function": [*turn["tool_calls"]],
        "message": [*messages],
    }
    for kind in (*turn.get("steps", ()), *(kind for kind, found in left.items() for _ in found)):
        if left.get(kind):
            yield kind, left[kind].pop(0)


def _search_line(search: Data) -> tuple[str, str]:
    found = ", ".join(f"{passage['file']} ({passage['score']:.2f})" for passage in search["passages"])
    return "search", f"=> {found or 'nothing found'}"


def _code_line(ran: Data) -> tuple[str, str]:
    images = f"\n=> {counted(ran['images'], 'image')}" if ran["images"] else ""
    return "code", f"{cut(ran['code'], LIMIT)}\n=> {cut(ran['logs'].rstrip(), LIMIT)}{images}"


def _call_line(call: Data) -> tuple[str, str]:
    made = shown_call(call["name"], call["arguments"], call.get("invalid_arguments"), LIMIT)
    return "call", f"{made} => {'(not answered)' if call['output'] is None else cut(call['output'], LIMIT)}"


def _message_line(text: str) -> tuple[str, str]:
    return "assistant", cut(text, LIMIT)


_LINES: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "file_search": _search_line,
    "code_interpreter": _code_line,
    "function": _call_line,
    "message": _message_line,
}


def _checks(checks: Sequence[Data]) -> Iterator[str]:
    for check in checks:
        if _counts(check):
            yield f"check {'undecided' if check.get('inconclusive') else 'failed'}: {check['check']}"
            yield from (f"  {line}" for line in cut(check["reason"], 2 * LIMIT).splitlines())


def _problem(problem: Data | None) -> Iterator[str]:
    if problem:
        yield from _labelled("problem", cut(problem["message"], LIMIT))
        if problem["hint"]:
            yield from _labelled("hint", cut(problem["hint"], LIMIT))


def _labelled(label: str, text: str) -> Iterator[str]:
    start = f"{label}: ".ljust(len("assistant: "))
    first, *rest = text.splitlines() or [""]
    yield f"{start}{first}".rstrip()
    yield from (f"{' ' * len(start)}{line}".rstrip() for line in rest)
