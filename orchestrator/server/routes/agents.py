"""`/agents`: reusable agents (API facts 1.2)."""

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.agents.bodies import CREATE_AGENT, UPDATE_AGENT
from orchestrator.server.agents.objects import new_agent, updated
from orchestrator.server.routes.agents_door import guarded
from orchestrator.server.routes.http import (
    must_change,
    must_fetch,
    read_body,
    read_page_query,
    reply,
    services,
)
from orchestrator.server.wire import deleted, missing_object, page_envelope

AGENT = "agent"


async def create(request: Request) -> Response:
    """POST /agents."""
    agent = new_agent(await read_body(request, CREATE_AGENT))
    services(request).store.add(AGENT, agent)
    return reply(agent)


async def list_all(request: Request) -> Response:
    """GET /agents."""
    return reply(page_envelope(services(request).store.fetch_page(AGENT, "", read_page_query(request))))


async def get(request: Request) -> Response:
    """GET /agents/{agent_id}."""
    return reply(must_fetch(services(request).store, AGENT, request.path_params["agent_id"]))


async def update(request: Request) -> Response:
    """POST /agents/{agent_id}."""
    values = await read_body(request, UPDATE_AGENT)
    store, id = services(request).store, request.path_params["agent_id"]
    return reply(must_change(store, AGENT, id, lambda agent: updated(agent, values)))


async def delete(request: Request) -> Response:
    """DELETE /agents/{agent_id}."""
    agent_id = request.path_params["agent_id"]
    if not services(request).store.remove(AGENT, agent_id):
        raise missing_object(AGENT, agent_id)
    return reply(deleted(agent_id, "agent.deleted"))


ENDPOINTS = (
    guarded("POST", "/agents", create),
    guarded("GET", "/agents", list_all),
    guarded("GET", "/agents/{agent_id}", get),
    guarded("POST", "/agents/{agent_id}", update),
    guarded("DELETE", "/agents/{agent_id}", delete),
)
