"""A check and what was said give a verdict. Pure, so that a kept transcript can be checked again.

A turn's checks see the exchange of that turn; a conversation's checks see all of them. What the assistant said in
several messages or replies is one text then, in order. Each family of checks has a module of its own; `python` alone
calls code that is not ours, and `cites` alone looks into the project's documents. A check that needs a judge stays open
here: `judging` asks it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.model.check_calls import MaxCalls, Parallel, ToolCalled, ToolNotCalled, Trajectory
from orchestrator.model.check_evidence import Cites, Code, Recall, Retrieved, StatusIs, Steps
from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.check_numbers import CostUsd, LatencyMs, Tokens
from orchestrator.model.check_structure import JsonReply
from orchestrator.model.checks import Check, PythonCheck, get_name
from orchestrator.scenario.check_calls import check_called, check_not_called
from orchestrator.scenario.check_citations import check_cites
from orchestrator.scenario.check_evidence import check_code, check_recall, check_retrieved, check_status
from orchestrator.scenario.check_numbers import check_cost, check_latency, check_tokens
from orchestrator.scenario.check_python import check_python
from orchestrator.scenario.check_structure import check_json
from orchestrator.scenario.check_text import OF_TEXT
from orchestrator.scenario.check_trajectory import check_max_calls, check_parallel, check_steps, check_trajectory
from orchestrator.scenario.combining import Single, combine
from orchestrator.scenario.documents import Documents
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.setting import Setting
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import CheckError, failed, undecided

OF_EXCHANGES: Mapping[type[Any], Callable[[Any, Sequence[Exchange]], Verdict]] = {
    JsonReply: check_json,
    ToolCalled: check_called,
    ToolNotCalled: check_not_called,
    Trajectory: check_trajectory,
    MaxCalls: check_max_calls,
    Parallel: check_parallel,
    StatusIs: check_status,
    Steps: check_steps,
    Code: check_code,
    LatencyMs: check_latency,
    Tokens: check_tokens,
}

OF_SOURCES: Mapping[type[Any], Callable[[Any, Sequence[Exchange], Documents], Verdict]] = {
    Cites: check_cites,
    Retrieved: check_retrieved,
    Recall: check_recall,
}


def get_verdict(check: Check, exchanges: Sequence[Exchange], setting: Setting | None = None) -> Verdict:
    """Give the verdict of one check on one exchange or on a whole conversation; `exchanges` are in order, not empty."""
    return get_combined(check, lambda single: get_single(single, exchanges, setting or Setting()))


def get_combined(check: Check, single: Single) -> Verdict:
    """Give the verdict of a check by those of the single checks within; one that is broken fails, whatever it says."""
    try:
        verdict = combine(check, single)
    except CheckError as error:
        verdict = failed(get_name(check), error.message + (f"\n{error.hint}" if error.hint else ""))
    return replace(verdict, weight=check.weight)


def get_single(check: Check, exchanges: Sequence[Exchange], setting: Setting) -> Verdict:
    """Give the verdict of a check that has no others within; raises `CheckError` where nobody can tell."""
    match check:
        case JudgeCheck():
            if check.by not in setting.judges:
                raise CheckError(f"the judge {check.by} belongs to a project, and none is known here")
            return undecided("judge", f"{check.by} is asked only where no other check has failed")
        case CostUsd():
            return check_cost(check, exchanges, setting.price)
        case PythonCheck():
            return check_python(check, exchanges, setting.root)
        case _ if type(check) in OF_SOURCES:
            return OF_SOURCES[type(check)](check, exchanges, setting.documents)
        case _ if type(check) in OF_TEXT:
            return OF_TEXT[type(check)](check, "\n".join(exchange.text for exchange in exchanges), "a reply")
        case _:
            return OF_EXCHANGES[type(check)](check, exchanges)
