"""A run of scenarios for programs: the format `orch.test/1` of the contract, whole and uncut.

Beyond what the contract fixes it has: `summary.not_run`; `interrupted`, `duration_ms`, `requests`, `usage` and
`not_run` of the run; `target`, `base` (its name as written), `case` (what tells it from the other cases of that
scenario, empty where there are none), `repeat`, `statistics` and `problem` (why repeated attempts did not decide it) of
a scenario; `score`, `checks`, `problem`, `leftover` and `warnings` (each with its place in the specs) of an attempt;
`score`, `citations`, `files`, `searches` (what was found, best first, each passage with an excerpt), `code_runs`,
`steps` and `problem` of a turn. A problem has a `kind` where its status does not tell. `steps` are what came in order:
`file_search`, `code_interpreter`, `function` and `message`, each the next of `searches`, `code_runs`, `tool_calls` and
`messages`; the last of these is there where the reply came in several. A score is the mean of the checks by weight,
null where nothing was checked; a check has its `weight` where that is not 1. Turns that were not played stand there
with the status `not_run`. A check that judges decide has `criteria`, each with its `votes`, and `inconclusive` where it
is undecided; `judge_usage` of a turn, an attempt and the run are the tokens of judges, which only the run's `usage`
includes. `recorded` says of an attempt that its times, tokens and cost are those of its recording; `recorded_usage` and
`recorded_cost_usd` are the part of the run's that did not fall due now. `cost_usd` of attempt, scenario and run, judges
included, is null where it is not known of one of them. `quarantine` of a scenario is `{reason, until, over}` or null;
those that may fail today are counted in `summary.quarantined` and nowhere else. `taken_over` says of a scenario that
`--resume` did not play it again, `reason` of one in `not_run` why it was left out; `budget` of the run is `{limit_usd,
spent_usd, reached}` or null.
"""

from typing import Any

from orchestrator.model.conversation import AnsweredCall, Reply, Search, Usage
from orchestrator.model.project import LocatedScenario
from orchestrator.reporting.characters import storable
from orchestrator.reporting.criteria import criteria_json
from orchestrator.reporting.diagnostic_json import diagnostic_json
from orchestrator.reporting.left_out import quarantine_json, why_left_out
from orchestrator.reporting.rates import repeat_json, statistics_json, undecided
from orchestrator.scenario.quoting import cut
from orchestrator.scenario.report_format import FORMAT, NOT_RUN, TURN, summarize
from orchestrator.scenario.results import Attempt, Problem, Run, ScenarioResult, TurnResult, Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import get_score

EXCERPT = 300
"""Characters of a passage that was found, its beginning and its end: enough to know it again."""


def run_json(run: Run, *, project: str, target: str) -> dict[str, Any]:
    """Give the report as JSON data; `project` and `target` are names. Times are whole milliseconds.

    Of several targets the names are joined with a comma; each scenario says its own.
    """
    scenarios = [scenario_json(result, target) for result in run.results]
    report: dict[str, Any] = storable(
        {
            "format": FORMAT,
            "project": project,
            "target": target,
            "summary": summarize(scenarios, len(run.not_run)),
            "interrupted": run.interrupted,
            "duration_ms": round(run.duration_ms),
            "requests": run.requests,
            "usage": _usage(run.usage),
            "judge_usage": _usage(run.judge_usage),
            "recorded_usage": _usage(run.recorded_usage),
            "cost_usd": run.cost_usd,
            "recorded_cost_usd": run.recorded_cost_usd,
            "budget": _budget(run),
            "scenarios": scenarios,
            "not_run": [{**_place(located, target), "reason": why_left_out(run)} for located in run.not_run],
        }
    )
    return report


def _budget(run: Run) -> dict[str, Any] | None:
    if run.budget is None:
        return None
    return {"limit_usd": run.budget.limit_usd, "spent_usd": run.budget.spent_usd, "reached": run.budget_reached}


def _place(located: LocatedScenario, target: str) -> dict[str, Any]:
    scenario, position = located.scenario, located.position
    return {
        "name": scenario.name,
        "base": located.base,
        "case": dict(located.case),
        "assistant": scenario.assistant,
        **({"store": scenario.assistant} if located.searches else {}),
        "target": located.target or target,
        "file": position.file,
        "line": position.line,
    }


