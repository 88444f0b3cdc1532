"""`/threads/{thread_id}/runs` and `/threads/runs`, as one reply or as a stream of events."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orchestrator.server.bodies import CREATE_RUN, CREATE_THREAD_AND_RUN, MODIFY_METADATA, SUBMIT_TOOL_OUTPUTS
from orchestrator.server.objects import visible_step
from orchestrator.server.routes.http import (
    Endpoint,
    must_change,
    must_fetch,
    read_body,
    read_page_query,
    reply,
    services,
    with_metadata,
)
from orchestrator.server.routes.resources import attach_files, check_ids, check_message
from orchestrator.server.routes.threads import create_thread
from orchestrator.server.runs.events import Event
from orchestrator.server.runs.transitions import STREAM_ENDS
from orchestrator.server.store import Body
from orchestrator.server.wire import page_envelope


async def create(request: Request) -> Response:
    """POST /threads/{thread_id}/runs."""
    thread_id, server = request.path_params["thread_id"], services(request)
    values = await read_body(request, CREATE_RUN)
    must_fetch(server.store, "thread", thread_id)
    assistant = must_fetch(server.store, "assistant", values["assistant_id"])
    for index, message in enumerate(values["additional_messages"]):
        check_message(server, message, f"additional_messages[{index}].")
    server.engine.check_free(thread_id)
    await attach_files(server, thread_id, values["additional_messages"])
    run = server.engine.create_run(thread_id, assistant, values)
    return _answer(request, run, _begun(run), stream=values["stream"])


async def create_with_thread(request: Request) -> Response:
    """POST /threads/runs."""
    server = services(request)
    values = await read_body(request, CREATE_THREAD_AND_RUN)
    assistant = must_fetch(server.store, "assistant", values["assistant_id"])
    check_ids(server, values.get("tool_resources") or {})
    thread = await create_thread(server, values.get("thread") or {}, "thread.")
    run = server.engine.create_run(thread["id"], assistant, values)
    return _answer(request, run, [Event("thread.created", thread), *_begun(run)], stream=values["stream"])


async def submit_tool_outputs(request: Request) -> Response:
    """POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs."""
    values = await read_body(request, SUBMIT_TOOL_OUTPUTS)
    thread_id, run_id = request.path_params["thread_id"], request.path_params["run_id"]
    run, step = services(request).engine.submit(thread_id, run_id, values["tool_outputs"])
    done = Event("thread.run.step.completed", visible_step(step, with_content=False))
    return _answer(request, run, [done, Event("thread.run.queued", run)], stream=values["stream"])


def _begun(run: Body) -> list[Event]:
    return [Event("thread.run.created", run), Event("thread.run.queued", run)]


def _answer(request: Request, run: Body, before: Sequence[Event], *, stream: bool) -> Response:
    """Reply with the run, or with the events so far and those to come (its task has not begun yet)."""
    if not stream:
        return _run_reply(request, run)
    events = services(request).engine.feed.listen(run["id"], before)
    return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-cache"})


def _run_reply(request: Request, run: Body) -> Response:
    """Reply with a run, telling a client that polls when to ask again."""
    polling = run["status"] not in STREAM_ENDS
    wait = {"openai-poll-after-ms": str(services(request).poll_after_ms)} if polling else None
    return reply(run, wait)


async def list_all(request: Request) -> Response:
    """GET /threads/{thread_id}/runs."""
    thread_id, store = request.path_params["thread_id"], services(request).store
    must_fetch(store, "thread", thread_id)
    return reply(page_envelope(store.fetch_page("run", thread_id, read_page_query(request))))


async def get(request: Request) -> Response:
    """GET /threads/{thread_id}/runs/{run_id}."""
    thread_id, run_id = request.path_params["thread_id"], request.path_params["run_id"]
    must_fetch(services(request).store, "thread", thread_id)
    return _run_reply(request, must_fetch(services(request).store, "run", run_id, thread_id))


async def modify(request: Request) -> Response:
    """POST /threads/{thread_id}/runs/{run_id}."""
    edit = with_metadata(await read_body(request, MODIFY_METADATA))
    thread_id, run_id = request.path_params["thread_id"], request.path_params["run_id"]
    must_fetch(services(request).store, "thread", thread_id)
    return reply(must_change(services(request).store, "run", run_id, edit, thread_id))


async def cancel(request: Request) -> Response:
    """POST /threads/{thread_id}/runs/{run_id}/cancel."""
    thread_id, run_id = request.path_params["thread_id"], request.path_params["run_id"]
    return _run_reply(request, services(request).engine.cancel(thread_id, run_id))


ENDPOINTS = (
    Endpoint("POST", "/threads/runs", create_with_thread),
    Endpoint("POST", "/threads/{thread_id}/runs", create),
    Endpoint("GET", "/threads/{thread_id}/runs", list_all),
    Endpoint("GET", "/threads/{thread_id}/runs/{run_id}", get),
    Endpoint("POST", "/threads/{thread_id}/runs/{run_id}", modify),
    Endpoint("POST", "/threads/{thread_id}/runs/{run_id}/cancel", cancel),
    Endpoint("POST", "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs", submit_tool_outputs),
)
