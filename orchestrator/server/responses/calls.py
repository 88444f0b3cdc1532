"""The calls of functions that an input tells, and the outputs it gives. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from orchestrator.server.responses.items import output_text
from orchestrator.server.store import Body
from orchestrator.server.wire import invalid

_CALL, _OUTPUT = "function_call", "function_call_output"


def check_distinct(items: Sequence[Mapping[str, Any]], taken: Callable[[], Collection[str]]) -> None:
    """Raise WireError 400 for an item whose id is taken, or another's of the same request; the words are the API's.

    `taken` gives the ids that are; it is asked only where an item has an id at all.
    """
    seen = set(taken()) if any(item.get("id") is not None for item in items) else set[str]()
    for item in items:
        id = item.get("id")
        if id in seen:
            message = f"Duplicate item found with id {id}. Remove duplicate items from your input and try again."
            raise invalid(message, param="input")
        if id is not None:
            seen.add(id)


def check_answered(
    put: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]], pending: Sequence[str]
) -> dict[str, str]:
    """Give the outputs by call, of `items` and of what was `put` into the conversation before them.

    Raises WireError 400 for a call without an output, and for an output of `items` without its call.
    """
    told = [item["call_id"] for item in (*put, *items) if item["type"] == _CALL]
    outputs = {item["call_id"]: output_text(item["output"]) for item in (*put, *items) if item["type"] == _OUTPUT}
    for call in (*pending, *told):
        if call not in outputs:
            raise invalid(f"No tool output found for function call {call}.", param="input")
    for item in items:
        if item["type"] == _OUTPUT and item["call_id"] not in told and item["call_id"] not in pending:
            call = item["call_id"]
            raise invalid(f"No tool call found for function call output with call_id {call}.", param="input")
    return outputs


def told_steps(
    items: Sequence[Mapping[str, Any]], outputs: Mapping[str, str], but: Collection[str] = ()
) -> list[list[Body]]:
    """Give the calls of the turn in progress as the steps of a run, each with its calls; none of those in `but`.

    Calls that stand together were made together. A turn is over where a user speaks after the model did: what was
    called before that is history, of which a model is told what was said.
    """
    steps: list[list[Body]] = []
    together = False
    for item in _turn(items):
        if item["type"] == _CALL and item["call_id"] not in but:
            if not together:
                steps.append([])
            steps[-1].append(_as_call(item, outputs[item["call_id"]]))
        if item["type"] in (_CALL, _OUTPUT):
            together = item["type"] == _CALL and item["call_id"] not in but
    return steps


def _turn(items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Give the items after those of the turns that are over."""
    begin, before = 0, ""
    for place, item in enumerate(items):
        if item["type"] == "message" and item["role"] in ("user", "assistant"):
            if (before, item["role"]) == ("assistant", "user"):
                begin = place
            before = item["role"]
        elif item["type"] in (_CALL, _OUTPUT):
            before = _CALL
    return items[begin:]


def _as_call(item: Mapping[str, Any], output: str) -> Body:
    function = {"name": item["name"], "arguments": item["arguments"], "output": output}
    return {"id": item["call_id"], "type": "function", "function": function}
