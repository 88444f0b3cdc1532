"""What a report of a run tells about one scenario: up to where it went wrong, and why.

Told from the report's data (`orch.test/1`), so that every form of a report tells the same, of a run and of merged ones.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from orchestrator.diagnostics import counted
from orchestrator.reporting.characters import visible
from orchestrator.reporting.lines import Line, Part
from orchestrator.scenario.quoting import cut, shown_call
from orchestrator.scenario.report_format import NOT_RUN, Status, is_held

Data = Mapping[str, Any]


class Headline(NamedTuple):
    """What went wrong."""

    text: str
    """On one line; empty where nothing did."""
    kind: str
    """A check's name, `call`, `target`, `repeat`, or another word of the problem's."""


def get_status(scenario: Data) -> str:
    """Give the status people read: a scenario in quarantine is that, whatever became of it."""
    return "quarantined" if is_held(scenario) else str(scenario["status"])


def get_label(scenario: Data, with_target: bool) -> str:
    """Give a scenario's name, with its target where several are spoken of."""
    return f"{scenario['name']} on {scenario['target']}" if with_target else str(scenario["name"])


def get_rate(scenario: Data) -> str:
    """Give how often a scenario passed: `7/10 passed, 95 % interval 0.40-0.89, required 0.8`.

    Nothing for one that asks for a single attempt.
    """
    repeat, found = scenario.get("repeat"), scenario.get("statistics")
    once = repeat == 1 if repeat is not None else len(scenario["attempts"]) < 2
    return "" if once or not found else rate_text(found, repeat)


def rate_text(statistics: Data, repeat: int | Data | None) -> str:
    """Give counts, interval and requirement of repeated attempts."""
    judged = statistics["passed"] + statistics["failed"]
    parts = [f"{statistics['passed']}/{judged} passed"] if judged else []
    parts += [f"{statistics[word]} {word}" for word in ("errored", "inconclusive") if statistics[word]]
    if judged:
        low, high = statistics["interval"]
        parts.append(f"{100 * statistics['confidence']:g} % interval {low:.2f}-{high:.2f}")
    required = f"required {statistics['required']:g}" if isinstance(repeat, Mapping) else "all required"
    return ", ".join([*parts, required])


def chances_text(statistics: Data) -> str:
    """Give pass@k and pass^k of a fixed number of attempts, or nothing where that says nothing: all ended alike."""
    if not statistics["passed"] or not statistics["failed"]:
        return ""
    hats = statistics.get("pass_hat_k", {})
    chances = [(k, at, hats[k]) for k, at in statistics.get("pass_at_k", {}).items() if k != "1" and k in hats]
    return ", ".join(f"pass@{k} {at:.2f}, pass^{k} {hat:.2f}" for k, at, hat in chances)


def get_telling(scenario: Data) -> Data | None:
    """Give the attempt that speaks for a scenario: the first that ended as it did, else the first that did not pass.

    Where all passed the last; None where there is none.
    """
    attempts: Sequence[Data] = scenario["attempts"]
    ended_so = (each for each in attempts if each["status"] == scenario["status"])
    not_passed = (each for each in attempts if each["status"] != Status.PASSED)
    return next(ended_so, None) or next(not_passed, None) or next(reversed(attempts), None)


def get_headline(scenario: Data) -> Headline:
    """Give why a scenario did not pass; nothing where it did."""
    attempt = get_telling(scenario) if scenario["status"] != Status.PASSED else None
    parts = [(f"turn {number}: ", turn) for number, turn in enumerate(attempt["turns"], 1)] if attempt else []
    for place, part in [*parts, *([("", attempt)] if attempt else [])]:
        if found := _first_wrong(part, attempt):
            return Headline(place + found.text, found.kind)
    problem = scenario.get("problem")
    return Headline(_one_line(problem["message"]), "repeat") if problem else Headline("", "")


def _first_wrong(part: Data, attempt: Data | None) -> Headline | None:
    """Give what went wrong first in a turn or, beside its turns, in an attempt."""
    if problem := part["problem"]:
        errored = attempt is not None and attempt["status"] == Status.ERRORED
        return Headline(_one_line(problem["message"]), problem.get("kind") or ("target" if errored else "call"))
    counting = [check for check in part["checks"] if not check["passed"] and _weight(check) > 0]
    wrong = next(iter(sorted(counting, key=_is_undecided)), None)
    return Headline(f"{wrong['check']}: {_one_line(_beginning(wrong['reason']))}", wrong["check"]) if wrong else None


def _weight(check: Data) -> float:
    return float(check.get("weight", 1))


def _is_undecided(check: Data) -> bool:
    return bool(check.get("inconclusive"))


def _beginning(reason: str) -> str:
    """Give a reason without the lines of a comparison, which stand indented under it."""
    return "\n".join(line for line in reason.split("\n") if not line.startswith("  "))


def _one_line(text: str) -> str:
    return cut(" ".join(visible(text).split()), 200)


