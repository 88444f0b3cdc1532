"""What may be done to responses: asked for, gone on from, read, cancelled, deleted.

To the engine a conversation is a thread with the conversation's id, and a response without one has a thread of its own.
A run that waits for outputs of functions is, on this wire, a response that is completed, and the next response goes on
with the same run: so models see what they see on the Assistants wire. A response therefore is a part of a run: its
steps from `_from` up to `_to`, which is open until another response comes after it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.server.models.interface import Model, find_model, how_to_add
from orchestrator.server.objects import new_message, new_step
from orchestrator.server.responses.calls import check_answered, check_distinct, told_steps
from orchestrator.server.responses.items import FileName, as_message, given_item, output_items
from orchestrator.server.responses.requests import as_assistant, as_run_values, new_response
from orchestrator.server.responses.stream import Stream, Streams
from orchestrator.server.responses.tools import check_choice, check_named
from orchestrator.server.runs.engine import Engine
from orchestrator.server.runs.forking import fork
from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.runs.prompt import total_usage
from orchestrator.server.runs.transitions import close_step
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import WireError, invalid, new_id, now

RESPONSE, INPUT, LATEST = "response", "response_input", "response_latest"
"""Kinds of documents: responses, what each was given, and the latest of each thread."""
CONVERSATION = "conversation"
"""Kind of documents: conversations, whose items are kept by `Conversations`."""
WAITING_SECONDS = 30 * 86_400
"""How long a function's output may take: responses are kept that long (API facts 3.2)."""

