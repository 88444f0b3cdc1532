"""Working on one run: ask the model, do what it says, write it down, until the run ends or waits for the client.

Every write is one transaction that first makes sure the run is still ours to write. What was only begun when a
process died is begun again by the next one: unfinished steps are dropped and the model is asked again.
"""

import asyncio
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.server.models.interface import (
    Action,
    CallFunctions,
    Failure,
    Model,
    ModelRequest,
    ModelStep,
    Reply,
    RunCode,
    Search,
    find_model,
    how_to_add,
)
from orchestrator.server.objects import new_reply, new_step, visible_step
from orchestrator.server.runs import replies, toolwork
from orchestrator.server.runs.events import Event, Feed, function_deltas, message_deltas, run_event
from orchestrator.server.runs.leases import NOBODY, ActiveRuns
from orchestrator.server.runs.prompt import (
    clipped,
    completion_tokens,
    prompt_tokens,
    read_request,
    read_tool_steps,
    total_usage,
    usage,
)
from orchestrator.server.runs.settling import settle
from orchestrator.server.runs.toolwork import Toolbox, ToolFailedError
from orchestrator.server.runs.transitions import advance, close_step
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import new_id, now

MAX_STEPS = 50  # a model that calls tools for ever is stopped


class RunLostError(Exception):
    """The run is no longer ours: cancelled, expired, deleted, or taken over by another process."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What working on runs needs."""

    store: Store
    active: ActiveRuns
    feed: Feed
    models: Sequence[Model]
    tools: Toolbox


