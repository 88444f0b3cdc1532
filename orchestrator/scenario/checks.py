"""Judging: a check and what was said give a verdict. Pure, so that a kept transcript can be judged again.

A turn's checks see the exchange of that turn; a conversation's checks see all of them. What the assistant said in
several messages or replies is one text then, in order. Each family of checks has a module of its own; `python` alone
calls code that is not ours.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.model.check_calls import MaxCalls, Parallel, ToolCalled, ToolNotCalled, Trajectory
from orchestrator.model.check_evidence import Cites, Code, Retrieved, StatusIs, Steps
from orchestrator.model.check_numbers import CostUsd, LatencyMs, Tokens
from orchestrator.model.check_structure import JsonReply
from orchestrator.model.checks import AllOf, AnyOf, Check, Not, PythonCheck, get_name
from orchestrator.scenario.check_calls import judge_called, judge_not_called
from orchestrator.scenario.check_citations import judge_cites
from orchestrator.scenario.check_evidence import judge_code, judge_retrieved, judge_status
from orchestrator.scenario.check_numbers import judge_cost, judge_latency, judge_tokens
from orchestrator.scenario.check_python import judge_python
from orchestrator.scenario.check_structure import judge_json
from orchestrator.scenario.check_text import JUDGES as OF_TEXT
from orchestrator.scenario.check_trajectory import judge_max_calls, judge_parallel, judge_steps, judge_trajectory
from orchestrator.scenario.quoting import cut
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.setting import Setting
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import CheckError, failed, get_score

OF_EXCHANGES: Mapping[type[Any], Callable[[Any, Sequence[Exchange]], Verdict]] = {
    JsonReply: judge_json,
    ToolCalled: judge_called,
    ToolNotCalled: judge_not_called,
    Trajectory: judge_trajectory,
    MaxCalls: judge_max_calls,
    Parallel: judge_parallel,
    StatusIs: judge_status,
    Steps: judge_steps,
    Cites: judge_cites,
    Retrieved: judge_retrieved,
    Code: judge_code,
    LatencyMs: judge_latency,
    Tokens: judge_tokens,
}


def judge(check: Check, exchanges: Sequence[Exchange], setting: Setting | None = None) -> Verdict:
    """Judge one check on one exchange or on a whole conversation; `exchanges` are in order and not empty."""
    try:
        verdict = _judge(check, exchanges, setting or Setting())
    except CheckError as error:
        verdict = failed(get_name(check), error.message + (f"\n{error.hint}" if error.hint else ""))
    return replace(verdict, weight=check.weight)


def _judge(check: Check, exchanges: Sequence[Exchange], setting: Setting) -> Verdict:
    """Judge as `judge` does; raises `CheckError` where nobody can tell."""
    match check:
        case Not():
            return _not(check, _judge(check.not_, exchanges, setting))
        case AllOf(all_of=several):
            return _all_of(*_several(several, exchanges, setting))
        case AnyOf(any_of=several):
            return _any_of(*_several(several, exchanges, setting))
        case CostUsd():
            return judge_cost(check, exchanges, setting.price)
        case PythonCheck():
            return judge_python(check, exchanges, setting.root)
        case _ if type(check) in OF_TEXT:
            return OF_TEXT[type(check)](check, "\n".join(exchange.text for exchange in exchanges), "a reply")
        case _:
            return OF_EXCHANGES[type(check)](check, exchanges)


def _several(
    checks: Sequence[Check], exchanges: Sequence[Exchange], setting: Setting
) -> tuple[list[Verdict], list[tuple[Check, CheckError]]]:
    """Judge each; give the verdicts, and the checks that could not be judged."""
    verdicts: list[Verdict] = []
    unjudged: list[tuple[Check, CheckError]] = []
    for check in checks:
        try:
            verdicts.append(replace(_judge(check, exchanges, setting), weight=check.weight))
        except CheckError as error:
            unjudged.append((check, error))
    return verdicts, unjudged


def _not(check: Not, inner: Verdict) -> Verdict:
    name, written = get_name(check), _as_written(check.not_)
    if not inner.passed:
        return Verdict(name, True, 1 - inner.score, f"as wanted, this does not hold: {written}")
    return Verdict(name, False, 1 - inner.score, f"expected: not {written}\ngot:      {inner.reason}")


def _all_of(verdicts: Sequence[Verdict], unjudged: Sequence[tuple[Check, CheckError]]) -> Verdict:
    score = get_score(verdicts)
    wrong = [verdict for verdict in verdicts if not verdict.passed and verdict.weight > 0]
    broken = [error for check, error in unjudged if check.weight > 0]
    if not wrong and broken:
        raise broken[0]
    total = len(verdicts) + len(unjudged)
    if not wrong:
        return Verdict("all_of", True, 1.0 if score is None else score, f"all {total} hold")
    head = f"expected: all {total} to hold\ngot:      these do not"
    told = [*map(_told, wrong), *(f"  {error.message}" for error in broken)]
    return failed("all_of", "\n".join([head, *told]), score or 0.0)


def _any_of(verdicts: Sequence[Verdict], unjudged: Sequence[tuple[Check, CheckError]]) -> Verdict:
    best = max((verdict.score for verdict in verdicts), default=0.0)
    if holding := next((verdict for verdict in verdicts if verdict.passed), None):
        return Verdict("any_of", True, best, f"{holding.check}: {holding.reason}")
    if unjudged:
        raise unjudged[0][1]
    head = f"expected: one of {len(verdicts)} to hold\ngot:      none of them does"
    return failed("any_of", "\n".join([head, *map(_told, verdicts)]), best)


def _told(verdict: Verdict) -> str:
    return "\n".join([f"  {verdict.check}", *(f"    {line}" for line in verdict.reason.split("\n"))])


def _as_written(check: Check) -> str:
    return cut(json.dumps(check.model_dump(by_alias=True, exclude_unset=True), ensure_ascii=False))
