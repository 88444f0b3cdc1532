"""`/threads/{thread_id}/messages`."""

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.bodies import CREATE_MESSAGE, MODIFY_METADATA
from orchestrator.server.objects import new_message
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
from orchestrator.server.routes.resources import attach_files, check_message
from orchestrator.server.wire import deleted, missing_object, page_envelope


async def create(request: Request) -> Response:
    """POST /threads/{thread_id}/messages."""
    thread_id, server = request.path_params["thread_id"], services(request)
    values = await read_body(request, CREATE_MESSAGE)
    must_fetch(server.store, "thread", thread_id)
    server.engine.check_idle(thread_id)
    check_message(server, values)
    await attach_files(server, thread_id, [values])
    message = new_message(thread_id, values)
    with server.store.transaction():
        must_fetch(server.store, "thread", thread_id)
        server.engine.check_idle(thread_id)
        server.store.add("message", message, thread_id)
    return reply(message)


async def list_all(request: Request) -> Response:
    """GET /threads/{thread_id}/messages, with `run_id` those of one run."""
    thread_id, store = request.path_params["thread_id"], services(request).store
    must_fetch(store, "thread", thread_id)
    run_id = request.query_params.get("run_id")
    match = {"run_id": run_id} if run_id else None
    return reply(page_envelope(store.fetch_page("message", thread_id, read_page_query(request), match)))


async def get(request: Request) -> Response:
    """GET /threads/{thread_id}/messages/{message_id}."""
    thread_id, message_id = request.path_params["thread_id"], request.path_params["message_id"]
    must_fetch(services(request).store, "thread", thread_id)
    return reply(must_fetch(services(request).store, "message", message_id, thread_id))


async def modify(request: Request) -> Response:
    """POST /threads/{thread_id}/messages/{message_id}."""
    thread_id, message_id = request.path_params["thread_id"], request.path_params["message_id"]
    edit = with_metadata(await read_body(request, MODIFY_METADATA))
    must_fetch(services(request).store, "thread", thread_id)
    return reply(must_change(services(request).store, "message", message_id, edit, thread_id))


async def delete(request: Request) -> Response:
    """DELETE /threads/{thread_id}/messages/{message_id}."""
    thread_id, message_id = request.path_params["thread_id"], request.path_params["message_id"]
    must_fetch(services(request).store, "thread", thread_id)
    if not services(request).store.remove("message", message_id, thread_id):
        raise missing_object("message", message_id)
    return reply(deleted(message_id, "thread.message.deleted"))


ENDPOINTS = (
    Endpoint("POST", "/threads/{thread_id}/messages", create),
    Endpoint("GET", "/threads/{thread_id}/messages", list_all),
    Endpoint("GET", "/threads/{thread_id}/messages/{message_id}", get),
    Endpoint("POST", "/threads/{thread_id}/messages/{message_id}", modify),
    Endpoint("DELETE", "/threads/{thread_id}/messages/{message_id}", delete),
)
