"""What conversations on every wire have in common: calls, tokens and reasons out of JSON, and what a caller must do."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from orchestrator.errors import TargetRejectedError
from orchestrator.model.conversation import Answer, Call, Failure, Usage
from orchestrator.providers._shapes import mapping, number


def get_call(id: object, name: object, written: object) -> Call:
    """Give a pending call; arguments that are no JSON object are kept as they were written."""
    text = written if isinstance(written, str) else json.dumps(written or {})
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        arguments = None
    called = str(id), str(name)
    return Call(*called, arguments) if isinstance(arguments, dict) else Call(*called, {}, text)


def get_usage(told: object, read: str = "input_tokens", wrote: str = "output_tokens") -> Usage:
    """Give the tokens under these names; none where the target does not know."""
    usage = mapping(told)
    return Usage(int(number(usage.get(read))), int(number(usage.get(wrote))))


def get_failure(told: Mapping[str, Any], error: str) -> Failure | None:
    """Say why something did not complete: what it says under `error`, or why it is incomplete."""
    if why := told.get(error):
        said = mapping(why)
        return Failure(str(said.get("code")), str(said.get("message"))) if said else Failure("failed", str(why))
    details = told.get("incomplete_details")
    return Failure("incomplete", str(mapping(details).get("reason") or details)) if details else None


def must_be_done(is_done: bool) -> None:
    """Raise `TargetRejectedError` where the turn before is not done."""
    if not is_done:
        raise TargetRejectedError("the turn before is not done", "answer its calls before the next message")


def must_answer_each(pending: Collection[str], answers: Sequence[Answer]) -> None:
    """Raise `TargetRejectedError` unless all calls that wait are answered, each once."""
    given = sorted(answer.call_id for answer in answers)
    if not pending or given != sorted(pending):
        both = f"{', '.join(sorted(pending)) or 'no call'}, given for {', '.join(given) or 'none'}"
        raise TargetRejectedError(f"results are wanted for {both}", "answer all calls of the reply, each once")
