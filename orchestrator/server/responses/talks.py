"""What may be done to responses: asked for, gone on from, read, cancelled, deleted.

To the engine a conversation is a thread with the conversation's id, and a response without one has a thread of its own.
A run that waits for outputs of functions is, on this wire, a response that is completed, and the next response goes on
with the same run: so models see what they see on the Assistants wire. A response therefore is a part of a run: its
steps from `_from` up to `_to`, which is open until another response comes after it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from orchestrator.server.models.interface import Model, find_model, how_to_add
from orchestrator.server.objects import new_message, new_step
from orchestrator.server.responses.items import FileName, as_message, given_item, output_items, output_text
from orchestrator.server.responses.requests import as_assistant, as_run_values, new_response
from orchestrator.server.responses.stream import Stream, Streams
from orchestrator.server.runs.engine import Engine
from orchestrator.server.runs.forking import fork
from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.runs.prompt import total_usage
from orchestrator.server.runs.transitions import close_step
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import WireError, invalid, new_id, now

RESPONSE, INPUT, LATEST = "response", "response_input", "response_latest"
"""Kinds of documents: responses, what each was given, and the latest of each thread."""
WAITING_SECONDS = 30 * 86_400
"""How long a function's output may take: responses are kept that long (API facts 3.2)."""

_STATUSES = {"requires_action": "completed", "cancelling": "in_progress", "expired": "failed"}


