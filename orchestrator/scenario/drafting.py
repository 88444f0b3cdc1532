"""From a talk that is over to the scenario an author would write of it. Pure.

What the user said is said again; what functions gave back becomes their mocks, by arguments; that they were called
becomes a check. What the assistant said is no check that fails: a model does not say a thing twice in the same words.
It stands there with weight 0, so that a report shows how near the new reply is.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.model.conversation import AnsweredCall, Said

LONGEST = 500
"""Characters of a reply that a scenario repeats; a longer one is left out."""
NEAR = 0.6
"""How similar a reply should be to what it was."""


@dataclass(frozen=True, slots=True)
class ScenarioDraft:
    """A scenario as it will be written, and what it cannot say."""

    data: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    """In words that follow the name of the scenario."""


Takes = Callable[[AnsweredCall], bool]
"""Tells whether a function, as it is today, takes the arguments of a call."""


def _always(call: AnsweredCall) -> bool:
    return True


def draft_scenario(
    name: str,
    assistant: str,
    said: Sequence[Said],
    functions: Collection[str],
    description: str | None = None,
    takes: Takes = _always,
) -> ScenarioDraft | None:
    """Give the scenario of a talk; None where the user said nothing.

    `functions` are what the assistant can call today: mocks of others would be refused, and so would mocks for
    arguments that one of them does not take.
    """
    turns, remarks = [], []
    for number, each in enumerate(said, 1):
        if each.missing:
            remarks.append(f"message {number}: left out what is no text: {', '.join(each.missing)}")
        if not each.user.strip():
            remarks.append(f"message {number}: left out, for it has no text")
            continue
        turn, lost = _turn(each, functions, takes)
        turns.append(turn)
        remarks += [f"message {number}: {text}" for text in lost]
    if not turns:
        return None
    data: dict[str, Any] = {"kind": "Scenario", "name": name, "assistant": assistant}
    data |= {"description": description} if description else {}
    return ScenarioDraft(data | {"turns": turns}, tuple(remarks))


def _turn(said: Said, functions: Collection[str], takes: Takes) -> tuple[dict[str, Any], list[str]]:
    known = [call for call in said.calls if call.name in functions and call.invalid is None]
    gone = dict.fromkeys(call.name for call in said.calls if call.name not in functions)
    lost = [f"called {name}, which the assistant has no more" for name in gone]
    lost += [f"called {call.name} with what is no JSON object" for call in said.calls if call.invalid is not None]
    odd = dict.fromkeys(call.name for call in known if not takes(call))
    lost += [f"called {name} with arguments it does not take: its mock looks at none" for name in odd]
    turn: dict[str, Any] = {"user": said.user}
    if mocks := _mocks(known, odd):
        turn["mocks"] = mocks
    checks: list[dict[str, Any]] = [{"tool_called": name} for name in dict.fromkeys(call.name for call in known)]
    reply = "\n".join(said.replies).strip()
    if 0 < len(reply) <= LONGEST:
        checks.append({"similar": {"to": reply, "min": NEAR}, "weight": 0})
    if checks:
        turn["checks"] = checks
    return turn, lost


def _mocks(calls: Sequence[AnsweredCall], odd: Collection[str]) -> dict[str, Any]:
    """Give the mocks of a turn: one answer for all calls where they are alike, else by arguments, in order.

    Functions in `odd` answer in order alone.
    """
    named: dict[str, list[AnsweredCall]] = {}
    for call in calls:
        if call.output is not None:
            named.setdefault(call.name, []).append(call)
    return {name: _mock(group, name not in odd) for name, group in named.items()}


def _mock(calls: Sequence[AnsweredCall], by_arguments: bool) -> Any:
    outputs = list(dict.fromkeys(call.output or "" for call in calls))
    if len(outputs) == 1:
        return _returns(outputs[0])
    if not by_arguments:
        return _sequence([call.output or "" for call in calls])
    answers: dict[str, list[str]] = {}
    arguments: dict[str, Mapping[str, Any]] = {}
    for call in calls:
        key = json.dumps(call.arguments, sort_keys=True)
        answers.setdefault(key, []).append(call.output or "")
        arguments[key] = call.arguments
    if len(answers) == 1:
        return _sequence(next(iter(answers.values())))
    return [
        {"when": {"exact": dict(arguments[key])}} | (_returns(given[0]) if len(set(given)) == 1 else _sequence(given))
        for key, given in answers.items()
    ]


def _sequence(outputs: Sequence[str]) -> dict[str, Any]:
    return {"sequence": [_returns(output) for output in outputs], "then": "repeat_last"}


def _returns(output: str) -> dict[str, Any]:
    """Give an answer: as a value where it is JSON that is sent in the same words, else as the text it was."""
    try:
        value = json.loads(output)
    except (ValueError, RecursionError):
        return {"returns": output}
    same = isinstance(value, dict | list) and json.dumps(value, ensure_ascii=False) == output
    return {"returns": value if same else output}