_GONE: Mapping[str, Any] = {"status": "cancelled", "completed_at": None}
_STATUSES = {"requires_action": "completed", "cancelling": "in_progress", "expired": "failed"}


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation that a response is made in."""

    id: str
    put: Sequence[Mapping[str, Any]]
    """Items that were put into it since its last response."""
    ids: Callable[[], Collection[str]]
    """Gives the ids of all its items, of those that were taken out too."""


class Responses:
    """The responses of one store, worked on by one engine."""

    def __init__(self, store: Store, active: ActiveRuns, engine: Engine, models: Sequence[Model]) -> None:
        self._store = store
        self._active = active
        self._engine = engine
        self._models = models
        self._streams = Streams(engine)

    def create(self, values: Mapping[str, Any], talk: Talk | None) -> tuple[Body, Stream]:
        """Begin a response, in a conversation that is there; gives it as stored, and what will happen to it.

        Raises WireError.
        """
        self._check_model(values["model"])
        check_choice(values["tool_choice"], values["tools"])
        check_named(values["tools"], lambda kind, id: self._store.fetch(kind, id) is not None)
        given = values["input"]
        given = [{"type": "message", "role": "user", "content": given}] if isinstance(given, str) else given
        conversation = None if talk is None else talk.id
        with self._store.transaction():
            before = self._before(values["previous_response_id"], conversation)
            check_distinct(given, talk.ids if talk is not None else lambda: self._ids(before))
            items = [given_item(item) for item in given]
            thread = self._thread(before, conversation)
            response = new_response(values, conversation)
            said = self._store.count("message", thread)
            run, begins = self._go_on(thread, values, talk.put if talk is not None else (), items)
            if before is not None and before["_thread"] == thread:
                self._store.replace(RESPONSE, self._followed(before, run, begins, said))
            response |= {"_thread": thread, "_run": run["id"], "_from": begins, "_to": None, "_messages": None}
            response |= {"_continued": False, "_kept": values["store"]}
            self._store.add(RESPONSE, response)
            for item in items:
                self._store.add(INPUT, {**item, "created_at": response["created_at"]}, response["id"])
            latest = {"id": thread, "created_at": response["created_at"], "response": response["id"]}
            if not self._store.replace(LATEST, latest):
                self._store.add(LATEST, latest)
        return response, self._streams.open(run["id"])

    def _followed(self, before: Body, run: Mapping[str, Any], begins: int, said: int) -> Body:
        """Give a response that another comes after: what it put out is complete."""
        if before["_continued"]:  # its calls were given up
            return {**before, "_messages": said}
        continued = before["_run"] == run["id"]
        end = begins if continued else self._store.count("step", before["_run"])
        return {**before, "_to": end, "_messages": said, "_continued": continued}

    async def events(
        self, response: Mapping[str, Any], stream: Stream, include: Collection[str]
    ) -> AsyncIterator[bytes]:
        """Tell what happens to a response from its beginning to its end, as server-sent events."""
        async for event in stream.events(lambda: self.view(self._fetch(response["id"]), include)):
            yield event
        self._drop_unkept(response["id"])

    def replay(self, response: Mapping[str, Any], include: Collection[str], after: int) -> AsyncIterator[bytes]:
        """Tell a response from its beginning, and what happens to it from now on, but for the events up to `after`."""
        stream = self._streams.open(response["_run"]) if _is_open(self.view(response)) else Stream()
        return stream.events(lambda: self.view(self._fetch(response["id"]), include), after)

    async def ended(self, response: Mapping[str, Any], stream: Stream, include: Collection[str]) -> Body:
        """Wait for the end of a response and give it; raises WireError 503 where this process will not see it."""
        await stream.ended()
        whole = self.view(self._fetch(response["id"]), include)
        self._drop_unkept(response["id"])
        return whole

    def must_fetch(self, id: str) -> Body:
        """Read a response as it is stored; raises WireError 404, also for one that was not to be kept."""
        response = self._fetch(id)
        if not response["_kept"]:
            raise _not_found(id)
        return response

    def _fetch(self, id: str) -> Body:
        response = self._store.fetch(RESPONSE, id)
        if response is None:
            raise _not_found(id)
        return response

    def find(self, id: str) -> Body | None:
        """Read a response as a conversation knows it, deleted or not; None where nothing is left of it."""
        return self._store.fetch(RESPONSE, id)

    def view(self, response: Mapping[str, Any], include: Collection[str] = ()) -> Body:
        """Give a response as clients see it, with what is told only where it is asked for (`include`)."""
        run = self._store.fetch("run", response["_run"], response["_thread"]) or {
            "status": "cancelled",
            "completed_at": None,
        }
        steps = self._steps(response)
        status = _STATUSES.get(run["status"], run["status"])
        if response["_continued"]:
            status = "completed"
        elif status == "queued" and not response["background"]:
            status = "in_progress"
        ended = status not in ("queued", "in_progress")
        over = run["status"] == "completed" and not response["_continued"]
        at = run["completed_at"] if over or not steps else steps[-1]["created_at"]
        return {
            **{key: value for key, value in response.items() if not key.startswith("_")},
            "status": status,
            "completed_at": at if status == "completed" else None,
            "error": _error(run) if status == "failed" else None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "output": self.output(response, include),
            "usage": _usage(steps) if ended else None,
        }

    def output(self, response: Mapping[str, Any], include: Collection[str] = ()) -> list[Body]:
        """Give the items that a response has put out so far."""
        said = self._store.fetch_page("message", response["_thread"], match={"run_id": response["_run"]}).items
        messages = {message["id"]: message for message in said}
        container = f"cntr_{response['_thread'].partition('_')[2]}"
        steps = [step for step in self._steps(response) if _is_told(step)]
        return list(output_items(steps, messages, container, include, self._file_name))

    def inputs(self, response: Mapping[str, Any]) -> list[Body]:
        """Give the items that a response was given."""
        items = self._store.fetch_page(INPUT, response["id"]).items
        return [{key: value for key, value in item.items() if key != "created_at"} for item in items]

    def cancel(self, id: str) -> Body:
        """Stop a response that is worked on in the background; raises WireError."""
        response = self.must_fetch(id)
        if not response["background"]:
            raise invalid(f"Cannot cancel response '{id}': only background responses can be cancelled.")
        if self.view(response)["status"] in ("queued", "in_progress"):
            self._engine.cancel(response["_thread"], response["_run"])
            return {**self.view(response), "status": "cancelled"}
        return self.view(response)

    def delete(self, id: str) -> None:
        """Delete a response, and with the last one of a talk all that was said in it; raises WireError 404.

        Calls that it waits with are given up. A conversation keeps what was said in it.
        """
        with self._store.transaction():
            self._drop(self.must_fetch(id))

    def _drop_unkept(self, id: str) -> None:
        """Delete a response that has been told and was not to be kept."""
        with self._store.transaction():
            response = self._store.fetch(RESPONSE, id)
            if response is not None and not response["_kept"] and response["conversation"] is None:
                self._drop(response)

    def _drop(self, response: Body) -> None:
        self.give_up(response["_thread"], response["id"])
        conversation = response["conversation"]
        if conversation is not None and self._store.fetch(CONVERSATION, conversation["id"]) is not None:
            self._store.change(RESPONSE, response["id"], lambda body: {**body, "_kept": False})
            return
        self._remove(response)
        if not self.of_thread(response["_thread"]):
            self.forget_thread(response["_thread"])

    def give_up(self, thread: str, id: str) -> None:
        """End the run of a thread that waits for outputs of calls which the response `id` made."""
        latest, run = self._store.fetch(LATEST, thread), self._unfinished(thread)
        if latest is None or latest["response"] != id or run is None or run["status"] != "requires_action":
            return
        end = self._store.count("step", run["id"])
        self._store.change(RESPONSE, id, lambda body: {**body, "_to": end, "_continued": True})
        self._engine.end(thread)

    def leave(self, conversation: str) -> None:
        """Let a deleted conversation go: its responses stay, those apart that were deleted, or not to be kept."""
        for response in self.of_thread(conversation):
            if not response["_kept"]:
                self._remove(response)
        if not self.of_thread(conversation):
            self.forget_thread(conversation)

    def forget_thread(self, thread: str) -> None:
        """Delete everything said in a thread; inside the deleting transaction."""
        self._store.remove(LATEST, thread)
        self._engine.forget_thread(thread)

    def pending(self, thread: str) -> tuple[str | None, list[str]]:
        """Give the response whose calls wait for their outputs in a thread, and the ids of those calls."""
        run, latest = self._unfinished(thread), self._store.fetch(LATEST, thread)
        return (None if latest is None else latest["response"]), _waiting(run)

    def _unfinished(self, thread: str) -> Body | None:
        lease = self._active.fetch(thread)
        return None if lease is None else self._store.fetch("run", lease.run_id, thread)

    def of_thread(self, thread: str) -> list[Body]:
        """Give the responses of a thread, oldest first."""
        return self._store.fetch_page(RESPONSE, "", match={"_thread": thread}).items

    def _remove(self, response: Mapping[str, Any]) -> None:
        self._store.remove_all(INPUT, response["id"])
        self._store.remove(RESPONSE, response["id"])

    def _check_model(self, name: str) -> None:
        if find_model(self._models, name) is None:
            names = ", ".join(sorted(model.name for model in self._models)) or "none"
            message = f"The requested model '{name}' does not exist. This server has: {names}; {how_to_add(name)}."
            raise invalid(message, param="model", code="model_not_found")

    def _before(self, id: str | None, conversation: str | None) -> Body | None:
        """Find the response that this one comes after; raises WireError 400."""
        if conversation is not None:
            latest = self._store.fetch(LATEST, conversation)
            return None if latest is None else self._store.fetch(RESPONSE, latest["response"])
        if id is None:
            return None
        before = self._store.fetch(RESPONSE, id)
        if before is None or not before["_kept"]:
            message = f"Previous response with id '{id}' not found."
            raise invalid(message, param="previous_response_id", code="previous_response_not_found")
        return before

    def _ids(self, before: Mapping[str, Any] | None) -> frozenset[str]:
        """Give the ids of what a response comes after."""
        if before is None:
            return frozenset()
        said = self._store.fetch_page("message", before["_thread"]).items
        return frozenset(item["id"] for item in (*said, *self.inputs(before), *self.output(before)))

    def _thread(self, before: Mapping[str, Any] | None, conversation: str | None) -> str:
        """Find the thread to go on in; a second way on from one response is a thread of its own."""
        if conversation is not None:
            return conversation
        if before is None:
            return new_id("thread_")
        latest = self._store.fetch(LATEST, before["_thread"])
        if before["conversation"] is None and latest is not None and latest["response"] == before["id"]:
            return str(before["_thread"])
        thread, run = before["_thread"], before["_run"]
        steps = before["_to"] if before["_to"] is not None else self._store.count("step", run)
        messages = before["_messages"] if before["_messages"] is not None else self._store.count("message", thread)
        return fork(self._store, self._active, thread, run, steps, messages, now() + WAITING_SECONDS)

    def _go_on(
        self,
        thread: str,
        values: Mapping[str, Any],
        put: Sequence[Mapping[str, Any]],
        items: Sequence[Body],
    ) -> tuple[Body, int]:
        """Begin a run, or go on with the one that waits; gives it and how many of its steps were there before."""
        run = self._unfinished(thread)
        if run is not None and run["status"] != "requires_action":
            message = "Another process is currently operating on this conversation. Please retry in a few seconds."
            raise WireError(409, message, code="conversation_locked")
        pending = _waiting(run)
        outputs = check_answered(put, items, pending)
        for item in items:
            if item["type"] == "message":
                said = new_message(thread, as_message(item))
                self._store.add("message", {**said, "id": item["id"]}, thread)
        if run is None:
            run = self._engine.create_run(thread, as_assistant(values), as_run_values(values), WAITING_SECONDS)
        else:
            steps = self._store.fetch_page("step", run["id"]).items
            change = {key: value for key, value in as_assistant(values).items() if key != "id"} | as_run_values(values)
            if change["max_completion_tokens"] is not None:
                change["max_completion_tokens"] += total_usage(steps)["completion_tokens"]
            self._store.replace("run", {**run, **change}, thread)
            given = [{"tool_call_id": call, "output": outputs[call]} for call in pending]
            run, _ = self._engine.submit(thread, run["id"], given)
        for calls in told_steps([*put, *items], outputs, pending):
            self._tell(run, calls)
        return run, self._store.count("step", run["id"])

    def _tell(self, run: Body, calls: list[Body]) -> None:
        """Put calls that the client tells of itself, with their outputs, before what the run does."""
        none = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        step = close_step(new_step(run, "tool_calls", calls, none), "completed", now())
        self._store.add("step", step, run["id"])

    def _steps(self, response: Mapping[str, Any]) -> list[Body]:
        return self._store.fetch_page("step", response["_run"]).items[response["_from"] : response["_to"]]

    @property
    def _file_name(self) -> FileName:
        return lambda id: str((self._store.fetch("file", id) or {}).get("filename") or id)


def _not_found(id: str) -> WireError:
    return WireError(404, f"Response with id '{id}' not found.")


def _is_open(view: Mapping[str, Any]) -> bool:
    return view["status"] in ("queued", "in_progress")


def _waiting(run: Mapping[str, Any] | None) -> list[str]:
    """Give the ids of the calls whose outputs a run waits for."""
    if run is None or run["status"] != "requires_action":
        return []
    return [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]


def _is_told(step: Mapping[str, Any]) -> bool:
    """Tell whether a step is an output already: a call of a function is one as soon as it is made."""
    calls = step["step_details"].get("tool_calls") or ()
    return step["status"] == "completed" or any(call["type"] == "function" for call in calls)


def _error(run: Mapping[str, Any]) -> Body:
    error = run.get("last_error")
    if error is None:
        return {"code": "server_error", "message": "The response took too long."}
    return {"code": error["code"], "message": error["message"]}


def _usage(steps: Sequence[Mapping[str, Any]]) -> Body:
    used = total_usage(steps)
    return {
        "input_tokens": used["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": used["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": used["total_tokens"],
    }