class Responses:
    """The responses of one store, worked on by one engine."""

    def __init__(self, store: Store, active: ActiveRuns, engine: Engine, models: Sequence[Model]) -> None:
        self._store = store
        self._active = active
        self._engine = engine
        self._models = models
        self._streams = Streams(engine)

    def create(self, values: Mapping[str, Any], conversation: str | None) -> tuple[Body, Stream]:
        """Begin a response, in a conversation that is there; gives it as stored, and what will happen to it.

        Raises WireError.
        """
        self._check_model(values["model"])
        given = values["input"]
        items = [{"type": "message", "role": "user", "content": given}] if isinstance(given, str) else given
        items = [given_item(item) for item in items]
        with self._store.transaction():
            before = self._before(values["previous_response_id"], conversation)
            thread = self._thread(before, conversation)
            response = new_response(values, conversation)
            said = self._store.count("message", thread)
            run, begins = self._go_on(thread, values, items)
            if before is not None and before["_thread"] == thread:
                continued = before["_run"] == run["id"]
                end = begins if continued else self._store.count("step", before["_run"])
                self._store.replace(RESPONSE, {**before, "_to": end, "_messages": said, "_continued": continued})
            response |= {"_thread": thread, "_run": run["id"], "_from": begins, "_to": None, "_messages": None}
            response |= {"_continued": False, "_include": values["include"], "_kept": values["store"]}
            self._store.add(RESPONSE, response)
            for item in items:
                self._store.add(INPUT, {**item, "created_at": response["created_at"]}, response["id"])
            latest = {"id": thread, "created_at": response["created_at"], "response": response["id"]}
            if not self._store.replace(LATEST, latest):
                self._store.add(LATEST, latest)
        return response, self._streams.open(run["id"])

    def events(self, response: Mapping[str, Any], stream: Stream) -> AsyncIterator[bytes]:
        """Tell what happens to a response from its beginning to its end, as server-sent events."""
        return stream.events(lambda: self.view(self.must_fetch(response["id"])), lambda: self.output(response))

    async def ended(self, response: Mapping[str, Any], stream: Stream) -> Body:
        """Wait for the end of a response and give it; raises WireError 503 where this process will not see it."""
        await stream.ended()
        return self.view(self.must_fetch(response["id"]))

    def must_fetch(self, id: str) -> Body:
        """Read a response as it is stored; raises WireError 404."""
        response = self._store.fetch(RESPONSE, id)
        if response is None:
            raise WireError(404, f"Response with id '{id}' not found.")
        return response

    def view(self, response: Mapping[str, Any]) -> Body:
        """Give a response as clients see it."""
        run = self._store.fetch("run", response["_run"], response["_thread"]) or {"status": "cancelled"}
        steps = self._steps(response)
        status = _STATUSES.get(run["status"], run["status"])
        if response["_continued"]:
            status = "completed"
        elif status == "queued" and not response["background"]:
            status = "in_progress"
        ended = status not in ("queued", "in_progress")
        return {
            **{key: value for key, value in response.items() if not key.startswith("_")},
            "status": status,
            "completed_at": run.get("completed_at") if status == "completed" else None,
            "error": _error(run) if status == "failed" else None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "output": self.output(response),
            "usage": _usage(steps) if ended else None,
        }

    def output(self, response: Mapping[str, Any]) -> list[Body]:
        """Give the items that a response has put out so far."""
        said = self._store.fetch_page("message", response["_thread"], match={"run_id": response["_run"]}).items
        messages = {message["id"]: message for message in said}
        container = f"cntr_{response['_thread'].partition('_')[2]}"
        steps = [step for step in self._steps(response) if _is_told(step)]
        return list(output_items(steps, messages, container, response["_include"], self._file_name))

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
        """Delete a response, and with the last one of a talk all that was said in it; raises WireError 404."""
        with self._store.transaction():
            response = self.must_fetch(id)
            self._remove(response)
            thread = response["_thread"]
            if response["conversation"] is None and not self.of_thread(thread):
                self.forget_thread(thread)

    def forget_thread(self, thread: str) -> None:
        """Delete everything said in a thread, its responses included; inside the deleting transaction."""
        for response in self.of_thread(thread):
            self._remove(response)
        self._store.remove(LATEST, thread)
        self._engine.forget_thread(thread)

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

    def _go_on(self, thread: str, values: Mapping[str, Any], items: Sequence[Body]) -> tuple[Body, int]:
        """Begin a run, or go on with the one that waits; gives it and how many of its steps were there before."""
        lease = self._active.fetch(thread)
        run = None if lease is None else self._store.fetch("run", lease.run_id, thread)
        if run is not None and run["status"] != "requires_action":
            message = "Another process is currently operating on this conversation. Please retry in a few seconds."
            raise WireError(409, message, code="conversation_locked")
        pending = run["required_action"]["submit_tool_outputs"]["tool_calls"] if run is not None else []
        outputs = check_answered(items, [call["id"] for call in pending])
        for item in items:
            if item["type"] == "message":
                said = new_message(thread, as_message(item))
                self._store.add("message", {**said, "id": item["id"]}, thread)
        if run is None:
            run = self._engine.create_run(thread, as_assistant(values), as_run_values(values), WAITING_SECONDS)
            self._tell_calls(run, items, outputs)
            return run, self._store.count("step", run["id"])
        steps = self._store.fetch_page("step", run["id"]).items
        change = {key: value for key, value in as_assistant(values).items() if key != "id"} | as_run_values(values)
        if change["max_completion_tokens"] is not None:
            change["max_completion_tokens"] += total_usage(steps)["completion_tokens"]
        self._store.replace("run", {**run, **change}, thread)
        given = [{"tool_call_id": call["id"], "output": outputs[call["id"]]} for call in pending]
        run, _ = self._engine.submit(thread, run["id"], given)
        return run, len(steps)

    def _tell_calls(self, run: Body, items: Sequence[Body], outputs: Mapping[str, str]) -> None:
        """Put calls that the client tells of itself, with their outputs, before what the run does."""
        calls = [
            {
                "id": item["call_id"],
                "type": "function",
                "function": {**{key: item[key] for key in ("name", "arguments")}, "output": outputs[item["call_id"]]},
            }
            for item in items
            if item["type"] == "function_call"
        ]
        if calls:
            none = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
            step = close_step(new_step(run, "tool_calls", calls, none), "completed", now())
            self._store.add("step", step, run["id"])

    def _steps(self, response: Mapping[str, Any]) -> list[Body]:
        return self._store.fetch_page("step", response["_run"]).items[response["_from"] : response["_to"]]

    @property
    def _file_name(self) -> FileName:
        return lambda id: str((self._store.fetch("file", id) or {}).get("filename") or id)


def check_answered(items: Sequence[Mapping[str, Any]], pending: Sequence[str]) -> dict[str, str]:
    """Give the outputs by call; raises WireError 400 for a call without one, and for one without its call."""
    told = [item["call_id"] for item in items if item["type"] == "function_call"]
    outputs = {item["call_id"]: output_text(item["output"]) for item in items if item["type"] == "function_call_output"}
    for call in (*pending, *told):
        if call not in outputs:
            raise invalid(f"No tool output found for function call {call}.", param="input")
    for call in outputs:
        if call not in told and call not in pending:
            raise invalid(f"No tool call found for function call output with call_id {call}.", param="input")
    return outputs


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