def scenario_json(result: ScenarioResult, target: str = "") -> dict[str, Any]:
    """Give what became of one scenario, as said by the target or, where it is of the only one, on `target`."""
    users = [turn.user for turn in result.located.scenario.turns]
    return {
        **_place(result.located, target),
        "status": str(result.status),
        "quarantine": quarantine_json(result),
        "taken_over": result.taken_over,
        "cost_usd": result.cost_usd,
        "repeat": repeat_json(result),
        "statistics": statistics_json(result),
        "problem": _undecided(result),
        "attempts": [_attempt(attempt, users) for attempt in result.attempts],
    }


def _undecided(result: ScenarioResult) -> dict[str, Any] | None:
    found = undecided(result)
    return _problem(Problem(*found)) if found else None


def _attempt(attempt: Attempt, users: list[str]) -> dict[str, Any]:
    return {
        "status": str(attempt.status),
        "recorded": attempt.recorded,
        "duration_ms": round(attempt.duration_ms),
        "requests": attempt.requests,
        "cost_usd": attempt.cost_usd,
        "turns": [_turn(turn) for turn in attempt.turns] + [_not_run(user) for user in users[len(attempt.turns) :]],
        "score": get_score([v for turn in attempt.turns for v in turn.verdicts] + list(attempt.verdicts)),
        "checks": [_verdict(verdict) for verdict in attempt.verdicts],
        "problem": _problem(attempt.problem),
        "leftover": _problem(attempt.leftover),
        "warnings": [diagnostic_json(each) for each in attempt.warnings],
        "judge_usage": _usage(attempt.judge_usage),
    }


def _turn(turn: TurnResult) -> dict[str, Any]:
    exchange = turn.exchange
    return {
        "user": exchange.user,
        "reply": exchange.text if exchange.replies else None,
        "status": str(exchange.status) if exchange.status else str(turn.status),
        "tool_calls": [_call(call) for call in exchange.calls],
        "citations": [{"file": c.file, "file_id": c.file_id, "text": c.text} for c in exchange.citations],
        "files": [{"name": file.name, "file_id": file.id} for file in exchange.files],
        "searches": [_search(search) for search in exchange.searches],
        "code_runs": [{"code": ran.code, "logs": ran.logs, "images": ran.images} for ran in exchange.code_runs],
        "steps": [step for reply in exchange.replies for step in _steps(reply)],
        **_messages(exchange),
        "score": get_score(turn.verdicts),
        "checks": [_verdict(verdict) for verdict in turn.verdicts],
        "problem": _problem(turn.problem),
        "usage": _usage(exchange.usage),
        "judge_usage": _usage(turn.judge_usage),
        "duration_ms": round(turn.duration_ms),
    }


def _not_run(user: str) -> dict[str, Any]:
    return {**TURN, "user": user, "status": NOT_RUN}


def _call(call: AnsweredCall) -> dict[str, Any]:
    made = {"name": call.name, "arguments": dict(call.arguments), "output": call.output}
    return made if call.invalid is None else {**made, "invalid_arguments": call.invalid}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    told = {"check": verdict.check, "passed": verdict.passed, "score": verdict.score, "reason": verdict.reason}
    open_ = {"inconclusive": True} if verdict.inconclusive else {}
    weight = {"weight": verdict.weight} if verdict.weight != 1 else {}
    return {**told, **weight, **open_, **criteria_json(verdict.criteria)}


def _search(search: Search) -> dict[str, Any]:
    return {
        "passages": [
            {"file": each.file, "score": each.score, "excerpt": cut(each.text, EXCERPT)} for each in search.passages
        ]
    }


def _steps(reply: Reply) -> list[str]:
    """Give the steps of a reply; its functions, which end it, by that word and not by name."""
    done = len(reply.steps) - len(reply.calls)
    return [*reply.steps[:done], *("function" for _ in reply.calls)]


def _messages(exchange: Exchange) -> dict[str, list[str]]:
    texts = [message.text for reply in exchange.replies for message in reply.messages]
    return {"messages": texts} if len(texts) > 1 else {}


def _problem(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    kind = {"kind": problem.kind} if problem.kind else {}
    return {"message": problem.message, "hint": problem.hint, **kind}


def _usage(usage: Usage) -> dict[str, int]:
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