class Driver:
    """Works on one run for `holder`, who has its lease."""

    def __init__(self, parts: Parts, holder: str, thread_id: str, run_id: str) -> None:
        self._parts = parts
        self._store = parts.store
        self._holder = holder
        self._thread_id = thread_id
        self._run_id = run_id

    async def drive(self) -> None:
        """Work until the run ends or waits; raises RunLostError."""
        run = self._begin()
        for _ in range(MAX_STEPS):
            request = read_request(self._store, run, self._parts.tools.files)
            step = await self._ask(request)
            used = usage(
                step.prompt_tokens if step.prompt_tokens is not None else prompt_tokens(request),
                step.completion_tokens if step.completion_tokens is not None else completion_tokens(step.action),
            )
            if not await self._act(run, request, step.action, used):
                return
        self._finish("failed", ("server_error", f"The model did not finish within {MAX_STEPS} steps"))

    async def _ask(self, request: ModelRequest) -> ModelStep:
        model = find_model(self._parts.models, request.model)
        if model is None:
            names = ", ".join(sorted(model.name for model in self._parts.models)) or "none"
            message = f"The model '{request.model}' does not exist on this server (it has: {names}); "
            return ModelStep(Failure("server_error", message + how_to_add(request.model)))
        step = await model.step(request)
        await asyncio.sleep(step.delay_ms / 1000)
        return step

    async def _act(self, run: Body, request: ModelRequest, action: Action, used: dict[str, int]) -> bool:
        """Do what the model says; False if the run ended or waits."""
        refusal = toolwork.refusal(action, request, run)
        if refusal is not None:
            self._finish("failed", ("server_error", refusal))
            return False
        reason = None if isinstance(action, Failure) else self._exceeded(run, used)
        if reason == "max_prompt_tokens" or (reason is not None and not isinstance(action, Reply)):
            self._finish("incomplete", reason=reason)
            return False
        match action:
            case Failure(code=code, message=message):
                self._finish("failed", (code, message))
                return False
            case Reply(text="", cut_off=True):
                self._finish("incomplete", reason="max_completion_tokens")
                return False
            case Reply():
                self._reply(action, used)
                return False
            case CallFunctions():
                self._call(action, used)
                return False
            case RunCode() | Search():
                return await self._use_tool(run, action, used)

    def _exceeded(self, run: Body, used: dict[str, int]) -> str | None:
        """Name the token limit of the run that this step goes beyond."""
        so_far = total_usage(self._store.fetch_page("step", self._run_id).items)
        for limit, count in (("max_prompt_tokens", "prompt_tokens"), ("max_completion_tokens", "completion_tokens")):
            if run[limit] is not None and so_far[count] + used[count] > run[limit]:
                return limit
        return None

    @contextmanager
    def _writing(self) -> Iterator[Body]:
        """Open a transaction on the run; raises RunLostError if it is not ours any more."""
        with self._store.transaction():
            lease = self._parts.active.fetch(self._thread_id)
            run = self._store.fetch("run", self._run_id, self._thread_id)
            if lease is None or run is None or lease.run_id != self._run_id:
                raise RunLostError(self._run_id)
            if lease.holder != self._holder or lease.cancelling:
                raise RunLostError(self._run_id)
            yield run

    def _publish(self, *events: Event) -> None:
        self._parts.feed.publish(self._run_id, *events)

    def _publish_step(self, step: Body, *states: str) -> None:
        shown = visible_step(step, with_content=False)
        self._publish(*(Event(f"thread.run.step.{state}", shown) for state in states))

    def _begin(self) -> Body:
        with self._writing() as run:
            for step in self._store.fetch_page("step", self._run_id, match={"status": "in_progress"}).items:
                self._store.remove("step", step["id"], self._run_id)
            if run["status"] == "queued":
                run = advance(run, "in_progress", now())
                self._store.replace("run", run, self._thread_id)
        self._publish(run_event(run))
        return run

    def _finish(self, status: str, error: tuple[str, str] | None = None, reason: str | None = None) -> None:
        with self._writing() as run:
            events = settle(self._store, self._parts.active, run, status, error=error, reason=reason)
        self._publish(*events)

    def _reply(self, reply: Reply, used: dict[str, int]) -> None:
        with self._writing() as run:
            reason = self._exceeded(run, used)
            text, citations = reply.text, reply.citations
            if reason == "max_completion_tokens":
                left = (
                    run[reason] - total_usage(self._store.fetch_page("step", self._run_id).items)["completion_tokens"]
                )
                text, citations = clipped(text, left), ()
                used = usage(used["prompt_tokens"], left)
            reason = "max_completion_tokens" if reply.cut_off else reason
            made = replies.made_by(read_tool_steps(self._store, self._run_id))
            place = self._store.count("message", self._thread_id)
            message = new_reply(run, replies.content(text, citations, place, made), replies.attachments(made))
            if reason is not None:
                message.update(status="incomplete", incomplete_at=message["completed_at"], completed_at=None)
                message["incomplete_details"] = {"reason": "max_tokens"}
            begun = new_step(run, "message_creation", {"message_id": message["id"]}, used)
            step = close_step(begun, "completed", now())
            self._store.add("message", message, self._thread_id)
            self._store.add("step", step, self._run_id)
            ended = settle(self._store, self._parts.active, run, "incomplete" if reason else "completed", reason=reason)
        if self._parts.feed.has_listeners(self._run_id):
            self._publish_step({**begun, "usage": None}, "created", "in_progress")
            self._publish(*_message_events(message))
            self._publish_step(step, "completed")
        self._publish(*ended)

    def _call(self, action: CallFunctions, used: dict[str, int]) -> None:
        calls = [(new_id("call_"), {"name": call.name, "arguments": call.arguments}) for call in action.calls]
        with self._writing() as run:
            details = [{"id": id, "type": "function", "function": {**call, "output": None}} for id, call in calls]
            step = new_step(run, "tool_calls", details, used)
            wanted = [{"id": id, "type": "function", "function": call} for id, call in calls]
            action_required = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": wanted}}
            run = advance(run, "requires_action", now(), required_action=action_required)
            self._store.add("step", step, self._run_id)
            self._store.replace("run", run, self._thread_id)
            self._parts.active.give(self._run_id, NOBODY, math.inf)
        if self._parts.feed.has_listeners(self._run_id):
            self._publish_step(_without_calls(step), "created", "in_progress")
            self._publish(*function_deltas(step))
        self._publish(run_event(run))

    async def _use_tool(self, run: Body, action: RunCode | Search, used: dict[str, int]) -> bool:
        call = toolwork.begun_call(action, run)
        step = new_step(run, "tool_calls", [call], used)
        with self._writing():
            self._store.add("step", step, self._run_id)
        self._publish_step(_without_calls(step), "created", "in_progress")
        self._publish(toolwork.begun_delta(step, call))
        try:
            outcome = await self._parts.tools.use(action, run)
        except ToolFailedError as error:
            self._finish("failed", ("server_error", str(error)))
            return False
        with self._writing():
            call = outcome.finished(call, self._parts.tools.files)
            details = {"type": "tool_calls", "tool_calls": [call]}
            step = close_step({**step, "step_details": details}, "completed", now())
            self._store.replace("step", step, self._run_id)
        self._publish(*toolwork.finished_deltas(step, call))
        self._publish_step(step, "completed")
        return True


def _without_calls(step: Body) -> Body:
    """Show a tool step as its stream begins: the calls follow as deltas, the usage when it is done."""
    return {**step, "step_details": {"type": "tool_calls", "tool_calls": []}, "usage": None}


def _message_events(message: Body) -> Iterator[Event]:
    fresh: Body = {"status": "in_progress", "content": [], "incomplete_details": None}
    begun = {**message, **fresh, "completed_at": None, "incomplete_at": None}
    yield Event("thread.message.created", begun)
    yield Event("thread.message.in_progress", begun)
    yield from message_deltas(message)
    yield Event(f"thread.message.{message['status']}", message)
