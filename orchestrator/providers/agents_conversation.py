"""A conversation on the Agents wire: a session without an environment, in the fewest requests the protocol allows.

The first message opens the session and its stream of events in one request. The stream goes on from turn to turn, so
each further message is one request, and so is each result of a function; a stream that broke between two turns costs
one more, since it is opened again before anything is sent. Closing is one. Facts: API facts 1.6.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from orchestrator.errors import TargetError, TargetRejectedError
from orchestrator.model.bridges import HOSTED, Bridges, best, citations_in, get_passage, get_query, to_output
from orchestrator.model.conversation import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    MESSAGE,
    Answer,
    Call,
    CodeRun,
    Evidence,
    Failure,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.providers._client import Client
from orchestrator.providers._events import Event
from orchestrator.providers._listening import Listening
from orchestrator.providers.interface import Hearer
from orchestrator.providers.stores import search_store

SESSIONS = "/agents/sessions"
RACE_WAITS = (0.1, 0.3, 0.6)
"""Seconds before a result is sent again that came before its call was registered, as the SDK waits."""
CANCEL_SECONDS = 10.0
"""How long a turn may take to be cancelled before its session is deleted all the same."""
_QUIET: Mapping[str, Any] = {"include_obfuscation": "false"}
_TURN = "agent.session.turn."
_RESULT = "agent.session.input.tool_result"
_ENDS = {
    f"{_TURN}completed": ReplyStatus.COMPLETED,
    f"{_TURN}failed": ReplyStatus.FAILED,
    f"{_TURN}cancelled": ReplyStatus.CANCELLED,
}
_TOO_LONG = "max_output_tokens"


class _Turn:
    """What is known of the turn in progress."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.ended: Mapping[str, Any] | None = None
        """The turn as its last event tells it."""
        self.status: ReplyStatus | None = None
        self.done: list[tuple[int, Search | CodeRun | str]] = []
        """What was done since it was last told, by its place among the outputs; final messages as their text."""
        self._place = 0
        """The last place that was heard of."""
        self._seen: set[str] = set()
        """Items that are in it already, or were told."""
        self._passages: list[Passage] = []
        """All that was found in this turn, for the reply to be read by."""
        self.trouble: str | None = None
        """What an `error` event said."""

    def hear(self, event: Event) -> None:
        """Take in an event of the turn; those of other turns (a subagent's) change nothing."""
        data = event.data
        if event.name == f"{_TURN}created":
            if self.id is None and (data.get("turn") or {}).get("subagent_id") is None:
                self.id = str(data.get("turn_id"))
        elif event.name in _ENDS:
            if self.id is not None and data.get("turn_id") == self.id:
                self.status, self.ended = _ENDS[event.name], {"usage": data.get("usage")} | _known(data.get("turn"))
        elif event.name == f"{_TURN}item.done":
            item = data.get("item") or {}
            if item.get("turn_id") == self.id and str(item.get("id")) not in self._seen:
                self._seen.add(str(item.get("id")))
                place = self._place = int(data.get("output_index") or 0)
                self.done += [(place, _text(item))] if _is_answer(item) else []
                self.done += [(place, get_code(item))] if item.get("type") == "command_execution" else []
        elif event.name == "error":
            self.trouble = str((data.get("error") or {}).get("message") or "it gave no reason")

    def found(self, passages: tuple[Passage, ...]) -> None:
        """Take in what a search found."""
        self._passages += passages
        self.done.append((self._place, Search(passages)))

    def take(self) -> tuple[tuple[Message, ...], Evidence]:
        """Give what was not told yet, in order."""
        done = [each for _, each in sorted(self.done, key=lambda entry: entry[0])]
        self.done = []
        texts = [each for each in done if isinstance(each, str)]
        messages = tuple(Message(text, citations_in(text, self._passages)) for text in texts)
        searches = tuple(each for each in done if isinstance(each, Search))
        code_runs = tuple(each for each in done if isinstance(each, CodeRun))
        return messages, Evidence(searches, code_runs, tuple(map(_step, done)))


