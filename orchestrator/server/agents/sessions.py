"""What may be done to a session: opened, told something, given results, cancelled, deleted.

Input is taken in one transaction and answered by the engine's runs; a key (`Idempotency-Key`) is taken once.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from orchestrator.server.agents.bodies import CANCEL, MESSAGE, TOOL_RESULT
from orchestrator.server.agents.objects import as_assistant, changed_session, new_session
from orchestrator.server.agents.stream import SessionFeed, TurnTeller
from orchestrator.server.agents.turns import (
    RESULT,
    SESSION,
    message_item,
    pending_calls,
    result_item,
    run_id,
    session_view,
    turn_of,
)
from orchestrator.server.objects import new_message
from orchestrator.server.runs.engine import Engine
from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import WireError, invalid, missing_object, not_built, now

KEY = "session_key"
"""Kind of documents: idempotency keys that were used, by session."""

_RUN_VALUES: Mapping[str, Any] = {
    "metadata": {},
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}


class Sessions:
    """The sessions of one store, worked on by one engine."""

    def __init__(self, store: Store, active: ActiveRuns, engine: Engine) -> None:
        self._store = store
        self._active = active
        self._engine = engine
        self.feed = SessionFeed()

    def create(self, values: Mapping[str, Any], agent: Body | None) -> tuple[Body, AsyncIterator[bytes] | None]:
        """Open a session with its first input; gives it and, where that was asked for, its stream of events.

        Raises WireError.
        """
        kind = values["environment"]["type"]
        if kind == "self_hosted":
            raise not_built(f"environments of type {kind!r}; use 'none' or 'openai_hosted'")
        if values["vault_ids"]:
            raise missing_object("vault", values["vault_ids"][0])
        messages = _messages(values.get("input"))
        if not messages and (kind == "none" or values["stream"]):
            raise invalid(f"'input' is required when 'environment.type' is '{kind}'.", param="input")
        session = new_session(agent, {key: values[key] for key in values if key != "input"})
        with self._store.transaction():
            self._store.add(SESSION, session)
            stream = self.feed.listen(session["id"]) if values["stream"] else None
            self.feed.publish(session["id"], "agent.session.created", session=self.view(session))
            if messages:
                self._begin_turn(session, messages)
        return self.view(session), stream

    def view(self, session: Mapping[str, Any]) -> Body:
        """Give a session as clients see it."""
        return session_view(self._store, self._active, session)

    def must_fetch(self, session_id: str) -> Body:
        """Read a session as it is stored; raises WireError 404."""
        session = self._store.fetch(SESSION, session_id)
        if session is None:
            raise missing_object("session", session_id)
        return session

    def update(self, session_id: str, values: Mapping[str, Any]) -> Body:
        """Change a session; its model and tools are for the turns to come. Raises WireError."""
        session = self._store.change(SESSION, session_id, lambda session: changed_session(session, values))
        if session is None:
            raise missing_object("session", session_id)
        return self.view(session)

    def delete(self, session_id: str) -> None:
        """Delete a session with everything said in it; raises WireError 404, and 409 while a turn is in progress."""
        with self._store.transaction():
            self.must_fetch(session_id)
            if self._active.fetch(session_id) is not None:
                raise WireError(409, f"Session {session_id} has a turn in progress; cancel it first.")
            for run in self._store.fetch_page("run", session_id).items:
                self._store.remove_all(RESULT, run["id"])
            self._engine.forget_thread(session_id)
            self._store.remove_all(KEY, session_id)
            self._store.remove(SESSION, session_id)
        self.feed.end(session_id)

    def listen(self, session_id: str) -> AsyncIterator[bytes]:
        """Stream a session's events from now on; raises WireError 404."""
        self.must_fetch(session_id)
        run = self._unfinished(session_id)
        if run is not None:
            steps = self._store.fetch_page("step", run["id"]).items
            told = sum(len(step["step_details"].get("tool_calls") or [None]) for step in steps)
            self._engine.feed.follow(run["id"], self._teller(session_id, told))
        return self.feed.listen(session_id)

    def submit(self, session_id: str, events: Sequence[Mapping[str, Any]], key: str | None) -> None:
        """Take input, all of it or nothing; raises WireError."""
        with self._store.transaction():
            session = self.must_fetch(session_id)
            if key is not None:
                if self._store.fetch(KEY, key, session_id) is not None:
                    return
                self._store.add(KEY, {"id": key, "created_at": now()}, session_id)
            for event in events:
                if event["type"] == MESSAGE:
                    self._say(session, event["input"])
                elif event["type"] == TOOL_RESULT:
                    self._take_result(session, event)
                elif event["type"] == CANCEL:
                    self._cancel(session_id)
                else:
                    raise invalid(f"Unknown pending approval request: {event['request_id']}")

    def _unfinished(self, session_id: str) -> Body | None:
        lease = self._active.fetch(session_id)
        return self._store.fetch("run", lease.run_id, session_id) if lease is not None else None

    def _teller(self, session_id: str, told: int = 0) -> TurnTeller:
        return TurnTeller(self.feed, session_id, partial(self._view_if_there, session_id), told)

    def _view_if_there(self, session_id: str) -> Body | None:
        session = self._store.fetch(SESSION, session_id)
        return self.view(session) if session is not None else None

    def _say(self, session: Body, messages: Sequence[Mapping[str, Any]]) -> None:
        """Begin a turn, or steer the one in progress: its next model step reads what is said now.

        One that is being cancelled reads nothing any more: it ends at once.
        """
        run = self._unfinished(session["id"])
        if run is not None and run["status"] == "cancelling":
            self._engine.end(session["id"])
            run = None
        if run is None:
            self._begin_turn(session, messages)
        else:
            self._add(session["id"], run["id"], messages)

    def _begin_turn(self, session: Body, messages: Sequence[Mapping[str, Any]]) -> None:
        id = session["id"]
        run = self._engine.create_run(id, as_assistant(session["agent"], session["environment"]), _RUN_VALUES)
        teller = self._teller(id)
        self._engine.feed.follow(run["id"], teller)
        teller.turn(run, "created")
        teller.session("in_progress")
        self._add(id, run["id"], messages)

    def _add(self, session_id: str, run: str, messages: Sequence[Mapping[str, Any]]) -> None:
        teller = self._teller(session_id)
        for message in messages:
            said = {"role": "user", "content": [_part(part) for part in message["content"]]}
            made = {**new_message(session_id, {**said, "attachments": [], "metadata": {}}), "run_id": run}
            self._store.add("message", made, session_id)
            teller.item(run, message_item(made))

    def _take_result(self, session: Body, event: Mapping[str, Any]) -> None:
        """Keep the result of one call; with the last one the turn goes on."""
        run = self._unfinished(session["id"])
        waiting = {call["call_id"]: call for call in pending_calls(self._store, run)}
        call = waiting.get(event["call_id"])
        if run is None or call is None or call["turn_id"] != event["turn_id"]:
            raise invalid(f"Unknown pending tool call: {event['call_id']}")
        result = {"id": event["call_id"], "created_at": now()}
        result |= {key: event[key] for key in ("success", "output", "error")}
        self._store.add(RESULT, result, run["id"])
        teller = self._teller(session["id"])
        teller.item(run["id"], result_item(run["id"], result))
        if len(waiting) > 1:
            teller.session("requires_action")
            return
        results = self._store.fetch_page(RESULT, run["id"]).items
        asked = [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]
        outputs = [
            {"tool_call_id": each["id"], "output": _output_text(each)} for each in results if each["id"] in asked
        ]
        self._engine.submit(session["id"], run["id"], outputs)
        teller.session("in_progress")

    def _cancel(self, session_id: str) -> None:
        """Stop the turn in progress; without one there is nothing to do."""
        run = self._unfinished(session_id)
        if run is not None and run["status"] != "cancelling":
            self._engine.cancel(session_id, run["id"])


def must_fetch_turn(store: Store, session_id: str, turn: str) -> Body:
    """Read one turn; raises WireError 404."""
    run = store.fetch("run", run_id(turn), session_id)
    if run is None:
        raise missing_object("turn", turn)
    return turn_of(run)


def _messages(given: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(given, str):
        return given or ()
    return [{"role": "user", "content": [{"type": "input_text", "text": given}]}]


def _part(part: Mapping[str, Any]) -> Body:
    if part["type"] == "input_image":
        return {"type": "image_url", "image_url": {"url": part["image_url"], "detail": "auto"}}
    return {"type": "text", "text": part["text"]}


def _output_text(result: Mapping[str, Any]) -> str:
    """Give what the model reads of a result."""
    if not result["success"]:
        return result["error"] or "The function failed."
    output = result["output"]
    if not isinstance(output, list):
        return output or ""
    return "\n".join(part["text"] for part in output if part["type"] == "input_text")
