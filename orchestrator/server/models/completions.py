"""A model's step as a request of the Chat Completions API, and the reply as a step. Pure.

The server's own tools are offered as functions of their names. The engine does one of them at a time and functions
together, so of an answer that asks for more one call is taken, and the model, asked again, sees what has been done:
of the server's own tools the first that was not done yet, before any function.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.server.models.interface import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    Action,
    CallFunctions,
    Failure,
    FoundPassage,
    FunctionCall,
    ModelRequest,
    ModelStep,
    Reply,
    RunCode,
    Search,
    ToolResult,
)

Json = dict[str, Any]

_HOSTED: Mapping[str, tuple[str, str, str]] = {
    FILE_SEARCH: (
        "query",
        "Searches the documents that were given to you. Gives numbered passages.",
        "What to look for, in the words that a document would use",
    ),
    CODE_INTERPRETER: (
        "code",
        "Runs Python in a Jupyter notebook that keeps its variables; gives what it prints and the value of its last "
        "line. Files that were given to you lie in /mnt/data. Write files there too, and link to one in your answer as "
        "sandbox:/mnt/data/NAME.",
        "Python source code",
    ),
}
"""The one argument of each of the server's own tools; what the model is told of the tool, and of the argument."""
_CITE = "Name the passages that your answer rests on by their marks, for example 【1】."
_MARK = re.compile(r"[ \t]?【([^【】\n]+)】")
_NO_LIMIT = 1.0  # of temperature and top_p, where nothing was written


def to_body(request: ModelRequest, token_limit: str) -> Json:
    """Write a request; `token_limit` is the endpoint's name for the most tokens of an answer.

    A choice of tools holds until the first of the run was called: a model that must call one could never answer.
    """
    body: Json = {"model": request.model, "messages": [*_messages(request)]}
    tools = [*_tools(request.tools)]
    if tools:
        body["tools"] = tools
        if request.tool_choice not in ("auto", "none") and not request.tool_steps:
            body["tool_choice"] = _choice(request.tool_choice)
        if not request.parallel_tool_calls:
            body["parallel_tool_calls"] = False
    if _is_json(request):
        body["response_format"] = request.response_format
    for name, value in (("temperature", request.temperature), ("top_p", request.top_p)):
        if value is not None and value != _NO_LIMIT:
            body[name] = value
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    if request.max_completion_tokens is not None:
        body[token_limit] = request.max_completion_tokens
    return body


def clash(request: ModelRequest) -> str | None:
    """Name a function that has the name of one of the server's own tools, where the run has both."""
    names = {tool["function"]["name"] for tool in request.tools if tool["type"] == "function"}
    return next((tool["type"] for tool in request.tools if tool["type"] in names & set(_HOSTED)), None)


def _messages(request: ModelRequest) -> Iterator[Json]:
    if request.instructions:
        yield {"role": "system", "content": request.instructions}
    for message in request.messages:
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
        text = [{"type": "text", "text": message.text}] if message.text else []
        yield {"role": message.role, "content": [*text, *pictures] if pictures else message.text}
    number = 1
    for step in request.tool_steps:
        yield {"role": "assistant", "content": None, "tool_calls": [_made(result) for result in step]}
        for result in step:
            yield {"role": "tool", "tool_call_id": result.call_id, "content": _told(result, number)}
            number += len(result.passages)


def _made(result: ToolResult) -> Json:
    arguments = result.arguments
    if result.hosted:
        arguments = json.dumps({_HOSTED[result.name][0]: arguments}, ensure_ascii=False)
    return {"id": result.call_id, "type": "function", "function": {"name": result.name, "arguments": arguments}}


def _told(result: ToolResult, number: int) -> str:
    if not result.hosted:
        return result.output
    if result.name == CODE_INTERPRETER:
        return result.output or "(no output)"
    if not result.passages:
        return "Nothing was found."
    shown = [f"【{number + at}】 {found.filename}\n{found.text}" for at, found in enumerate(result.passages)]
    return "\n\n".join([_CITE, *shown])


def _tools(tools: Sequence[Mapping[str, Any]]) -> Iterator[Json]:
    for tool in tools:
        if tool["type"] == "function":
            given = tool["function"]
            function = {"name": given["name"], "parameters": given.get("parameters") or _parameters({})}
            if given.get("description"):
                function["description"] = given["description"]
            if given.get("strict"):
                function["strict"] = True
            yield {"type": "function", "function": function}
        elif tool["type"] in _HOSTED:
            argument, description, meaning = _HOSTED[tool["type"]]
            parameters = _parameters({argument: {"type": "string", "description": meaning}})
            function = {"name": tool["type"], "description": description, "parameters": parameters}
            yield {"type": "function", "function": function}


