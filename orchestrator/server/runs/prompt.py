"""What a model is told about a run, read from the store alone so that any process can take a run over.

Tokens are counted by `chunking.count_tokens`, the same rule everywhere in the server: deterministic, and near what
the hosted API counts for English.
"""

import mimetypes
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.server.knowledge.chunking import count_tokens
from orchestrator.server.models.interface import (
    Action,
    CallFunctions,
    FoundPassage,
    ModelMessage,
    ModelRequest,
    Reply,
    RunCode,
    Search,
    ToolResult,
)
from orchestrator.server.store import Body, PageQuery, Store
from orchestrator.server.tools import Files

UNTOLD = "_untold"
"""Marks a message that was taken out of a conversation: it stays part of its response, and no model is told it."""


def read_request(store: Store, run: Mapping[str, Any], files: Files | None = None) -> ModelRequest:
    """Build the request for a run's next model step, truncated as `truncation_strategy` says.

    A picture that is a file is read from `files`; one that is gone is left out.
    """
    newest = run["truncation_strategy"]["last_messages"] if run["truncation_strategy"]["type"] != "auto" else None
    page = store.fetch_page("message", run["thread_id"], PageQuery(limit=newest or -1, order="desc"))
    steps, most = store.fetch_page("step", run["id"]).items, run["max_completion_tokens"]
    request = ModelRequest(
        model=run["model"],
        instructions=run["instructions"],
        messages=tuple(_message(each, files) for each in reversed(page.items) if not each.get(UNTOLD)),
        tools=() if run["tool_choice"] == "none" else tuple(run["tools"]),
        tool_steps=tuple(_results(step) for step in _tool_steps(steps)),
        tool_choice=run["tool_choice"],
        response_format=run["response_format"],
        temperature=run["temperature"],
        top_p=run["top_p"],
        max_completion_tokens=None if most is None else max(1, most - total_usage(steps)["completion_tokens"]),
        reasoning_effort=run.get("reasoning_effort"),
        parallel_tool_calls=run["parallel_tool_calls"],
    )
    return _fitted(request, run["max_prompt_tokens"])


def read_tool_steps(store: Store, run_id: str) -> list[Body]:
    """Read a run's finished tool steps, oldest first, with everything the engine noted in them."""
    return _tool_steps(store.fetch_page("step", run_id).items)


def _tool_steps(steps: Sequence[Body]) -> list[Body]:
    return [step for step in steps if step["type"] == "tool_calls" and step["status"] == "completed"]


def text_of(message: Mapping[str, Any]) -> str:
    """Join a message's text parts with newlines."""
    return "\n".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")


def _message(message: Mapping[str, Any], files: Files | None) -> ModelMessage:
    images = tuple(_images(message["content"], files)) if message["role"] == "user" else ()
    return ModelMessage(message["role"], text_of(message), images)


def _images(content: Sequence[Mapping[str, Any]], files: Files | None) -> Iterator[str]:
    for part in content:
        if part["type"] == "image_url":
            yield part["image_url"]["url"]
        elif part["type"] == "image_file" and files is not None:
            stored = files.fetch_content(part["image_file"]["file_id"])
            if stored is not None:
                kind = mimetypes.guess_type(stored.filename)[0] or "image/png"
                yield f"data:{kind};base64,{b64encode(stored.data).decode()}"


def _fitted(request: ModelRequest, most: int | None) -> ModelRequest:
    """Drop the oldest messages, never the last, until the prompt has at most this many tokens."""
    while most is not None and len(request.messages) > 1 and prompt_tokens(request) > most:
        request = replace(request, messages=request.messages[1:])
    return request


def _results(step: Mapping[str, Any]) -> tuple[ToolResult, ...]:
    return tuple(_result(call) for call in step["step_details"]["tool_calls"])


def _result(call: Mapping[str, Any]) -> ToolResult:
    match call["type"]:
        case "function":
            function = call["function"]
            return ToolResult(call["id"], function["name"], function["arguments"], function["output"] or "")
        case "code_interpreter":
            code = call["code_interpreter"]
            logs = [output["logs"] for output in code["outputs"] if output["type"] == "logs"]
            return ToolResult(call["id"], "code_interpreter", code["input"], "".join(logs), hosted=True)
    passages = tuple(
        FoundPassage(found["file_id"], found["file_name"], found["score"], found["content"][0]["text"])
        for found in call["file_search"]["results"]
    )
    texts = "\n\n".join(passage.text for passage in passages)
    return ToolResult(call["id"], "file_search", call["_query"], texts, passages, hosted=True)


def prompt_tokens(request: ModelRequest) -> int:
    """Count what a model reads: instructions, messages, and this run's calls with their outputs."""
    results = [result for step in request.tool_steps for result in step]
    texts = [request.instructions, *(message.text for message in request.messages)]
    texts += [result.arguments for result in results] + [result.output for result in results]
    return sum(map(count_tokens, texts))


def completion_tokens(action: Action) -> int:
    """Count what a model wrote."""
    match action:
        case Reply(text=text) | RunCode(code=text) | Search(query=text):
            return count_tokens(text)
        case CallFunctions(calls=calls):
            return sum(count_tokens(call.name) + count_tokens(call.arguments) for call in calls)
    return 0


def clipped(text: str, tokens: int) -> str:
    """Cut a text to at most this many tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= tokens else (low, middle - 1)
    return text[:low]


def usage(prompt: int, completion: int) -> dict[str, int]:
    """Write token counts as the wire does."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def total_usage(steps: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Add up what the steps of a run used."""
    used = [step["usage"] for step in steps if step["usage"]]
    return usage(sum(one["prompt_tokens"] for one in used), sum(one["completion_tokens"] for one in used))
