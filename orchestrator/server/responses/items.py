"""What was said and done as items of the Responses wire. Pure; nothing is kept twice: they are made when asked for."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.server.store import Body
from orchestrator.server.wire import new_id

SEARCH_RESULTS = "file_search_call.results"
CODE_OUTPUTS = "code_interpreter_call.outputs"
FileName = Callable[[str], str]
"""Gives a file's name by its id."""

_PREFIXES = {"message": "msg_", "function_call": "fc_", "function_call_output": "fco_", "reasoning": "rs_"}


def given_item(item: Mapping[str, Any]) -> Body:
    """Give an item that a client sent as it is told again."""
    kind = item["type"]
    told = {"id": new_id(_PREFIXES.get(kind, "item_")), **item}
    if kind == "message":
        told["status"] = "completed"
        content = item["content"]
        text = "output_text" if item["role"] == "assistant" else "input_text"
        told["content"] = [text_part(text, content)] if isinstance(content, str) else content
    elif kind in ("function_call", "function_call_output"):
        told["status"] = "completed"
    return told


def text_part(kind: str, text: str) -> Body:
    """Give a part that holds text; what the model wrote has room for annotations."""
    return {"type": kind, "text": text} | ({"annotations": [], "logprobs": []} if kind == "output_text" else {})


def as_message(item: Mapping[str, Any]) -> Body:
    """Give a message item as a message of a thread, to be made with `new_message`."""
    parts = []
    for part in item["content"]:
        if part["type"] == "input_image" and part.get("image_url"):
            image = {"url": part["image_url"], "detail": part.get("detail") or "auto"}
            parts.append({"type": "image_url", "image_url": image})
        elif isinstance(text := part.get("refusal" if part["type"] == "refusal" else "text"), str):
            parts.append({"type": "text", "text": text})
    return {"role": item["role"], "content": parts, "attachments": [], "metadata": {}}


def output_items(
    steps: Sequence[Mapping[str, Any]],
    messages: Mapping[str, Mapping[str, Any]],
    container: str,
    include: Collection[str],
    name_of: FileName,
) -> Iterator[Body]:
    """Give the items that steps of a run are; `messages` are the run's, by id."""
    for step in steps:
        details = step["step_details"]
        if step["type"] == "message_creation":
            yield message_item(messages[details["message_creation"]["message_id"]], container, name_of)
        else:
            yield from (call_item(call, container, include, name_of) for call in details["tool_calls"])


def call_item(call: Mapping[str, Any], container: str, include: Collection[str], name_of: FileName) -> Body:
    """Give one call of a tool; a function's own id is the `call_id`."""
    id = str(call["id"]).removeprefix("call_")
    match call["type"]:
        case "function":
            function = {key: call["function"][key] for key in ("name", "arguments")}
            return {"id": f"fc_{id}", "type": "function_call", "call_id": call["id"], **function, "status": "completed"}
        case "file_search":
            results = [_result(found) for found in call["file_search"]["results"]]
            told = results if SEARCH_RESULTS in include else None
            asked = {"queries": [call["_query"]], "results": told}
            return {"id": f"fs_{id}", "type": "file_search_call", **asked, "status": "completed"}
        case _:
            code = call["code_interpreter"]
            outputs = [_output(each) for each in code["outputs"]] if CODE_OUTPUTS in include else None
            ran = {"code": code["input"], "container_id": container, "outputs": outputs}
            return {"id": f"ci_{id}", "type": "code_interpreter_call", **ran, "status": "completed"}


def _result(found: Mapping[str, Any]) -> Body:
    text = "\n".join(part["text"] for part in found["content"])
    told = {"file_id": found["file_id"], "filename": found["file_name"], "score": found["score"], "text": text}
    return {**told, "attributes": found.get("attributes") or {}}


def _output(output: Mapping[str, Any]) -> Body:
    if output["type"] == "logs":
        return dict(output)
    return {"type": "image", "url": f"/files/{output['image']['file_id']}/content"}


def message_item(message: Mapping[str, Any], container: str, name_of: FileName) -> Body:
    """Give what the model said. Marks of citations are taken out of the text, as this API has none."""
    parts = [part for part in message["content"] if part["type"] == "text"]
    return {
        "id": message["id"],
        "type": "message",
        "role": "assistant",
        "status": "completed" if message["status"] == "completed" else "incomplete",
        "content": [_said(part["text"], container, name_of) for part in parts],
        "phase": "final_answer",
    }


def _said(text: Mapping[str, Any], container: str, name_of: FileName) -> Body:
    value, cut, notes = text["value"], 0, []
    for note in sorted(text["annotations"], key=lambda note: int(note["start_index"])):
        id = note[note["type"]]["file_id"]
        start, end = note["start_index"] - cut, note["end_index"] - cut
        whose = {"file_id": id, "filename": name_of(id)}
        if note["type"] == "file_citation":
            value, cut = value[:start] + value[end:], cut + end - start
            notes.append({"type": "file_citation", "index": start, **whose})
        else:
            place = {"container_id": container, "start_index": start, "end_index": end}
            notes.append({"type": "container_file_citation", **place, **whose})
    return {"type": "output_text", "text": value, "annotations": notes, "logprobs": []}


def output_text(output: str | Sequence[Mapping[str, Any]]) -> str:
    """Give what the model reads of a function's output."""
    if isinstance(output, str):
        return output
    return "\n".join(str(part.get("text") or json.dumps(part)) for part in output)
