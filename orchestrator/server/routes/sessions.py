"""`/agents/sessions` with their events, items and turns (API facts 1.6)."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orchestrator.server.agents.bodies import CREATE_SESSION, EVENTS, UPDATE_SESSION
from orchestrator.server.agents.sessions import must_fetch_turn
from orchestrator.server.agents.turns import SESSION, items_page, run_id, turn_of
from orchestrator.server.routes.agents import AGENT
from orchestrator.server.routes.agents_door import guarded
from orchestrator.server.routes.http import Endpoint, read_body, read_page_query, reply, services
from orchestrator.server.store import Body, Store
from orchestrator.server.wire import deleted, invalid, list_envelope, missing_object, page_envelope


async def create(request: Request) -> Response:
    """POST /agents/sessions."""
    server = services(request)
    values = await read_body(request, CREATE_SESSION)
    agent = _saved_agent(server.store, values["agent_id"]) if values.get("agent_id") else None
    session, stream = server.sessions.create(values, agent)
    return _events(stream) if stream is not None else reply(session)


def _events(stream: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-cache"})


def _saved_agent(store: Store, agent_id: str) -> Body:
    agent = store.fetch(AGENT, agent_id)
    if agent is None:
        inline = store.fetch_page(SESSION, "", match={"agent.id": agent_id}).items
        if any(not session["agent_saved"] for session in inline):
            message = f"The agent '{agent_id}' belongs to one session and cannot be used by another."
            raise invalid(message, param="agent_id", code="agent_not_persisted")
        raise missing_object(AGENT, agent_id)
    return agent


async def list_all(request: Request) -> Response:
    """GET /agents/sessions, with `agent_id` and `metadata[KEY]` those that match."""
    server = services(request)
    page = server.store.fetch_page(SESSION, "", read_page_query(request), _filters(request))
    return reply(list_envelope([server.sessions.view(session) for session in page.items], page.has_more))


def _filters(request: Request) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for name, value in request.query_params.items():
        if name == "agent_id":
            wanted["agent.id"] = value
        elif name.startswith("metadata[") and name.endswith("]"):
            key = name.removeprefix("metadata[")[:-1]
            if not key or '"' in key:
                raise invalid(f"Invalid '{name}': no metadata key is called so.", param="metadata")
            wanted[f'metadata."{key}"'] = value
    return wanted


async def get(request: Request) -> Response:
    """GET /agents/sessions/{session_id}."""
    sessions = services(request).sessions
    return reply(sessions.view(sessions.must_fetch(request.path_params["session_id"])))


async def update(request: Request) -> Response:
    """POST /agents/sessions/{session_id}."""
    values = await read_body(request, UPDATE_SESSION)
    return reply(services(request).sessions.update(request.path_params["session_id"], values))


async def delete(request: Request) -> Response:
    """DELETE /agents/sessions/{session_id}."""
    session_id = request.path_params["session_id"]
    services(request).sessions.delete(session_id)
    return reply(deleted(session_id, "agent.session.deleted"))


async def submit(request: Request) -> Response:
    """POST /agents/sessions/{session_id}/events: 202 says that the input was taken."""
    values = await read_body(request, EVENTS)
    key = request.headers.get("idempotency-key") or None
    services(request).sessions.submit(request.path_params["session_id"], values["events"], key)
    return Response(status_code=202)


async def listen(request: Request) -> Response:
    """GET /agents/sessions/{session_id}/events: what happens from now on."""
    return _events(services(request).sessions.listen(request.path_params["session_id"]))


async def items(request: Request) -> Response:
    """GET /agents/sessions/{session_id}/items."""
    server, session_id = services(request), request.path_params["session_id"]
    server.sessions.must_fetch(session_id)
    return reply(page_envelope(items_page(server.store, session_id, read_page_query(request))))


async def turns(request: Request) -> Response:
    """GET /agents/sessions/{session_id}/turns."""
    server, session_id = services(request), request.path_params["session_id"]
    server.sessions.must_fetch(session_id)
    query = read_page_query(request)
    after, before = (cursor and run_id(cursor) for cursor in (query.after, query.before))
    runs = server.store.fetch_page("run", session_id, query._replace(after=after, before=before))
    return reply(list_envelope([turn_of(run) for run in runs.items], runs.has_more))


async def get_turn(request: Request) -> Response:
    """GET /agents/sessions/{session_id}/turns/{turn_id}."""
    server, session_id = services(request), request.path_params["session_id"]
    server.sessions.must_fetch(session_id)
    return reply(must_fetch_turn(server.store, session_id, request.path_params["turn_id"]))


async def nothing(request: Request) -> Response:
    """GET /agents/sessions/{session_id}/...: a list of what sessions without an environment never have."""
    services(request).sessions.must_fetch(request.path_params["session_id"])
    return reply(list_envelope([], has_more=False))


_ONE = "/agents/sessions/{session_id}"
ENDPOINTS: tuple[Endpoint, ...] = (
    guarded("POST", "/agents/sessions", create),
    guarded("GET", "/agents/sessions", list_all),
    guarded("GET", _ONE, get),
    guarded("POST", _ONE, update),
    guarded("DELETE", _ONE, delete),
    guarded("POST", f"{_ONE}/events", submit),
    guarded("GET", f"{_ONE}/events", listen),
    guarded("GET", f"{_ONE}/items", items),
    guarded("GET", f"{_ONE}/turns", turns),
    guarded("GET", f"{_ONE}/turns/{{turn_id}}", get_turn),
    *(guarded("GET", f"{_ONE}/{what}", nothing) for what in ("artifacts", "subagents", "traces")),
)
