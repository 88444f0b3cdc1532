"""A model without a model: it answers by rule, so that a conversation can be tested without a key or luck.

A rule applies when its `user` pattern is found in the last user message and its `after` names a tool of this run's
latest tool step; without `after` it applies only before any tool was called. The first rule that applies wins and
says one thing: reply, call, code, search or error. Rules arrive as plain data; templates are rendered by whoever
made them (`render`), since this package knows no template language.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, overload

from orchestrator.errors import OrchError
from orchestrator.server.models.interface import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    Action,
    CallFunctions,
    ErrorCode,
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

Render = Callable[[str, Mapping[str, object]], str]

_ACTIONS = ("reply", "call", "code", "search", "error")
_KEYS = {*_ACTIONS, "user", "after", "cite", "delay_ms"}
_ERRORS = {
    "rate_limit_exceeded": "The ScriptedModel '{name}' says: rate limit exceeded, try again later.",
    "server_error": "The ScriptedModel '{name}' says: the server had an error.",
    "invalid_prompt": "The ScriptedModel '{name}' says: the prompt was refused.",
}


class ScriptError(OrchError):
    """A rule that cannot be used; the text names the model and the rule."""


class RenderError(Exception):
    """A template cannot be rendered; a `render` raises this and nothing else."""


@dataclass(frozen=True, slots=True)
class _Rule:
    position: int
    user: re.Pattern[str] | None
    after: str | None
    action: str
    value: Any
    cite: bool
    delay_ms: int

    def applies(self, user: str, latest: Sequence[ToolResult]) -> bool:
        """Say whether this is the rule for the last user message after these tool results."""
        names = {result.name for result in latest}
        in_turn = self.after in names if self.after is not None else not names
        return in_turn and (self.user is None or self.user.search(user) is not None)


class ScriptedModel:
    """Answers runs that name this model, or any run if the name is `*`.

    `rules` are dicts as written in a spec: `user` (regular expression), `after` (tool name), one of `reply`
    (template), `call` (list of {name, arguments}), `code`, `search`, `error` (a run's error code), and `cite`,
    `delay_ms`. A reply's template sees `user` (the last user message), `outputs` (texts of the latest tool step, one
    a call, stripped), `arguments` (of the same calls, parsed) and `results` (passages of the latest search). With
    `cite` the reply cites the results its template looked at, or all of them if it looked at none.

    Raises ScriptError.
    """

    def __init__(
        self, name: str, rules: Sequence[Mapping[str, Any]], render: Render, shutdown_date: str | None = None
    ) -> None:
        self.name = name
        self.shutdown_date = shutdown_date
        self._rules = tuple(_parse(name, position, rule) for position, rule in enumerate(rules, 1))
        self._render = render

    async def step(self, request: ModelRequest) -> ModelStep:
        """See Model."""
        user = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
        latest = request.tool_steps[-1] if request.tool_steps else ()
        for rule in self._rules:
            if rule.applies(user, latest):
                return ModelStep(self._act(rule, user, request), delay_ms=rule.delay_ms)
        return ModelStep(self._no_rule(user, latest))

    def _act(self, rule: _Rule, user: str, request: ModelRequest) -> Action:
        match rule.action:
            case "call":
                return CallFunctions(
                    tuple(FunctionCall(call["name"], _json(call.get("arguments", {}))) for call in rule.value)
                )
            case "code":
                return RunCode(rule.value)
            case "search":
                return _search(rule.value, request)
            case "error":
                return Failure(cast(ErrorCode, rule.value), _ERRORS[rule.value].format(name=self.name))
        return self._reply(rule, user, request)

    def _reply(self, rule: _Rule, user: str, request: ModelRequest) -> Action:
        latest = request.tool_steps[-1] if request.tool_steps else ()
        results = _Results(_latest_passages(request))
        context = {
            "user": user,
            "outputs": [result.output.strip() for result in latest],
            "arguments": [_arguments(result) for result in latest],
            "results": results,
        }
        try:
            text = self._render(rule.value, context)
        except RenderError as error:
            message = f"ScriptedModel '{self.name}', rule {rule.position}: the reply cannot be rendered: {error}"
            return Failure("server_error", message)
        return Reply(text, citations=results.used() if rule.cite else ())

    def _no_rule(self, user: str, latest: Sequence[ToolResult]) -> Failure:
        after = f" after {', '.join(sorted({result.name for result in latest}))}" if latest else ""
        hint = f"`after: {latest[0].name}`" if latest else "a `user` pattern that it matches, or none"
        return Failure(
            "server_error",
            f"The ScriptedModel '{self.name}' has no rule for the message {_shortened(user)!r}{after}; "
            f"add one to the rules of kind ScriptedModel, name '{self.name}', with {hint}",
        )


def _parse(name: str, position: int, rule: Mapping[str, Any]) -> _Rule:
    where = f"ScriptedModel '{name}', rule {position}"
    unknown = sorted(set(rule) - _KEYS)
    if unknown:
        raise ScriptError(f"{where}: unknown key '{unknown[0]}'", hint=f"known keys: {', '.join(sorted(_KEYS))}")
    given = [action for action in _ACTIONS if rule.get(action) is not None]
    if len(given) != 1:
        raise ScriptError(f"{where}: give exactly one of {', '.join(_ACTIONS)} (given: {', '.join(given) or 'none'})")
    if given[0] == "error" and rule["error"] not in _ERRORS:
        raise ScriptError(f"{where}: unknown error '{rule['error']}'", hint=f"known errors: {', '.join(_ERRORS)}")
    try:
        user = re.compile(rule["user"]) if rule.get("user") is not None else None
    except re.error as error:
        raise ScriptError(f"{where}: `user` is not a regular expression: {error}") from error
    return _Rule(
        position=position,
        user=user,
        after=rule.get("after"),
        action=given[0],
        value=rule[given[0]],
        cite=bool(rule.get("cite", False)),
        delay_ms=int(rule.get("delay_ms", 0)),
    )


class _Results(Sequence[FoundPassage]):
    """Search results that remember which of them a template looked at: those are what the reply cites."""

    def __init__(self, passages: Sequence[FoundPassage]) -> None:
        self._passages = tuple(passages)
        self._seen: set[int] = set()

    def __len__(self) -> int:
        return len(self._passages)

    @overload
    def __getitem__(self, index: int) -> FoundPassage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FoundPassage]: ...
    def __getitem__(self, index: int | slice) -> FoundPassage | Sequence[FoundPassage]:
        self._seen.update(range(len(self))[index] if isinstance(index, slice) else [range(len(self))[index]])
        return self._passages[index]

    def used(self) -> tuple[FoundPassage, ...]:
        """Give what was looked at, all of them if nothing was."""
        return tuple(self._passages[index] for index in sorted(self._seen)) or self._passages


def _search(query: str, request: ModelRequest) -> Action:
    """Search, or call the function of that name where there is one in the tool's place."""
    offered = {(tool["type"], tool.get("function", {}).get("name")) for tool in request.tools}
    if ("function", FILE_SEARCH) in offered and (FILE_SEARCH, None) not in offered:
        return CallFunctions((FunctionCall(FILE_SEARCH, _json({"query": query})),))
    return Search(query)


def _passages_in(result: ToolResult) -> Sequence[FoundPassage]:
    """Give what a search found, also where it is a function that gives its results as JSON."""
    if result.name != FILE_SEARCH or result.passages:
        return result.passages
    try:
        found = json.loads(result.output)["results"]
        return tuple(FoundPassage(p["file_id"], p["file"], float(p["score"]), p["text"]) for p in found)
    except (ValueError, LookupError, TypeError):
        return ()


def _latest_passages(request: ModelRequest) -> Sequence[FoundPassage]:
    """Find the results of this run's latest search that found something."""
    for step in reversed(request.tool_steps):
        found = [passage for result in step for passage in _passages_in(result)]
        if found:
            return found
    return ()


def _arguments(result: ToolResult) -> object:
    """Give what a call was made with: a function's parsed arguments, else the code or the query itself."""
    if result.name in (CODE_INTERPRETER, FILE_SEARCH):
        return result.arguments
    try:
        return json.loads(result.arguments)
    except ValueError:
        return result.arguments


def _json(arguments: object) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
