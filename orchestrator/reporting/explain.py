"""Why a scenario did not pass, as lines: what was said and called up to there, what was expected, what to do.

The terminal and the JUnit report show the same lines, one with styles, one without.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.diagnostics import counted
from orchestrator.model.conversation import AnsweredCall, Evidence, Reply
from orchestrator.reporting.characters import visible
from orchestrator.reporting.rates import chances_text, is_repeated, rate_text, undecided
from orchestrator.scenario.quoting import cut, shown_call
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Problem, ScenarioResult, TurnResult, Verdict
from orchestrator.scenario.transcript import Exchange

_WIDTH = len("assistant: ")


class Part(StrEnum):
    """What a line speaks of; a report may give each its own style."""

    TURN = "turn"
    SAID = "said"
    DONE = "done"
    WRONG = "wrong"
    HINT = "hint"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled text; more lines of it stand under the first."""

    part: Part
    depth: int
    """Steps of indentation, two spaces each."""
    label: str
    text: str

    def __str__(self) -> str:
        start = "  " * self.depth + (f"{self.label}: ".ljust(_WIDTH) if self.label else "")
        first, *rest = visible(self.text).split("\n")
        return "\n".join([(start + first).rstrip(), *((" " * len(start) + line).rstrip() for line in rest)])


def explain(result: ScenarioResult, limit: int) -> list[Line]:
    """Give the lines on the attempt that speaks for the scenario; texts over `limit` characters are cut.

    That is the first that ended as the scenario did, else the first that did not pass, else the last. Of a scenario
    that is undecided though every attempt passed, no attempt is told.
    """
    attempt = _telling(result)
    total = len(result.located.scenario.turns)
    lines = _rates(result, attempt)
    if attempt.status is Status.PASSED and result.status is not Status.PASSED:
        return lines
    for number, turn in enumerate(attempt.turns, 1):
        lines.append(Line(Part.TURN, 1, "", f"turn {number} of {total}"))
        lines += _transcript(turn.exchange, limit)
        lines += _wrong(turn, limit)
    if attempt.problem:
        lines += _problem(attempt.problem, 1)
    if any(not verdict.passed or verdict.criteria for verdict in attempt.verdicts):
        lines.append(Line(Part.TURN, 1, "", "the whole conversation"))
        lines += _verdicts(attempt.verdicts)
    return lines + _not_run(len(attempt.turns), total)


def headline(result: ScenarioResult) -> tuple[str, str]:
    """Give what went wrong in one short line, and the kind of it: a check's name, `call`, `target` or `repeat`."""
    found = _headline(_telling(result))
    if not is_repeated(result):
        return found or ("", "")
    text, kind = found or (undecided(result)[0], "repeat")
    return f"{rate_text(result)}: {text}", kind


def _headline(attempt: Attempt) -> tuple[str, str] | None:
    for number, turn in enumerate(attempt.turns, 1):
        if found := _first(turn.problem, turn.verdicts, turn.status):
            return f"turn {number}: {found[0]}", found[1]
    return _first(attempt.problem, attempt.verdicts, attempt.status)


def _telling(result: ScenarioResult) -> Attempt:
    ended_so = (attempt for attempt in result.attempts if attempt.status is result.status)
    not_passed = (attempt for attempt in result.attempts if attempt.status is not Status.PASSED)
    return next(ended_so, None) or next(not_passed, None) or result.attempts[-1]


def _rates(result: ScenarioResult, attempt: Attempt) -> list[Line]:
    """Give what the attempts come to, and which of them is told."""
    if not is_repeated(result):
        return []
    lines = [Line(Part.NOTE, 1, "", rate_text(result))]
    if chances := chances_text(result):
        lines.append(Line(Part.NOTE, 1, "", chances))
    if result.status is Status.INCONCLUSIVE:
        message, hint = undecided(result)
        lines += _problem(Problem(message, hint), 1)
    if attempt.status is not Status.PASSED:
        number = result.attempts.index(attempt) + 1
        lines.append(Line(Part.TURN, 1, "", f"attempt {number} of {len(result.attempts)} {attempt.status}"))
    return lines