def _parameters(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _choice(choice: Any) -> Any:
    """Give a choice of tools as it is there, where the server's own tools are functions."""
    if isinstance(choice, Mapping) and choice["type"] in _HOSTED:
        return {"type": "function", "function": {"name": choice["type"]}}
    return choice


def _is_json(request: ModelRequest) -> bool:
    asked = request.response_format
    return isinstance(asked, Mapping) and asked.get("type") in ("json_object", "json_schema")


def read_step(request: ModelRequest, reply: Mapping[str, Any]) -> ModelStep:
    """Read the reply to a request; one that makes no sense is a `Failure`."""
    usage = reply.get("usage")
    counts = usage if isinstance(usage, Mapping) else {}
    return ModelStep(
        _action(request, reply),
        prompt_tokens=_count(counts.get("prompt_tokens")),
        completion_tokens=_count(counts.get("completion_tokens")),
    )


def _action(request: ModelRequest, reply: Mapping[str, Any]) -> Action:
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        return Failure("server_error", "its reply holds no answer; is it an API for Chat Completions?")
    calls, finish = message.get("tool_calls") or [], choice.get("finish_reason")
    if finish == "content_filter":
        return Failure("invalid_prompt", "its content filter stopped the answer; change what is asked, or the filter")
    text = _text(message)
    if calls and finish != "length":
        return _calls(request, calls)
    cited: tuple[FoundPassage, ...] = ()
    if not _is_json(request):  # marks at its end would break it
        text, cited = _cited(text, _passages(request))
    return Reply(text, cited, cut_off=finish == "length")


def _text(message: Mapping[str, Any]) -> str:
    """Give the text of an answer, or of a refusal to answer; some endpoints give it in parts."""
    content = message.get("content") or message.get("refusal") or ""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, Mapping))


def _calls(request: ModelRequest, calls: Any) -> Action:
    functions: list[FunctionCall] = []
    hosted: list[RunCode | Search] = []
    for call in calls if isinstance(calls, list) else [calls]:
        read = _call(request, call)
        if isinstance(read, Failure):
            return read
        if isinstance(read, FunctionCall):
            functions.append(read)
        else:
            hosted.append(read)
    if hosted:
        done = {(result.name, result.arguments) for step in request.tool_steps for result in step if result.hosted}
        return next((call for call in hosted if _as_done(call) not in done), hosted[0])
    return CallFunctions(tuple(functions if request.parallel_tool_calls else functions[:1]))


def _call(request: ModelRequest, call: Any) -> FunctionCall | RunCode | Search | Failure:
    function = call.get("function") if isinstance(call, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str):
        return Failure("server_error", f"it calls a tool without a name: {_shortened(call)}")
    written = function.get("arguments") or "{}"
    try:
        arguments = json.loads(written) if isinstance(written, str) else written
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        return _misused(name, "that are no JSON object", written)
    if name not in {tool["type"] for tool in request.tools} & set(_HOSTED):
        text = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
        return FunctionCall(name, text)
    value = arguments.get(_HOSTED[name][0])
    if not isinstance(value, str):
        return _misused(name, f"without the text `{_HOSTED[name][0]}`", written)
    return Search(value) if name == FILE_SEARCH else RunCode(value)


def _misused(name: str, how: str, written: object) -> Failure:
    advice = "run again, or take a model that is better at calling tools"
    return Failure("server_error", f"it calls {name} with arguments {how}: {_shortened(written)}; {advice}")


def _as_done(call: RunCode | Search) -> tuple[str, str]:
    return (FILE_SEARCH, call.query) if isinstance(call, Search) else (CODE_INTERPRETER, call.code)


def _passages(request: ModelRequest) -> list[FoundPassage]:
    return [found for step in request.tool_steps for result in step for found in result.passages]


def _cited(text: str, passages: Sequence[FoundPassage]) -> tuple[str, tuple[FoundPassage, ...]]:
    """Take the marks out of a text and give what they stand for; a mark that stands for nothing stays."""
    cited: dict[FoundPassage, None] = {}

    def take(mark: re.Match[str]) -> str:
        meant = [_meant(part.strip(), passages) for part in mark[1].split(",")]
        found = [passage for passage in meant if passage is not None]
        if len(found) < len(meant):
            return mark[0]
        cited.update(dict.fromkeys(found))
        return ""

    return _MARK.sub(take, text) if passages else text, tuple(cited)


def _meant(mark: str, passages: Sequence[FoundPassage]) -> FoundPassage | None:
    """Find the passage of a mark: `1`, `1†refunds.md`, `4:0†refunds.md` as in earlier replies, or `refunds.md`."""
    number, _, name = mark.partition("†")
    if number.isdecimal() and 1 <= int(number) <= len(passages):
        return passages[int(number) - 1]
    return next((passage for passage in passages if passage.filename == (name or mark)), None)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _shortened(value: object, most: int = 200) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else text[: most - 1] + "…"
