"""Runs from the outside: create, submit outputs, cancel; and who works on them.

Each run in progress is one asyncio task of one engine. Every second an engine renews its leases, ends what is
overdue, hears of cancellations that came in through another process, and takes over what a dead one left.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from orchestrator.server.objects import RUN_SECONDS, new_message, new_run
from orchestrator.server.runs.drive import Driver, Parts, RunLostError
from orchestrator.server.runs.events import Event, Feed
from orchestrator.server.runs.leases import LEASE_SECONDS, NOBODY, Lease
from orchestrator.server.runs.settling import settle
from orchestrator.server.runs.transitions import IllegalTransitionError, advance, close_step
from orchestrator.server.store import Body
from orchestrator.server.wire import WireError, invalid, missing_object, new_id, now

BEAT_SECONDS = 1.0
log = logging.getLogger("orch.server.engine")


class Engine:
    """Starts runs and sees them to their end. `start` it inside the event loop it is to work in, and `stop` it there.

    `run_seconds` is how long a run may take before it expires.
    """

    def __init__(self, parts: Parts, *, run_seconds: int = RUN_SECONDS, beat_seconds: float = BEAT_SECONDS) -> None:
        self._parts = parts
        self._store = parts.store
        self._active = parts.active
        self._run_seconds = run_seconds
        self._beat_seconds = beat_seconds
        self._holder = new_id("engine_")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._heart: asyncio.Task[None] | None = None

    @property
    def feed(self) -> Feed:
        """Where the events of this engine's runs can be heard."""
        return self._parts.feed

    async def start(self) -> None:
        """Begin to work, with what other engines left behind first."""
        if self._heart is None:
            self._heart = asyncio.create_task(self._beat())
            self._look_after_runs()

    async def stop(self) -> None:
        """Stop working; runs in progress are left to the next engine, which takes them over at once."""
        heart, self._heart = self._heart, None
        if heart is None:
            return
        ending = [heart, *self._tasks.values()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def create_run(
        self, thread_id: str, assistant: Mapping[str, Any], values: Mapping[str, Any], seconds: int | None = None
    ) -> Body:
        """Queue a run, adding its `additional_messages`; it may take `seconds`, or as long as this engine's runs may.

        Raises WireError 400 if the thread has an unfinished run.
        """
        self._check_started()
        with self._store.transaction():
            self.check_free(thread_id)
            for message in values.get("additional_messages", ()):
                self._store.add("message", new_message(thread_id, message), thread_id)
            run = new_run(thread_id, assistant, values, self._run_seconds if seconds is None else seconds)
            lease = Lease(thread_id, run["id"], self._holder, time.time() + LEASE_SECONDS, run["expires_at"], False)
            self._store.add("run", run, thread_id)
            self._active.open(lease)
        self._work_on(lease)
        return run

    def submit(self, thread_id: str, run_id: str, outputs: Sequence[Mapping[str, str]]) -> tuple[Body, Body]:
        """Take all outputs a run waits for and queue it again; gives the run and its finished step.

        Raises WireError 404, or 400 if the run does not wait or the outputs are not exactly those it waits for.
        """
        self._check_started()
        with self._store.transaction():
            run = self._fetch(thread_id, run_id)
            lease = self._active.fetch(thread_id)
            if run["status"] != "requires_action" or lease is None:
                raise invalid(f'Runs in status "{run["status"]}" do not accept tool outputs.')
            expected = [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]
            got = [output["tool_call_id"] for output in outputs]
            if sorted(expected) != sorted(got):
                raise invalid(f"Expected tool outputs for call_ids {expected}, got {got}")
            step = self._answer(run_id, {output["tool_call_id"]: output["output"] for output in outputs})
            run = advance(run, "queued", now())
            self._store.replace("run", run, thread_id)
            self._active.give(run_id, self._holder, time.time() + LEASE_SECONDS)
        self._work_on(lease)
        return run, step

    def _answer(self, run_id: str, outputs: Mapping[str, str]) -> Body:
        open_steps = self._store.fetch_page("step", run_id, match={"status": "in_progress"}).items
        step = close_step(open_steps[-1], "completed", now())
        calls = [
            {**call, "function": {**call["function"], "output": outputs[call["id"]]}}
            for call in step["step_details"]["tool_calls"]
        ]
        step["step_details"] = {"type": "tool_calls", "tool_calls": calls}
        self._store.replace("step", step, run_id)
        return step

    def cancel(self, thread_id: str, run_id: str) -> Body:
        """Ask a run to stop; it is cancelling in the reply and cancelled soon after. Raises WireError 404 and 400."""
        self._check_started()
        with self._store.transaction():
            run = self._fetch(thread_id, run_id)
            lease = self._active.fetch(thread_id)
            try:
                run = advance(run, "cancelling", now())
            except IllegalTransitionError as error:
                raise invalid(f"Cannot cancel run with status '{error.status}'.") from error
            self._store.replace("run", run, thread_id)
            self._active.mark_cancelling(run_id)
        self.feed.publish(run_id, Event("thread.run.cancelling", run))
        if run_id in self._tasks:
            self._tasks[run_id].cancel()
        elif lease is None or lease.holder == NOBODY:
            asyncio.get_running_loop().call_soon(partial(self._settle, thread_id, run_id, "cancelled"))
        return run

    def end(self, thread_id: str) -> None:
        """Cancel the unfinished run of a thread, if it has one, so that there is none when this returns."""
        with self._store.transaction():
            lease = self._active.fetch(thread_id)
            run = None if lease is None else self._store.fetch("run", lease.run_id, thread_id)
            if lease is None or run is None:
                return
            if run["status"] != "cancelling":
                run = advance(run, "cancelling", now())
            events = settle(self._store, self._active, run, "cancelled")
        self.feed.publish(lease.run_id, *events)
        if lease.run_id in self._tasks:
            self._tasks[lease.run_id].cancel()

    def check_free(self, thread_id: str) -> None:
        """Raise WireError 400 if the thread has an unfinished run, beside which there can be no other."""
        active = self._active.fetch(thread_id)
        if active is not None:
            raise invalid(f"Thread {thread_id} already has an active run {active.run_id}.")

    def check_idle(self, thread_id: str) -> None:
        """Raise WireError 400 if the thread has an unfinished run, during which no message may be added."""
        active = self._active.fetch(thread_id)
        if active is not None:
            raise invalid(f"Can't add messages to {thread_id} while a run {active.run_id} is active.")

    def forget_thread(self, thread_id: str) -> None:
        """Delete a thread's messages, runs and steps and stop working on them; inside the deleting transaction."""
        active = self._active.fetch(thread_id)
        if active is not None:
            self._active.close(active.run_id)
            if active.run_id in self._tasks:
                self._tasks[active.run_id].cancel()
        for run in self._store.fetch_page("run", thread_id).items:
            self._store.remove_all("step", run["id"])
        self._store.remove_all("run", thread_id)
        self._store.remove_all("message", thread_id)

    def _fetch(self, thread_id: str, run_id: str) -> Body:
        run = self._store.fetch("run", run_id, thread_id)
        if run is None:
            raise missing_object("run", run_id)
        return run

    def _check_started(self) -> None:
        if self._heart is None:
            raise WireError(503, "The server is not working on runs: it is starting or stopping.", type="server_error")

    def _work_on(self, lease: Lease) -> None:
        driver = Driver(self._parts, self._holder, lease.thread_id, lease.run_id)
        task = asyncio.create_task(driver.drive())
        self._tasks[lease.run_id] = task
        task.add_done_callback(partial(self._done, lease.thread_id, lease.run_id))

    def _done(self, thread_id: str, run_id: str, task: asyncio.Task[None]) -> None:
        """Clear up after a worker, however it ended."""
        if self._tasks.get(run_id) is not task:
            return  # somebody else has taken the run on since
        del self._tasks[run_id]
        run = self._store.fetch("run", run_id, thread_id)
        error = None if task.cancelled() else task.exception()
        if run is None:
            self.feed.break_off(run_id, "The thread of this run was deleted.")
        elif run["status"] == "cancelling":
            self._settle(thread_id, run_id, "cancelled")
        elif error is not None and not isinstance(error, RunLostError):
            log.error("run %s failed", run_id, exc_info=error)
            message = f"The server had an error while working on this run: {type(error).__name__}: {error}"
            self._settle(thread_id, run_id, "failed", ("server_error", message))
        elif task.cancelled() or error is not None:
            if self._holds(thread_id, run_id):
                self._active.give(run_id, self._holder, 0.0)  # ran out: the next engine takes it at once
            self.feed.break_off(run_id, "This server no longer works on the run; retrieve it to see how it goes on.")

    def _holds(self, thread_id: str, run_id: str) -> bool:
        lease = self._active.fetch(thread_id)
        return lease is not None and lease.run_id == run_id and lease.holder == self._holder

    def _settle(self, thread_id: str, run_id: str, status: str, error: tuple[str, str] | None = None) -> None:
        """End a run that nobody works on any more, unless it has ended by itself."""
        with self._store.transaction():
            run = self._store.fetch("run", run_id, thread_id)
            lease = self._active.fetch(thread_id)
            if run is None or lease is None or lease.run_id != run_id:
                return
            events = settle(self._store, self._active, run, status, error=error)
        self.feed.publish(run_id, *events)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                self._look_after_runs()
            except sqlite3.Error as error:  # a full disk today may have room tomorrow
                log.error("cannot look after runs: %s", error)

    def _look_after_runs(self) -> None:
        moment = time.time()
        if self._tasks:
            self._active.renew(self._holder, moment + LEASE_SECONDS)
            held = {lease.run_id: lease for lease in self._active.fetch_held(self._holder)}
            for run_id, task in list(self._tasks.items()):
                if run_id not in held or held[run_id].cancelling:
                    task.cancel()
        for lease in self._active.fetch_overdue(moment):
            self._settle(lease.thread_id, lease.run_id, "expired")
            if lease.run_id in self._tasks:
                self._tasks[lease.run_id].cancel()
        for lease in self._active.fetch_abandoned(moment):
            self._adopt(lease)

    def _adopt(self, lease: Lease) -> None:
        with self._store.transaction():
            if self._active.fetch(lease.thread_id) != lease:
                return  # another engine was quicker
            self._active.give(lease.run_id, self._holder, time.time() + LEASE_SECONDS)
        if lease.cancelling:
            self._settle(lease.thread_id, lease.run_id, "cancelled")
        else:
            self._work_on(lease)
