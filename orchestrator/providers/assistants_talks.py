"""From messages, runs and steps of a thread to what was said in it: the talk that a scenario repeats. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.model.conversation import AnsweredCall, Said
from orchestrator.providers._replies import get_call
from orchestrator.providers.spool import Object, get_time


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said in one thread."""

    id: str
    assistant_id: str | None
    """Who answered; None where nobody did."""
    said: tuple[Said, ...]
    lost: tuple[str, ...] = ()
    """What belongs to no turn and is left out, in words."""


def get_talk(id: str, messages: Sequence[Object], runs: Sequence[Object], steps: Sequence[Object]) -> Talk:
    """Tell a thread, oldest first; `steps` are those of all its runs."""
    answered = [item.get("assistant_id") for item in (*messages, *runs)]
    assistant = next((str(each) for each in reversed(answered) if each), None)
    said: list[Said] = []
    lost: list[str] = []
    run_of: dict[str, int] = {}
    began: list[int] = []
    for message in messages:
        text, missing = _text(message)
        if message["role"] == "user" and said and not said[-1].replies:
            last = said[-1]  # said in several messages before the assistant was asked
            joined = "\n\n".join(part for part in (last.user, text) if part)
            said[-1] = replace(last, user=joined, missing=(*last.missing, *missing))
        elif message["role"] == "user":
            said.append(Said(text, (), (), missing))
            began.append(get_time(message))
        elif said:
            said[-1] = replace(said[-1], replies=(*said[-1].replies, text))
            run_of.setdefault(str(message.get("run_id")), len(said) - 1)
            lost += [f"{message['id']}: left out of a reply: {', '.join(missing)}"] if missing else []
        else:
            lost.append(f"{message['id']}: left out, for the assistant said it before the user said anything")
    for run in runs:
        before = [index for index, time in enumerate(began) if time <= get_time(run)]
        run_of.setdefault(run["id"], before[-1] if before else 0)
    for step in steps:
        index = run_of.get(str(step["run_id"]))
        if index is not None and said:
            said[index] = replace(said[index], calls=(*said[index].calls, *_calls(step)))
        elif any(_calls(step)):
            lost.append(f"{step['id']}: its calls are left out, for its run {step['run_id']} is not there")
    speakers = Counter(str(message["assistant_id"]) for message in messages if message.get("assistant_id"))
    for other in speakers.keys() - {assistant}:
        lost.append(f"{speakers[other]} of its replies came from {other}, and stand as those of {assistant}")
    heard = any(each.replies or each.calls for each in said)
    return Talk(id, assistant if heard else None, tuple(said), tuple(lost))


def _text(message: Object) -> tuple[str, tuple[str, ...]]:
    """Give the text of a message, and what else it holds, each by its kind and the id of its file."""
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [part.get("text") for part in parts if part.get("type") == "text"]
    plain = [str(text.get("value", "")) if isinstance(text, dict) else str(text or "") for text in texts]
    others = [_named(str(part.get("type")), part) for part in parts if part.get("type") != "text"]
    files = [f"attachment {each.get('file_id') or ''}".rstrip() for each in message.get("attachments") or ()]
    old = [f"file {id}" for id in message.get("file_ids") or ()]  # as the API's first version had it
    return "\n".join(plain), (*others, *files, *old)


def _named(kind: str, part: Mapping[str, Any]) -> str:
    inner = part.get(kind)
    held = inner if isinstance(inner, Mapping) else {}
    return f"{kind} {held.get('file_id') or held.get('url') or ''}".rstrip()


def _calls(step: Object) -> Iterator[AnsweredCall]:
    for made in (step.get("step_details") or {}).get("tool_calls") or ():
        function = made.get("function")
        if made.get("type") == "function" and isinstance(function, dict) and function.get("name"):
            call = get_call(made.get("id"), function.get("name"), function.get("arguments"))
            output = function.get("output")
            yield AnsweredCall(call.name, call.arguments, call.invalid, None if output is None else str(output))
