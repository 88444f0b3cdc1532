"""`/assistants`.

An update replaces what it names: `tools` and `metadata` whole, in `tool_resources` the lists of each tool it names;
null clears a field, or puts the default back.
"""

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.bodies import CREATE_ASSISTANT, MODIFY_ASSISTANT
from orchestrator.server.objects import merged_resources, new_assistant, with_defaults
from orchestrator.server.routes.http import (
    Endpoint,
    must_change,
    must_fetch,
    read_body,
    read_page_query,
    reply,
    services,
)
from orchestrator.server.routes.resources import resolved
from orchestrator.server.store import Body
from orchestrator.server.wire import deleted, missing_object, page_envelope


async def create(request: Request) -> Response:
    """POST /assistants."""
    values = await read_body(request, CREATE_ASSISTANT)
    values["tool_resources"] = await resolved(services(request), values.get("tool_resources"))
    assistant = new_assistant(values)
    services(request).store.add("assistant", assistant)
    return reply(assistant)


async def list_all(request: Request) -> Response:
    """GET /assistants."""
    return reply(page_envelope(services(request).store.fetch_page("assistant", "", read_page_query(request))))


async def get(request: Request) -> Response:
    """GET /assistants/{assistant_id}."""
    return reply(must_fetch(services(request).store, "assistant", request.path_params["assistant_id"]))


async def modify(request: Request) -> Response:
    """POST /assistants/{assistant_id}."""
    values = await read_body(request, MODIFY_ASSISTANT)
    if values.get("tool_resources"):
        values["tool_resources"] = await resolved(services(request), values["tool_resources"])

    def edit(assistant: Body) -> Body:
        changed = {**assistant, **values}
        if changed["model"] is None:
            changed["model"] = assistant["model"]
        if "tool_resources" in values:
            changed["tool_resources"] = merged_resources(assistant["tool_resources"], values["tool_resources"])
        return with_defaults(changed)

    return reply(must_change(services(request).store, "assistant", request.path_params["assistant_id"], edit))


async def delete(request: Request) -> Response:
    """DELETE /assistants/{assistant_id}."""
    assistant_id = request.path_params["assistant_id"]
    if not services(request).store.remove("assistant", assistant_id):
        raise missing_object("assistant", assistant_id)
    return reply(deleted(assistant_id, "assistant.deleted"))


ENDPOINTS = (
    Endpoint("POST", "/assistants", create),
    Endpoint("GET", "/assistants", list_all),
    Endpoint("GET", "/assistants/{assistant_id}", get),
    Endpoint("POST", "/assistants/{assistant_id}", modify),
    Endpoint("DELETE", "/assistants/{assistant_id}", delete),
)