async def _none() -> Bridges:
    return Bridges()


class AgentsConversation:
    """A session with one agent; opened on the target with the first message."""

    def __init__(
        self,
        client: Client,
        agent_id: str,
        model: str | None = None,
        get_bridges: Callable[[], Awaitable[Bridges]] = _none,
        hearer: Hearer | None = None,
    ) -> None:
        """`model` answers in this session alone; `get_bridges` is asked once, before the session opens."""
        self._client = client
        self._get_bridges = get_bridges
        self._hearer = hearer
        self._bridges = Bridges()
        self._model = model
        self._agent_id = agent_id
        self._session: str | None = None
        self._listening: Listening | None = None
        self._turn = _Turn()
        self._busy = False
        self._spent: float | None = None
        """What the session has cost so far, in cents, as it was last told (API facts 1.6)."""
        self._told = 0.0
        """How much of it stands in replies."""
        self._asked = 0
        """Requests since the last reply."""
        self._pending: dict[str, str] = {}
        """Turns by the calls that wait for a result."""
        self._answered: set[str] = set()

    async def send(self, message: str) -> Reply:
        """Say something and read the reply; raises `TargetRejectedError` while the turn before is not done."""
        if self._busy:
            raise TargetRejectedError("the turn before is not done", "answer its calls before the next message")
        self._turn, self._busy = _Turn(), True
        if self._session is None:
            self._bridges = await self._get_bridges()
            environment = dict(HOSTED) if self._bridges.code else {"type": "none"}
            first = {"agent_id": self._agent_id, "environment": environment, "input": message}
            body = {**first, "stream_options": {"include_obfuscation": False}}
            body |= {"agent": {"model": self._model}} if self._model is not None else {}
            self._asked += 1
            self._listening = Listening(await self._client.listen("POST", SESSIONS, body))
            return await self._read()
        if self._listening is None or not self._listening.alive:
            await self._listen_again()
        content = [{"type": "input_text", "text": message}]
        await self._submit({"type": "agent.session.input.message", "input": [{"role": "user", "content": content}]})
        return await self._read()

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the results of all calls that wait, each in a request of its own, and read on."""
        if not self._pending or sorted(answer.call_id for answer in answers) != sorted(self._pending):
            wanted = ", ".join(sorted(self._pending)) or "no call"
            raise TargetRejectedError(f"results are wanted for {wanted}", "answer all calls of the reply, each once")
        for answer in answers:
            result = {
                "type": _RESULT,
                "turn_id": self._pending[answer.call_id],
                "call_id": answer.call_id,
                "success": True,
                "output": answer.output,
            }
            await self._submit_result(result)
            self._answered.add(answer.call_id)
        self._pending = {}
        return await self._read()

    async def close(self) -> None:
        """Delete the session; a turn that is not done is cancelled first."""
        listening, self._listening = self._listening, None
        session, self._session = self._session, None
        try:
            if session is not None:
                if self._busy:
                    await self._cancel(session, listening)
                await self._client.delete(f"{SESSIONS}/{session}")
        finally:
            if listening is not None:
                await listening.close()

    async def _cancel(self, session: str, listening: Listening | None) -> None:
        body = {"events": [{"type": "agent.session.input.cancel"}]}
        await self._client.post(f"{SESSIONS}/{session}/events", body, once=False, key=uuid4().hex)
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                while listening is not None and not _is_over(await listening.next(), self._turn):
                    pass
        except (TimeoutError, TargetError):
            return  # the delete tells whether it is still running

    async def _listen_again(self) -> None:
        if self._listening is not None:
            await self._listening.close()
        path = f"{SESSIONS}/{self._session}/events"
        self._asked += 1
        self._listening = Listening(await self._client.listen("GET", path, query=_QUIET))

    async def _submit(self, event: Mapping[str, Any], key: str | None = None) -> None:
        path = f"{SESSIONS}/{self._session}/events"
        self._asked += 1
        await self._client.post(path, {"events": [event]}, once=False, key=key or uuid4().hex)

    async def _submit_result(self, result: Mapping[str, Any]) -> None:
        """Send a result, again where the server has not registered the call it just told of."""
        key = uuid4().hex
        unknown = f"Unknown pending tool call: {result['call_id']}"
        for wait in RACE_WAITS:
            try:
                await self._submit(result, key)
            except TargetRejectedError as error:
                if not error.message.startswith(unknown):
                    raise
                await self._client.pause(wait)
            else:
                return
        await self._submit(result, key)

    async def _read(self) -> Reply:
        reply = await self._reply()
        asked, self._asked = self._asked, 0
        spent = None if self._spent is None else (self._spent - self._told) / 100
        self._told = self._spent or 0.0
        return replace(reply, requests=asked, spent_usd=spent)

    async def _reply(self) -> Reply:
        """Read until the turn is done or waits."""
        while True:
            event = await self._next()
            session = event.data.get("session") or {}
            self._session = str(session.get("id") or event.data.get("session_id") or self._session)
            consumed = (session.get("spend_control") or {}).get("consumed")
            self._spent = float(consumed) if isinstance(consumed, int | float) else self._spent
            self._turn.hear(event)
            if self._hearer is not None:
                self._tell(self._hearer, event)
            if event.name == "agent.session.requires_action":
                actions = await self._search_for(session.get("required_actions") or ())
                reply = self._required(actions)
                if reply is not None:
                    return reply
            elif _is_over(event, self._turn):
                self._busy = False
                return self._finished(event.name, session)

    async def _search_for(self, actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Answer the searches among what the agent waits for; gives the rest."""
        search = self._bridges.search
        rest = [action for action in actions if search is None or not _is_search(action)]
        for action in actions:
            if search is None or not _is_search(action) or str(action.get("call_id")) in self._answered:
                continue
            query, call = get_query(action.get("arguments")), str(action.get("call_id"))
            self._answered.add(call)
            result = {"type": _RESULT, "turn_id": action.get("turn_id"), "call_id": call}
            if query is None:
                await self._submit_result({**result, "success": False, "error": "give the query as text: {query}"})
                continue
            self._asked += len(search.stores)
            found = [await search_store(self._client, store, search.to_request(query)) for store in search.stores]
            passages = best((get_passage(item) for items in found for item in items), search.max_num_results)
            self._turn.found(passages)
            if self._hearer is not None:
                self._hearer.searched(Search(passages))
            await self._submit_result({**result, "success": True, "output": to_output(passages)})
        return rest

    def _tell(self, hearer: Hearer, event: Event) -> None:
        item = event.data.get("item") or {}
        if event.data.get("turn_id") != self._turn.id:
            return  # a subagent's
        if event.name == f"{_TURN}output_text.delta":
            hearer.wrote(str(event.data.get("delta") or ""))
        elif event.name == f"{_TURN}item.done" and item.get("type") == "command_execution":
            hearer.ran(get_code(item))

    async def _next(self) -> Event:
        if self._listening is None:
            raise TargetRejectedError("the conversation is closed", "open another")
        return await self._listening.next()

    def _required(self, actions: Sequence[Mapping[str, Any]]) -> Reply | None:
        """Give the calls that are new, or a failure that names what else is asked for; None for what is known."""
        others = [action for action in actions if action.get("type") != "function_call"]
        if others:
            messages, evidence = self._turn.take()
            return Reply(
                ReplyStatus.FAILED,
                messages,
                evidence=evidence,
                failure=Failure("requires_action", f"the agent waits for {_named(others[0])}, which orch cannot give"),
            )
        fresh = [action for action in actions if str(action.get("call_id")) not in self._answered]
        if not fresh:
            return None
        self._pending = {str(action.get("call_id")): str(action.get("turn_id")) for action in fresh}
        messages, evidence = self._turn.take()
        return Reply(ReplyStatus.NEEDS_ANSWERS, messages, tuple(map(get_call, fresh)), evidence)

    def _finished(self, name: str, session: Mapping[str, Any]) -> Reply:
        turn = self._turn
        messages, evidence = turn.take()
        status = turn.status or ReplyStatus.FAILED
        ended = turn.ended or {}
        failure = None
        if status is not ReplyStatus.COMPLETED:
            failure = _failure(ended, name, session, turn.trouble)
            if failure.code == _TOO_LONG:
                status = ReplyStatus.INCOMPLETE
        return Reply(status, messages, (), evidence, get_usage(ended), failure)


