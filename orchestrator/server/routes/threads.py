"""`/threads`. An update of `metadata` replaces the whole map."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.bodies import CREATE_THREAD, MODIFY_THREAD
from orchestrator.server.objects import merged_resources, new_message, new_thread
from orchestrator.server.routes.http import (
    Endpoint,
    Services,
    must_change,
    must_fetch,
    read_body,
    reply,
    services,
    with_metadata,
)
from orchestrator.server.routes.resources import attach_files, check_message, resolved
from orchestrator.server.store import Body
from orchestrator.server.wire import deleted, missing_object


async def create_thread(server: Services, values: Mapping[str, Any], path: str = "") -> Body:
    """Make a thread with its messages from a checked body; `path` is where the body stands, for errors."""
    messages = values.get("messages", [])
    for index, message in enumerate(messages):
        check_message(server, message, f"{path}messages[{index}].")
    resources = await resolved(server, values.get("tool_resources"))
    thread = new_thread({**values, "tool_resources": resources})
    with server.store.transaction():
        server.store.add("thread", thread)
        for message in messages:
            server.store.add("message", new_message(thread["id"], message), thread["id"])
    await attach_files(server, thread["id"], messages)
    return must_fetch(server.store, "thread", thread["id"])


async def create(request: Request) -> Response:
    """POST /threads."""
    return reply(await create_thread(services(request), await read_body(request, CREATE_THREAD)))


async def get(request: Request) -> Response:
    """GET /threads/{thread_id}."""
    return reply(must_fetch(services(request).store, "thread", request.path_params["thread_id"]))


async def modify(request: Request) -> Response:
    """POST /threads/{thread_id}."""
    values = await read_body(request, MODIFY_THREAD)
    given = values.get("tool_resources")
    resources = await resolved(services(request), given) if given else None

    def edit(thread: Body) -> Body:
        changed = with_metadata(values)(thread)
        if "tool_resources" not in values:
            return changed
        return {**changed, "tool_resources": merged_resources(thread["tool_resources"], resources)}

    return reply(must_change(services(request).store, "thread", request.path_params["thread_id"], edit))


async def delete(request: Request) -> Response:
    """DELETE /threads/{thread_id}."""
    thread_id, server = request.path_params["thread_id"], services(request)
    with server.store.transaction():
        if not server.store.remove("thread", thread_id):
            raise missing_object("thread", thread_id)
        server.engine.forget_thread(thread_id)
    return reply(deleted(thread_id, "thread.deleted"))


ENDPOINTS = (
    Endpoint("POST", "/threads", create),
    Endpoint("GET", "/threads/{thread_id}", get),
    Endpoint("POST", "/threads/{thread_id}", modify),
    Endpoint("DELETE", "/threads/{thread_id}", delete),
)