def _first(problem: Problem | None, verdicts: Sequence[Verdict], status: Status) -> tuple[str, str] | None:
    if problem:
        return _one_line(problem.message), problem.kind or ("target" if status is Status.ERRORED else "call")
    counting = [verdict for verdict in verdicts if not verdict.passed and verdict.weight > 0]
    wrong = next((verdict for verdict in sorted(counting, key=lambda verdict: verdict.inconclusive)), None)
    return (f"{wrong.check}: {_one_line(wrong.reason)}", wrong.check) if wrong else None


def _one_line(text: str) -> str:
    return cut(" ".join(visible(text).split()), 200)


def _transcript(exchange: Exchange, limit: int) -> Iterator[Line]:
    yield Line(Part.SAID, 2, "user", cut(exchange.user, limit))
    for index, reply in enumerate(exchange.replies):
        yield from _evidence(reply.evidence, limit)
        yield from _messages(reply, limit)
        yield from _calls(exchange.calls_of(index), limit)


def _evidence(evidence: Evidence, limit: int) -> Iterator[Line]:
    for search in evidence.searches:
        found = ", ".join(f"{passage.file} ({passage.score:.2f})" for passage in search.passages)
        yield Line(Part.DONE, 2, "search", f"=> {cut(found, limit) or 'nothing found'}")
    for run in evidence.code_runs:
        images = f"\n=> {counted(run.images, 'image')}" if run.images else ""
        yield Line(Part.DONE, 2, "code", f"{cut(run.code, limit)}\n=> {cut(run.logs, limit)}{images}")


def _messages(reply: Reply, limit: int) -> Iterator[Line]:
    for message in reply.messages:
        cited = ", ".join(dict.fromkeys(c.file or c.file_id for c in message.citations))
        made = ", ".join(file.name for file in message.files if file.name)
        notes = [f"\n[{what} {names}]" for what, names in (("cites", cited), ("made", made)) if names]
        yield Line(Part.SAID, 2, "assistant", "".join([cut(message.text, limit), *notes]))


def _calls(calls: Sequence[AnsweredCall], limit: int) -> Iterator[Line]:
    for call in calls:
        output = "(not answered)" if call.output is None else cut(call.output, limit)
        yield Line(Part.DONE, 2, "call", f"{shown_call(call.name, call.arguments, call.invalid, limit)} => {output}")


def _wrong(turn: TurnResult, limit: int) -> Iterator[Line]:
    if turn.problem:
        yield from _problem(turn.problem, 2)
    yield from _verdicts(turn.verdicts)


def _verdicts(verdicts: Sequence[Verdict]) -> Iterator[Line]:
    for verdict in verdicts:
        if verdict.passed and verdict.criteria:
            yield Line(Part.NOTE, 2, "", f"check passed: {verdict.check}")
            yield Line(Part.NOTE, 3, "", verdict.reason)
        if not verdict.passed:
            near = f", score {verdict.score:.2f}" if 0 < verdict.score < 1 and not verdict.inconclusive else ""
            idle = ", of weight 0: it fails nothing" if verdict.weight == 0 else ""
            part = Part.WRONG if verdict.weight > 0 and (verdict.criteria or not verdict.inconclusive) else Part.NOTE
            ended = "undecided" if verdict.inconclusive else "failed"
            yield Line(part, 2, "", f"check {ended}: {verdict.check}{near}{idle}")
            yield Line(part, 3, "", verdict.reason)


def _problem(problem: Problem, depth: int) -> Iterator[Line]:
    yield Line(Part.WRONG, depth, "problem", problem.message)
    if problem.hint:
        yield Line(Part.HINT, depth, "hint", problem.hint)


def _not_run(played: int, total: int) -> list[Line]:
    if not played or played == total:
        return []
    turns = f"turn {total}" if total - played == 1 else f"turns {played + 1} to {total}"
    return [Line(Part.NOTE, 1, "", f"{turns} of {total} not run")]


def leftovers(results: Sequence[ScenarioResult]) -> list[Line]:
    """Give a line for each conversation that could not be removed from the target."""
    found: list[tuple[ScenarioResult, Attempt]] = [(result, a) for result in results for a in result.attempts]
    lines = []
    for result, attempt in found:
        if attempt.leftover:
            text = f"the conversation of {result.located.scenario.name} is left there: {attempt.leftover.message}"
            lines.append(Line(Part.NOTE, 0, "warning", text))
            lines += [Line(Part.HINT, 0, "hint", attempt.leftover.hint)] if attempt.leftover.hint else []
    return lines