def _is_over(event: Event, turn: _Turn) -> bool:
    """Tell whether a session will do nothing more by itself: its turn ended and it is idle, or it failed."""
    if event.name == "agent.session.failed":
        return True
    if event.name == "agent.session.budget_reached":
        return turn.id is None or turn.status is not None
    return event.name == "agent.session.idle" and turn.status is not None


def _step(done: Search | CodeRun | str) -> str:
    return MESSAGE if isinstance(done, str) else FILE_SEARCH if isinstance(done, Search) else CODE_INTERPRETER


def _is_search(action: Mapping[str, Any]) -> bool:
    return action.get("type") == "function_call" and action.get("name") == FILE_SEARCH


def get_code(item: Mapping[str, Any]) -> CodeRun:
    """Give what a command ran, and what it printed."""
    return CodeRun(str(item.get("command") or ""), str(item.get("output") or ""))


def _is_answer(item: Mapping[str, Any]) -> bool:
    return (
        item.get("type") == "message"
        and item.get("role") == "assistant"
        and item.get("status") == "completed"
        and item.get("phase") != "commentary"
    )


def _text(item: Mapping[str, Any]) -> str:
    return "".join(str(part.get("text") or "") for part in item.get("content") or () if "text" in part)


def _known(value: object) -> dict[str, Any]:
    """Give what a mapping says, nulls left out."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, Mapping) else {}


def _named(action: Mapping[str, Any]) -> str:
    """Say what a required action is about."""
    request = action.get("request") or {}
    parts = [request.get(key) for key in ("server_label", "name", "origin", "credential_origin")]
    about = " ".join(str(part) for part in [*parts, action.get("environment_id")] if part)
    return f"{action.get('type')}{f' ({about})' if about else ''}"


def _failure(ended: Mapping[str, Any], name: str, session: Mapping[str, Any], trouble: str | None) -> Failure:
    """Say why a turn did not complete."""
    error = ended.get("error") or {}
    if error:
        return Failure(str(error.get("code")), str(error.get("message")))
    if name == "agent.session.budget_reached":
        return Failure("session_budget_exceeded", "the session's spending limit is reached")
    if ended.get("status") == "cancelled":
        return Failure("cancelled", "the turn was cancelled")
    return Failure("failed", str(session.get("error") or trouble or "the session failed and gave no reason"))


def get_call(action: Mapping[str, Any]) -> Call:
    """Give a pending call; arguments that are no JSON object are kept as they were written."""
    name, id, written = str(action.get("name")), str(action.get("call_id")), action.get("arguments")
    text = written if isinstance(written, str) else json.dumps(written or {})
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        arguments = None
    return Call(id, name, arguments) if isinstance(arguments, dict) else Call(id, name, {}, text)


def get_usage(turn: Mapping[str, Any]) -> Usage:
    """Give the tokens of a turn; none where the target does not know."""
    usage = turn.get("usage") or {}
    return Usage(int(usage.get("input_tokens") or 0), int(usage.get("output_tokens") or 0))