def tell(scenario: Data, limit: int) -> list[Line]:
    """Give the lines on the attempt that speaks for a scenario; texts over `limit` characters are cut.

    Of a scenario that is undecided though every attempt passed, no attempt is told.
    """
    attempt = get_telling(scenario)
    lines = _rates(scenario, attempt, limit)
    if attempt is None or (attempt["status"] == Status.PASSED and scenario["status"] != Status.PASSED):
        return lines
    total = len(attempt["turns"])
    played = [turn for turn in attempt["turns"] if turn["status"] != NOT_RUN]
    for number, turn in enumerate(played, 1):
        lines.append(Line(Part.TURN, 1, "", f"turn {number} of {total}"))
        lines += [*_said(turn, limit), *_problem(turn["problem"], 2, limit), *_checks(turn["checks"], limit)]
    lines += _problem(attempt["problem"], 1, limit)
    if whole := [*_checks(attempt["checks"], limit)]:
        lines += [Line(Part.TURN, 1, "", "the whole conversation"), *whole]
    return [*lines, *_not_run(len(played), total)]


def _rates(scenario: Data, attempt: Data | None, limit: int) -> list[Line]:
    """Give what repeated attempts come to, and which of them is told."""
    rate = get_rate(scenario)
    if not rate:
        return []
    lines = [Line(Part.NOTE, 1, "", text) for text in (rate, chances_text(scenario["statistics"])) if text]
    lines += _problem(scenario.get("problem"), 1, limit)
    if attempt is not None and attempt["status"] != Status.PASSED:
        attempts = scenario["attempts"]
        number = next(number for number, each in enumerate(attempts, 1) if each is attempt)
        lines.append(Line(Part.TURN, 1, "", f"attempt {number} of {len(attempts)} {attempt['status']}"))
    return lines


def _said(turn: Data, limit: int) -> Iterator[Line]:
    yield Line(Part.SAID, 2, "user", cut(turn["user"], limit))
    for kind, what in ordered(turn):
        yield _LINES[kind](what, limit)
    cited = dict.fromkeys(found["file"] or found["file_id"] for found in turn.get("citations", ()))
    made = [file["name"] for file in turn.get("files", ()) if file["name"]]
    for label, names in (("cites", cited), ("made", made)):
        if names:
            yield Line(Part.DONE, 2, label, ", ".join(names))


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


def _search_line(search: Data, limit: int) -> Line:
    found = ", ".join(f"{passage['file']} ({passage['score']:.2f})" for passage in search["passages"])
    return Line(Part.DONE, 2, "search", f"=> {cut(found, limit) or 'nothing found'}")


def _code_line(ran: Data, limit: int) -> Line:
    images = f"\n=> {counted(ran['images'], 'image')}" if ran["images"] else ""
    return Line(Part.DONE, 2, "code", f"{cut(ran['code'], limit)}\n=> {cut(ran['logs'].rstrip(), limit)}{images}")


def _call_line(call: Data, limit: int) -> Line:
    made = shown_call(call["name"], call["arguments"], call.get("invalid_arguments"), limit)
    output = "(not answered)" if call["output"] is None else cut(call["output"], limit)
    return Line(Part.DONE, 2, "call", f"{made} => {output}")


def _message_line(text: str, limit: int) -> Line:
    return Line(Part.SAID, 2, "assistant", cut(text, limit))


_LINES: Mapping[str, Callable[[Any, int], Line]] = {
    "file_search": _search_line,
    "code_interpreter": _code_line,
    "function": _call_line,
    "message": _message_line,
}


def _checks(checks: Sequence[Data], limit: int) -> Iterator[Line]:
    """Tell of checks that did not pass, and of judges also what they said where it passed."""
    for check in checks:
        criteria, weight, undecided = check.get("criteria"), _weight(check), _is_undecided(check)
        reason = cut(check["reason"], 2 * limit)
        if check["passed"] and criteria:
            yield Line(Part.NOTE, 2, "", f"check passed: {check['check']}")
            yield Line(Part.NOTE, 3, "", reason)
        if not check["passed"]:
            near = f", score {check['score']:.2f}" if 0 < check["score"] < 1 and not undecided else ""
            idle = ", of weight 0: it fails nothing" if weight == 0 else ""
            part = Part.WRONG if weight > 0 and (criteria or not undecided) else Part.NOTE
            ended = "undecided" if undecided else "failed"
            yield Line(part, 2, "", f"check {ended}: {check['check']}{near}{idle}")
            yield Line(part, 3, "", reason)


def _problem(problem: Data | None, depth: int, limit: int) -> Iterator[Line]:
    if problem:
        yield Line(Part.WRONG, depth, "problem", cut(problem["message"], limit))
        if problem["hint"]:
            yield Line(Part.HINT, depth, "hint", cut(problem["hint"], limit))


def _not_run(played: int, total: int) -> Iterator[Line]:
    if played and played < total:
        turns = f"turn {total}" if total - played == 1 else f"turns {played + 1} to {total}"
        yield Line(Part.NOTE, 1, "", f"{turns} of {total} not run")
