"""A conversation on the Agents wire: a session with one agent, in the fewest requests the protocol allows.

The first message opens the session and its stream of events in one request. The stream goes on from turn to turn, so
each further message is one request, and so is each result of a function; a stream that broke between two turns costs
one more, since it is opened again before anything is sent. Closing is one, and two where a turn is not done.

What is known by events alone is asked for where they are lost: a session whose creation got no reply is found by a pair
of its metadata, a message whose stream ended before its turn was heard of is read from the lists. Facts: API facts 1.6.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from orchestrator.errors import TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.model.bridges import HOSTED, Bridges, best, get_passage, get_query, to_output
from orchestrator.model.conversation import FILE_SEARCH, Answer, Call, Reply, ReplyStatus, Search
from orchestrator.providers import agents_turn
from orchestrator.providers._client import Client
from orchestrator.providers._events import Event
from orchestrator.providers._listening import Listening
from orchestrator.providers._replies import get_call, must_answer_each, must_be_done
from orchestrator.providers._retry import growing
from orchestrator.providers._shapes import mapping, mappings
from orchestrator.providers.agents_turn import Turn
from orchestrator.providers.interface import Hearer
from orchestrator.providers.stores import search_store

SESSIONS = "/agents/sessions"
MARK = "orch.conversation"
"""The pair of a session's metadata by which it is found where its id was never heard."""
RACE_WAITS = (0.1, 0.3, 0.6)
"""Seconds before a result is sent again that came before its call was registered, as the SDK waits."""
CANCEL_SECONDS = 5.0
"""How long a turn may take to be cancelled before its session is deleted all the same; a close is given ten."""
FIND_WAITS = (0.0, 1.0, 2.0)
"""Seconds before a lost session is looked for: what is new takes a moment to be listed (API facts 1.1)."""
_FIRST_LOOK, _LONGEST_LOOK = 0.1, 1.0
_WORKING = ("in_progress", "requires_action")
_QUIET: Mapping[str, Any] = {"include_obfuscation": "false"}
_INPUT = "agent.session.input."


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
        self._mark: str | None = None
        """The session's, from when it may exist."""
        self._listening: Listening | None = None
        self._ahead: deque[Event] = deque()
        """Events to read before those that are still to come."""
        self._turn = Turn()
        self._turns: set[str] = set()
        """Ids of the turns before."""
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
        must_be_done(not self._busy)
        self._turns |= {self._turn.id} if self._turn.id is not None else set()
        self._turn, self._busy = Turn(), True
        if self._session is None:
            await self._open(message)
            return await self._read()
        if self._listening is None or not self._listening.alive:
            await self._listen_again()
        content = [{"type": "input_text", "text": message}]
        await self._submit({"type": f"{_INPUT}message", "input": [{"role": "user", "content": content}]})
        return await self._read()

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the results of all calls that wait, each in a request of its own, and read on."""
        must_answer_each(self._pending, answers)
        pending, self._pending = self._pending, {}
        self._answered.update(pending)
        for answer in answers:
            failed = answer.error is not None
            said = {"success": False, "error": answer.error} if failed else {"success": True, "output": answer.output}
            call = {"turn_id": pending[answer.call_id], "call_id": answer.call_id}
            if not await self._submit_result({**call, **said}):
                break
        return await self._read()

    async def close(self) -> int:
        """Delete the session; a turn that is not done is cancelled first. Gives how many requests it took."""
        listening, self._listening = self._listening, None
        session, self._session = self._session, None
        mark, self._mark = self._mark, None
        self._asked = 0
        try:
            if session is None and mark is not None:
                session = await self._find(mark)
            if session is not None:
                if self._busy:
                    await self._cancel(session, listening)
                self._asked += 1
                await self._client.delete(f"{SESSIONS}/{session}")
        finally:
            if listening is not None:
                await listening.close()
        return self._asked

    async def _open(self, message: str) -> None:
        """Open the session and its stream with the first message."""
        self._bridges = await self._get_bridges()
        self._mark = uuid4().hex
        body: dict[str, Any] = {
            "agent_id": self._agent_id,
            "environment": dict(HOSTED) if self._bridges.code else {"type": "none"},
            "input": message,
            "metadata": {MARK: self._mark},
            "stream_options": {"include_obfuscation": False},
        }
        body |= {"agent": {"model": self._model}} if self._model is not None else {}
        self._asked += 1
        try:
            self._listening = Listening(await self._client.listen("POST", SESSIONS, body, wanted=self._is_wanted))
        except TargetUnknownError:
            raise  # it may be there: the close looks for it
        except TargetError:
            self._mark = None
            raise

    async def _find(self, mark: str) -> str | None:
        """Give the session that has this mark."""
        for wait in FIND_WAITS:
            await self._client.pause(wait)
            self._asked += 1
            for item in await self._client.list_all(SESSIONS, {f"metadata[{MARK}]": mark}):
                if mapping(item.get("metadata")).get(MARK) == mark:  # a server may know no such filter
                    return str(item["id"])
        return None

    async def _cancel(self, session: str, listening: Listening | None) -> None:
        """Cancel the turn and wait until its session rests; where that fails, the delete tells."""
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                self._asked += 1
                body = {"events": [{"type": f"{_INPUT}cancel"}]}
                await self._client.post(f"{SESSIONS}/{session}/events", body, once=False, key=uuid4().hex)
                if listening is None or not await self._hears_the_end(listening):
                    await self._see_the_end(session)
        except (TimeoutError, TargetError):
            return

    async def _hears_the_end(self, listening: Listening) -> bool:
        """Read on until the session rests; tells whether that was heard of the turn."""
        try:
            while True:
                event = await listening.next()
                self._turn.hear(event)
                if event.name in agents_turn.RESTS:
                    return self._turn.id is not None
        except TargetError:
            return False

    async def _see_the_end(self, session: str) -> None:
        """Ask until the session rests."""
        for wait in growing(_FIRST_LOOK, _LONGEST_LOOK):
            self._asked += 1
            if (await self._client.get(f"{SESSIONS}/{session}")).get("status") not in _WORKING:
                return
            await self._client.pause(wait)

    async def _listen_again(self) -> None:
        if self._listening is not None:
            await self._listening.close()
        path = f"{SESSIONS}/{self._session}/events"
        self._asked += 1
        self._listening = Listening(await self._client.listen("GET", path, None, _QUIET, self._is_wanted))

    def _is_wanted(self, name: str) -> bool:
        """Tell whether an event is read: pieces of a text are where somebody hears them, else it comes whole."""
        return name in agents_turn.READ or (self._hearer is not None and name == agents_turn.DELTA)

    async def _submit(self, event: Mapping[str, Any], key: str | None = None) -> None:
        path = f"{SESSIONS}/{self._session}/events"
        self._asked += 1
        await self._client.post(path, {"events": [event]}, once=False, key=key or uuid4().hex)

    async def _submit_result(self, said: Mapping[str, Any]) -> bool:
        """Send a result, again where the server has not registered the call it just told of.

        Tells whether it was taken: it is not where the turn has ended meanwhile, which is what is read next.
        """
        result, key = {"type": f"{_INPUT}tool_result", **said}, uuid4().hex
        unknown = f"Unknown pending tool call: {result['call_id']}"
        for wait in (*RACE_WAITS, None):
            try:
                await self._submit(result, key)
            except TargetRejectedError as error:
                if self._has_ended():
                    return False
                if wait is None or not error.message.startswith(unknown):
                    raise
                await self._client.pause(wait)
            else:
                return True
        raise AssertionError("the last attempt returns or raises")

    def _has_ended(self) -> bool:
        """Tell whether the turn's end is among what was heard and not read."""
        while self._listening is not None and (event := self._listening.heard()) is not None:
            self._ahead.append(event)
        return any(map(self._turn.ends_with, self._ahead))

    async def _read(self) -> Reply:
        """Read until the turn is done or waits."""
        caught_up = False
        while True:
            try:
                event = await self._next()
            except TargetUnknownError:
                if caught_up or self._turn.id is not None or self._session is None:
                    raise
                caught_up = True
                await self._catch_up()
                continue
            reply = await self._take(event)
            if reply is not None:
                break
        asked, self._asked = self._asked, 0
        spent = None if self._spent is None else (self._spent - self._told) / 100
        self._told = self._spent or 0.0
        return replace(reply, requests=asked, spent_usd=spent)

    async def _next(self) -> Event:
        if self._ahead:
            return self._ahead.popleft()
        if self._listening is None:
            raise TargetRejectedError("the conversation is closed", "open another")
        return await self._listening.next()

    async def _catch_up(self) -> None:
        """Listen again, and read what was not heard of a turn that nothing was heard of."""
        await self._listen_again()
        path = f"{SESSIONS}/{self._session}"
        self._asked += 3
        turns = mappings((await self._client.get(f"{path}/turns", {"order": "desc"})).get("data"))
        outputs = await self._client.list_all(f"{path}/items")
        session = await self._client.get(path)
        self._ahead.extend(agents_turn.told_again(turns, outputs, session, self._turns))

    async def _take(self, event: Event) -> Reply | None:
        """Take in an event; gives the reply that it completes."""
        session: Mapping[str, Any] = {}
        if event.name in agents_turn.SESSION_EVENTS:
            session = mapping(event.data.get("session"))
            if self._session is None and (id := session.get("id") or event.data.get("session_id")) is not None:
                self._session = str(id)
            consumed = mapping(session.get("spend_control")).get("consumed")
            self._spent = float(consumed) if isinstance(consumed, int | float) else self._spent
        self._turn.hear(event)
        if self._hearer is not None and self._turn.is_of(event):
            _tell(self._hearer, event)
        if event.name == agents_turn.REQUIRES:
            return self._required(await self._search_for(agents_turn.required_actions(session)))
        return self._finished(event, session) if self._turn.is_over(event) else None

    async def _search_for(self, actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Answer the searches among what the agent waits for; gives the rest."""
        search = self._bridges.search
        rest = [action for action in actions if search is None or not _is_search(action)]
        for action in actions:
            if search is None or not _is_search(action) or str(action.get("call_id")) in self._answered:
                continue
            query, call = get_query(action.get("arguments")), str(action.get("call_id"))
            self._answered.add(call)
            result = {"turn_id": action.get("turn_id"), "call_id": call}
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

    def _required(self, actions: Sequence[Mapping[str, Any]]) -> Reply | None:
        """Give the calls that are new, or a failure that names what else is asked for; None for what is known."""
        others = [action for action in actions if action.get("type") != "function_call"]
        if others:
            return self._turn.fails(f"the agent waits for {agents_turn.named(others[0])}, which orch cannot give")
        fresh = self._fresh(actions)
        if not fresh:
            return None
        self._pending = {str(action.get("call_id")): str(action.get("turn_id")) for action in fresh}
        messages, evidence = self._turn.take()
        return Reply(ReplyStatus.NEEDS_ANSWERS, messages, tuple(map(_call, fresh)), evidence)

    def _finished(self, event: Event, session: Mapping[str, Any]) -> Reply:
        waiting = self._fresh(agents_turn.required_actions(session))
        if waiting and self._turn.status is ReplyStatus.COMPLETED:
            what = agents_turn.named(waiting[0])
            return self._turn.fails(f"the agent ended its turn and still waits for {what}, which came too late")
        self._busy = False
        return self._turn.finished(event)

    def _fresh(self, actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [action for action in actions if str(action.get("call_id")) not in self._answered]


def _tell(hearer: Hearer, event: Event) -> None:
    """Tell what is written and run while it happens."""
    item = mapping(event.data.get("item"))
    if event.name == agents_turn.DELTA:
        hearer.wrote(str(event.data.get("delta") or ""))
    elif event.name == agents_turn.ITEM and item.get("type") == "command_execution":
        hearer.ran(agents_turn.get_code(item))


def _is_search(action: Mapping[str, Any]) -> bool:
    return action.get("type") == "function_call" and action.get("name") == FILE_SEARCH


def _call(action: Mapping[str, Any]) -> Call:
    return get_call(action.get("call_id"), action.get("name"), action.get("arguments"))
